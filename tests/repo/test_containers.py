"""The containers, where there is a Docker engine to run them: built, healthy, and locked up."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.containers import ROOT, compose_command, docker, engine_answers, ready
from tests.support.services import BELL, free_port, until

pytestmark = [
    pytest.mark.skipif(not engine_answers(), reason="no Docker engine answers"),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The API of a fresh composition on a free port; the composition and its volume end after."""
    address = f"127.0.0.1:{free_port()}"
    environment = {**os.environ, "PUBLISH": address}
    compose = [*compose_command(), "-p", "quantumtask-test"]

    def run(*arguments: str) -> None:
        subprocess.run([*compose, *arguments], cwd=ROOT, env=environment, check=True)

    run("up", "--build", "--detach")
    try:
        until(lambda: ready(f"http://{address}"), 120)
        yield f"http://{address}"
    finally:
        run("down", "--volumes")


def inspected(service: str) -> dict[str, Any]:
    [container] = docker("ps", "-q", "--filter", f"name=quantumtask-test.{service}").split()
    found: list[dict[str, Any]] = json.loads(docker("inspect", container))
    return found[0]


def test_a_circuit_runs_in_the_containers(url: str) -> None:
    task_id = httpx.post(f"{url}/tasks", json={"circuit": BELL}).json()["task_id"]
    body = httpx.get(f"{url}/tasks/{task_id}", params={"wait": 30}, timeout=60).json()
    assert body["status"] == "completed"
    assert set(body["result"]) == {"00", "11"}


@pytest.mark.parametrize("service", ["api", "worker"])
def test_a_container_has_no_rights_it_does_not_need(url: str, service: str) -> None:
    assert url
    container = inspected(service)
    host = container["HostConfig"]
    assert container["Config"]["User"] == "quantumtask"
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    until(lambda: inspected(service)["State"]["Health"]["Status"] == "healthy", 60)


def test_the_worker_is_not_published(url: str) -> None:
    assert url
    assert not any(inspected("worker")["NetworkSettings"]["Ports"].values())


def test_the_image_of_the_api_holds_no_qiskit(url: str) -> None:
    assert url
    looking = (
        "from importlib.util import find_spec; "
        "print([m for m in ('qiskit', 'qdk', 'numpy') if find_spec(m)])"
    )
    image = inspected("api")["Config"]["Image"]
    assert docker("run", "--rm", "--entrypoint", "python", image, "-c", looking).strip() == "[]"
