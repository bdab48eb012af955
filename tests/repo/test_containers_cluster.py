"""The cluster of containers, where there is a Docker engine and the images that are not ours."""

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.support.containers import ROOT, compose_command, docker, engine_answers, ready
from tests.support.services import BELL, free_port, until

PROJECT = "quantumtask-test-cluster"
OTHERS = ("haproxy:3.2-alpine", "postgres:18")


def images_are_there() -> bool:
    """Return True if all images are on this machine or can be pulled from their registry."""
    for image in OTHERS:
        inspection = subprocess.run(["docker", "image", "inspect", image], capture_output=True)
        if inspection.returncode and subprocess.run(["docker", "pull", "-q", image]).returncode:
            return False
    return True


pytestmark = [
    pytest.mark.skipif(not engine_answers(), reason="no Docker engine answers"),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The proxy's address; all containers and their volumes are gone afterwards."""
    if not images_are_there():
        pytest.skip(f"no image of {' or '.join(OTHERS)} can be had")
    address = f"127.0.0.1:{free_port()}"
    file: Path = tmp_path_factory.mktemp("cluster") / "environment"
    values = {"POSTGRES_PASSWORD": uuid4().hex, "PUBLISH": address, "COMPOSE_PROFILES": "local"}
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    options = ["--env-file", str(file), "-p", PROJECT, "-f", "docker-compose.cluster.yml"]

    def run(*arguments: str) -> None:
        command = [*compose_command(), *options, *arguments]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **values}, check=True)

    run("up", "--build", "--detach")
    try:
        until(lambda: ready(f"http://{address}"), 180)
        yield f"http://{address}"
    finally:
        run("down", "--volumes")


def containers(service: str) -> list[str]:
    """The ids of those of a service."""
    labels = [f"label=com.docker.compose.project={PROJECT}"]
    labels += [f"label=com.docker.compose.service={service}"]
    return docker("ps", "-q", *(f"--filter={label}" for label in labels)).split()


def healthy(container: str) -> bool:
    return docker("inspect", "-f", "{{.State.Health.Status}}", container).strip() == "healthy"


def run_one(http: httpx.Client) -> str:
    key = {"Idempotency-Key": uuid4().hex}
    accepted = http.post("/tasks", json={"circuit": BELL}, headers=key)
    assert accepted.status_code == 200, accepted.text
    for _ in range(10):
        answer = http.get(f"/tasks/{accepted.json()['task_id']}", params={"wait": 30})
        assert answer.status_code == 200, answer.text
        if answer.json()["status"] != "pending":
            break
    return str(answer.json()["status"])


def test_clients_of_the_proxy_notice_nothing_of_an_upgrade(url: str) -> None:
    """Each container of QuantumTask restarts while clients submit circuits and read counts."""
    replicas = [*containers("api"), *containers("worker")]
    assert len(replicas) == 4
    assert httpx.get(f"{url}/tasks").status_code == 401
    token = docker("exec", replicas[0], "quantumtask", "token", "create", "test").strip()
    bearer = {"Authorization": f"Bearer {token}"}
    going = True

    def client() -> list[str]:
        ended = []
        with httpx.Client(base_url=url, headers=bearer, timeout=60) as http:
            while going:
                ended.append(run_one(http))
        return ended

    with ThreadPoolExecutor(3) as pool:
        clients = [pool.submit(client) for _ in range(3)]
        try:
            for each in replicas:
                docker("restart", "--time", "25", each)
                until(lambda each=each: healthy(each), 120)
        finally:
            going = False
    for task in clients:
        ended = task.result()
        assert len(ended) > 1
        assert set(ended) == {"completed"}


def test_the_proxy_reaches_neither_workers_nor_the_database(url: str) -> None:
    assert url
    [proxy] = containers("proxy")
    for name in ("worker:8001/health", "postgres:5432"):
        command = ["docker", "exec", proxy, "wget", "-q", "-T", "5", "-O-", f"http://{name}"]
        assert subprocess.run(command, capture_output=True).returncode != 0
    reached = docker("exec", proxy, "wget", "-q", "-T", "5", "-O-", "http://api:8000/health")
    assert '"ok"' in reached


def test_the_doctor_finds_a_worker_and_a_server_that_keeps_what_it_says(url: str) -> None:
    assert url
    for service in ("api", "worker"):
        report = docker("exec", containers(service)[0], "quantumtask", "doctor")
        assert "ok  database  PostgreSQL 18" in report
        assert "0 problem" in report
