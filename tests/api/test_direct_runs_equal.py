"""A direct run leaves the same task, events and usage as a run through the queue."""

import json
import re
from typing import Any

from tests.support.cases import check_each
from tests.support.prometheus import scrape
from tests.support.services import BELL, Service, until

STATE = BELL.replace("c = measure q;", "")
SWEEP = BELL.replace("qubit[2] q;", "input float t; qubit[2] q;").replace("h q[0]", "ry(t) q[0]")
BODIES: dict[str, dict[str, Any]] = {
    "counts": {"seed": 1},
    "fields": {"seed": 2, "name": "π", "tags": ["b", "a"], "metadata": {"x": [1]}, "priority": -3},
    "memory": {"seed": 3, "memory": True, "shots": 20, "timeout_s": 5},
    "a sweep": {"circuit": SWEEP, "seed": 4, "parameters": {"t": [0.1, 0.2]}},
    "values": {"circuit": STATE, "seed": 5, "observables": ["ZZ", "X1"]},
    "arrays": {"circuit": STATE, "seed": 6, "return": ["statevector", "counts"]},
    "no ASCII": {"circuit": "// é 😀\n" + BELL, "seed": 9},
}
TIME = re.compile(r"(_at|_ms|_s|^at|id|_url|^worker)$")
"""Names of values that differ between two runs."""


def same(value: Any) -> Any:
    """Return a value without what differs between two runs of a task."""
    if isinstance(value, dict):
        own = {name: None if TIME.search(name) else same(each) for name, each in value.items()}
        return own | {"timeout_s": value.get("timeout_s")}
    return list(map(same, value)) if isinstance(value, list) else value


def usage(service: Service) -> dict[str, int]:
    today = {"tasks": 0, "shots": 0, "result_bytes": 0}
    for day in service.http.get("/usage").json()["usage"]:
        today = {name: total + day[name] for name, total in today.items()}
    return today


def traces(service: Service, body: dict[str, Any], *, direct: bool) -> list[Any] | None:
    """Run a task, and return what it leaves; None if it did not run as it should."""
    before, runs = usage(service), scrape(service.url)("direct_runs_total")
    wait = 30 if direct else 0.05  # shorter waits get the id at once
    answer = service.http.post("/tasks", json={"circuit": BELL, **body}, params={"wait": wait})
    task = service.finished(answer.json()["task_id"])
    if scrape(service.url)("direct_runs_total") != runs + direct:
        return None
    if direct:
        assert task == answer.json()
    path = f"/tasks/{task['task_id']}"
    events = service.http.get(f"{path}/events", headers={"accept": "text/event-stream"}).text
    lines = [line.partition(": ") for line in events.splitlines()]
    data = [same(json.loads(text)) for name, _, text in lines if name == "data"]
    others = [line for line in lines if line[0] != "data"]
    request = service.http.get(f"{path}/request").json()
    added = {name: total - before[name] for name, total in usage(service).items()}
    return [same(task), data, others, request, added]


def test_a_direct_run_leaves_what_a_run_through_the_queue_leaves(service: Service) -> None:
    def check(body: dict[str, Any]) -> None:
        both: list[Any] = []
        for direct in (True, False):
            attempts: list[Any] = []

            def has_run(direct: bool = direct, attempts: list[Any] = attempts) -> bool:
                attempts.append(traces(service, body, direct=direct))
                return attempts[-1] is not None

            until(has_run, 60, service.logs)
            both.append(attempts[-1])
        assert both[0] == both[1]
        assert both[0][4]["tasks"] == 1

    check_each(BODIES, check)
