"""The containers, where there is a Docker engine to run them: built, healthy, and locked up."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.containers import ROOT, compose_command, docker, engine_answers, ready
from tests.support.pages import page_commands
from tests.support.services import BELL, free_port, until

pytestmark = [
    pytest.mark.skipif(not engine_answers(), reason="no Docker engine answers"),
    pytest.mark.timeout(900),
]

PROJECT = "quantumtask-test"


@dataclass(frozen=True)
class Composition:
    """The containers, with a folder for the files that commands of an operator write."""

    url: str
    folder: Path
    environment: dict[str, str]

    def run(self, command: str) -> str:
        """Return the output of a command of the page, by the Compose of this machine."""
        name = " ".join(compose_command())
        text = command.replace("docker compose", name)
        if name == "docker-compose":
            text = re.sub(r" (exec|run)(?! -T)", r" \1 -T", text).replace(
                "--no-deps -T", "--no-deps"
            )
        done = subprocess.run(
            ["bash", "-c", text],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 0, command
        return done.stdout

    def client(self, token: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)

    def wait(self) -> None:
        until(lambda: ready(self.url), 120)


def page_parts() -> dict[str, list[str]]:
    """Return the commands of the page, by the heading before them."""
    commands = iter(page_commands("docs/how-to/compose.md", "console"))
    sizes = {"start": 4, "people": 3, "backup": 2, "restore": 4}
    parts = {name: [next(commands) for _ in range(size)] for name, size in sizes.items()}
    assert not list(commands)
    return parts


@pytest.fixture(scope="module")
def composition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composition]:
    """A fresh composition on a free port, without a token; it and its volume end after."""
    address = f"127.0.0.1:{free_port()}"
    environment = {
        "PUBLISH": address,
        "COMPOSE_PROJECT_NAME": PROJECT,
        "COMPOSE_FILE": str(ROOT / "docker-compose.yml"),
    }
    started = Composition(f"http://{address}", tmp_path_factory.mktemp("operator"), environment)
    try:
        yield started
    finally:
        started.run("docker compose down --volumes")


@pytest.fixture(scope="module")
def token(composition: Composition) -> str:
    """The token of the administrator, after the first part of the page."""
    build, create, up, doctor = page_parts()["start"]
    composition.run(build)
    text = composition.run(create).strip()
    composition.run(up)
    composition.wait()
    assert "0 problems" in composition.run(doctor)
    return text


def inspected(service: str) -> dict[str, Any]:
    [container] = docker("ps", "-q", "--filter", f"name={PROJECT}.{service}").split()
    containers: list[dict[str, Any]] = json.loads(docker("inspect", container))
    return containers[0]


def run_bell(http: httpx.Client) -> dict[str, Any]:
    body: dict[str, Any] = http.post("/tasks", params={"wait": 30}, json={"circuit": BELL}).json()
    assert body["status"] == "completed", body
    assert set(body["result"]) == {"00", "11"}
    return body


def test_an_operator_gives_out_tokens_and_restores_a_backup_as_the_page_says(
    composition: Composition, token: str
) -> None:
    parts = page_parts()
    assert httpx.get(f"{composition.url}/tasks").status_code == 401
    [projects] = [composition.run(command) for command in parts["people"]][-1:]
    assert "physics: each user: max_running 4" in projects.splitlines()
    lines = (composition.folder / "tokens.txt").read_text().splitlines()
    tokens = dict(line.split("\t") for line in lines)
    assert list(tokens) == ["ada", "bob", "eve"]
    with composition.client(tokens["ada"]) as ada, composition.client(token) as root:
        assert len(ada.get("/backends").json()["backends"]) > 60, "the devices of the image"
        before = run_bell(ada)
        for command in parts["backup"]:
            composition.run(command)
        after = run_bell(ada)
        for command in parts["restore"]:
            composition.run(command)
        composition.wait()
        assert root.get(f"/tasks/{before['task_id']}").json()["result"] == before["result"]
        assert root.get(f"/tasks/{after['task_id']}").status_code == 404
        run_bell(ada)


@pytest.mark.parametrize("service", ["api", "worker"])
def test_a_container_has_no_rights_it_does_not_need(token: str, service: str) -> None:
    assert token
    container = inspected(service)
    host = container["HostConfig"]
    assert container["Config"]["User"] == "quantumtask"
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    until(lambda: inspected(service)["State"]["Health"]["Status"] == "healthy", 60)


def test_the_worker_is_not_published(token: str) -> None:
    assert token
    assert not any(inspected("worker")["NetworkSettings"]["Ports"].values())


def test_the_image_of_the_api_holds_no_qiskit(token: str) -> None:
    assert token
    looking = (
        "from importlib.util import find_spec; "
        "print([m for m in ('qiskit', 'qdk', 'numpy') if find_spec(m)])"
    )
    image = inspected("api")["Config"]["Image"]
    assert docker("run", "--rm", "--entrypoint", "python", image, "-c", looking).strip() == "[]"


def test_slots_share_the_memory_of_their_container_and_its_data_are_private(token: str) -> None:
    assert token
    text = docker("exec", inspected("worker")["Id"], "quantumtask", "doctor", "--json")
    checks = {each["check"]: each for each in json.loads(text)["checks"]}
    memory = re.search(r"([\d.]+) GiB of memory", checks["slots"]["saw"])
    assert memory, checks
    assert float(memory[1]) <= 8.0, "WORKER_MEMORY of the composition, or a smaller machine"
    assert checks["files"]["level"] == "ok"
