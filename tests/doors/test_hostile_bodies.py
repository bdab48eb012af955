"""Hostile bodies at every door: each is refused in the form of its protocol, others go on."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import httpx
import pytest

from tests.doors.hostile_bodies import LARGE_BODIES, jobs_of, mutations, raw_bodies
from tests.doors.protocols import DOORS, ROUTES, path_of
from tests.support.services import BELL, TLS, Service, memory_mib
from tests.support.sizes import sized

pytestmark = pytest.mark.slow_first

MAX_MIB = 512
"""Memory of the API that no body may reach."""
MAX_ANSWER_BYTES = 1500
REFUSALS = (400, 404, 413, 415)
WRITES = [(door, route) for door, route in ROUTES if route.method != "GET"]
JOB_PATHS = {jobs_of(door.name)[0][0] for door in DOORS}
JOB_WRITES = [(door, route) for door, route in WRITES if path_of(door, route) in JOB_PATHS]
"""A call of each door, for the bodies that take the most time: the doors share their limits."""


@contextmanager
def bells_of_another_client(service: Service) -> Iterator[None]:
    """Run Bell pairs meanwhile; each must complete, and one must at least."""
    end = Event()

    def run() -> int:
        count = 0
        with httpx.Client(base_url=service.url, timeout=60, verify=TLS) as http:
            while not end.is_set() or not count:
                answer = http.post("/tasks?wait=30", json={"circuit": BELL, "shots": 10})
                assert answer.json()["status"] == "completed", answer.text
                count += 1
                end.wait(0.05)
        return count

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        try:
            yield
        finally:
            end.set()
        assert running.result() > 0


def fault(answer: httpx.Response) -> str:
    """Return the answer if it is not as an error of a door must be, else ''."""
    in_form = answer.headers.get("content-type") != "application/problem+json"
    short = len(answer.content) <= MAX_ANSWER_BYTES
    good = answer.status_code in REFUSALS and in_form and short
    return "" if good else f"{answer.status_code} {answer.text[:200]}"


def test_no_body_harms_a_call_of_a_door_or_another_client(service: Service) -> None:
    failures = []
    without = {  # some read no body
        route: service.http.request(route.method, path_of(door, route)).status_code
        for door, route in WRITES
    }
    with bells_of_another_client(service):
        for name, body, headers in raw_bodies():
            for door, route in sized(JOB_WRITES, WRITES) if name in LARGE_BODIES else WRITES:
                path = path_of(door, route)
                answer = service.http.request(route.method, path, content=body, headers=headers)
                unread = answer.status_code == without[route] < 400
                if not unread and (about := fault(answer)):
                    failures.append(f"{door.name} {route.method} {route.path}, {name}: {about}")
    assert failures == []
    assert memory_mib(service.processes[0].popen.pid) < MAX_MIB


def test_a_wrong_value_in_any_place_of_a_job_is_refused_or_a_job(service: Service) -> None:
    failures, statuses = [], set()
    with bells_of_another_client(service):
        for door in DOORS:
            for path, body in jobs_of(door.name):
                for name, content in mutations(body, seed=7, per_place=sized(4, 18)):
                    answer = service.http.post(path, content=content)
                    statuses.add(answer.status_code)
                    if answer.status_code >= 300 and (about := fault(answer)):
                        failures.append(f"{path}, {name}: {about}")
    assert failures == []
    assert {201, 400} <= statuses
