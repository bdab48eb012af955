"""The service on a Ray cluster: the nodes of tasks, and the loss of its processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.ray_cluster import ONE_TRY, Cluster, Member
from tests.support.services import (
    ENDLESS,
    SECONDS,
    TOO_LARGE,
    Service,
    alive,
    at_work,
    children,
    command,
    slot_pids,
    until,
)

pytestmark = pytest.mark.xdist_group("ray")  # all that use a Ray cluster share one

Start = Callable[..., Service]
HEAD_MB, NODE_MB = 1024, 2048

# In single precision 1 GiB: more than the head has, and more than half of the other node.
LARGE = (
    'OPENQASM 3.0; include "stdgates.inc"; qubit[27] q; bit[2] c; '
    + "".join(f"rx(0.{k + 1}) q[{k}]; cx q[{k}], q[{(k + 7) % 27}];" for k in range(27))
    + "c[0] = measure q[0]; c[1] = measure q[1];"
)


class Site:
    """A cluster of a small head and a larger node, with a service on it."""

    def __init__(self, folder: Path) -> None:
        self.cluster = Cluster(cores=1, memory_mb=HEAD_MB).start()
        self.node = self.join()
        self.service = Service(folder, executor="ray", ray_address=self.cluster.address)

    def join(self) -> Member:
        return self.cluster.join(cores=2, memory_mb=NODE_MB)

    @property
    def slots(self) -> int:
        answer: int = httpx.get(f"{self.service.worker_url}/health").json()["slots"]
        return answer

    def whole(self) -> "Site":
        """Wait until every slot is ready."""
        until(lambda: self.slots == 3, 200, self.service.logs)
        return self

    def bridge(self) -> int:
        [pid] = [p for p in children(self.service.worker.pid) if "worker.ray.driver" in command(p)]
        return pid

    def log(self) -> str:
        return self.service.worker.log.read_text()

    def endless(self) -> str:
        """Run a task on both slots of the larger node."""
        task = self.service.submit(ENDLESS, engine="lightning")
        self.at_work()
        return task

    def at_work(self) -> int:
        """Wait until the larger node computes; return the process id of the slot."""
        return at_work(lambda: slot_pids(self.node))[0]

    def cancel(self, task: str) -> None:
        self.service.http.post(f"/tasks/{task}/cancel")

    def stop(self) -> None:
        self.service.stop()
        self.cluster.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    running = Site(tmp_path_factory.mktemp("site"))
    with pytest.MonkeyPatch.context() as environment:
        for name, value in running.cluster.access.items():
            environment.setenv(name, value)
        running.service.start()
    yield running
    running.stop()


@pytest.fixture
def site(shared: Site) -> Site:
    """Return the site with all slots ready; a test that breaks it repairs it."""
    return shared.whole()


def test_a_task_runs_on_a_cluster_that_knows_nothing_of_the_database(site: Site) -> None:
    body = site.service.run()
    assert (body["status"], body["attempt"]) == ("completed", 1)
    for pid in (site.bridge(), *children(site.cluster.head.pid), *children(site.node.pid)):
        assert "QUANTUMTASK_" not in Path(f"/proc/{pid}/environ").read_text(), command(pid)


def test_ray_is_loaded_only_in_the_driver_process(site: Site) -> None:
    def has_ray(pid: int) -> bool:
        return "/ray/_raylet.so" in Path(f"/proc/{pid}/maps").read_text()

    assert has_ray(site.bridge())
    assert not has_ray(site.service.worker.pid)
    assert not has_ray(site.service.api.pid)


def test_a_state_that_no_slot_holds_takes_several_slots_of_a_node_that_can(site: Site) -> None:
    before = slot_pids(site.node)
    body = site.service.run(LARGE, engine="lightning")
    assert (body["status"], body["attempt"]) == ("completed", 1)
    site.whole()
    assert set(before).isdisjoint(slot_pids(site.node))


def test_a_state_that_no_node_holds_fails_with_both_numbers(site: Site) -> None:
    task = site.service.submit(TOO_LARGE, engine="aer", method="statevector")
    body = site.service.finished(task, limit=150)  # a node that was just lost may come back
    assert (body["status"], body["error_code"]) == ("failed", "out_of_memory")
    assert "needs 16.0 TiB" in body["error"]
    assert "No node of the cluster has more than 2.0 GiB" in body["error"]


def test_a_cancelled_task_ends_on_its_node(site: Site) -> None:
    task = site.endless()
    pid = site.at_work()
    site.cancel(task)
    until(lambda: not alive(pid), 20)


def test_tasks_of_a_dead_driver_run_again(site: Site) -> None:
    task, waiting = site.endless(), site.service.submit(SECONDS)
    os.kill(site.bridge(), signal.SIGKILL)
    until(lambda: site.service.get(task)["attempt"] == 2, 60, site.service.logs)
    site.at_work()
    site.cancel(task)
    assert site.service.finished(waiting)["status"] == "completed"


def test_tasks_of_a_dead_node_wait_for_another_node(site: Site) -> None:
    task = site.endless()
    site.node.kill("raylet")
    until(lambda: site.slots == 1, 120, site.service.logs)
    site.node.end()
    site.node = site.join()
    site.at_work()
    body = site.service.get(task)
    assert (body["state"], body["attempt"]) == ("running", 1)
    site.cancel(task)


def test_tasks_wait_while_there_is_no_cluster(site: Site) -> None:
    task = site.endless()
    site.cluster.head.kill("gcs_server")
    until(lambda: site.slots == 0, 60, site.service.logs)
    waiting = [site.service.submit() for _ in range(8)]
    until(lambda: site.service.get(task)["state"] == "submitted", 30, site.service.logs)
    site.cluster.head.end()
    site.node.end()
    site.cluster.start()
    site.node = site.join()
    assert {site.service.finished(one, 120)["status"] for one in waiting} == {"completed"}
    site.at_work()
    site.cancel(task)


def test_a_worker_without_ray_says_what_to_install(tmp_path: Path) -> None:
    """Ray's folder is removed from the import path."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.machinery, sys\n"
        "class Without:\n"
        "    find_spec = staticmethod(lambda name, *_: None)\n"
        "find = importlib.machinery.PathFinder.find_spec\n"
        "importlib.machinery.PathFinder.find_spec = classmethod(\n"
        "    lambda cls, name, *more: None if name == 'ray' else find(name, *more))\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(
        [sys.executable, "-m", "quantumtask", "worker", "--data-dir", str(tmp_path)],
        env={**environment, "QUANTUMTASK_EXECUTOR": "ray"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "pip install 'quantumtask[ray]'" in done.stderr


def test_a_worker_with_a_wrong_token_logs_the_remedy(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "another")
    monkeypatch.setenv(*ONE_TRY)
    service = Service(tmp_path, executor="ray", ray_address=site.cluster.address)
    worker = service.start_worker()
    told = "is RAY_AUTH_TOKEN_PATH its token?"
    try:
        until(lambda: told in worker.log.read_text(), 90, worker.log.read_text)
    finally:
        service.stop()
