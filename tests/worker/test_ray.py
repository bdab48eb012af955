"""The service on a Ray cluster: the nodes of tasks, and the loss of its processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.ray_cluster import ONE_TRY, Cluster, Member
from tests.support.services import (
    TOO_LARGE,
    Service,
    alive,
    at_work,
    children,
    command,
    parent,
    slot_pids,
    until,
)

# All that use a Ray cluster share one.
pytestmark = [pytest.mark.xdist_group("ray"), pytest.mark.slow_first]

Start = Callable[..., Service]
SLOT_MB = 352


def circuit(qubits: int, gates: int) -> str:
    """Return a circuit with so many pairs of gates."""
    pairs = (
        f"rx(0.3) q[{k % qubits}]; cx q[{k % qubits}], q[{(k + 7) % qubits}];" for k in range(gates)
    )
    text = f'OPENQASM 3.0; include "stdgates.inc"; qubit[{qubits}] q; bit[2] c; {"".join(pairs)}'
    return text + "c[0] = measure q[0]; c[1] = measure q[1];"


# Too long to end in any test: a slot remembers a circuit that has ended, and answers at once.
LONG = circuit(22, 12_000)
# In single precision 128 MiB: more than a slot has for a state, and less than two slots have.
LARGE, LARGE_LONG = circuit(24, 24), circuit(24, 6_000)


class Site:
    """A cluster of a small head and a larger node, with a service on it."""

    def __init__(self, folder: Path) -> None:
        self.cluster = Cluster(cores=1, memory_mb=SLOT_MB).start()
        self.node = self.join()
        self.service = Service(folder, executor="ray", ray_address=self.cluster.address)

    def join(self) -> Member:
        return self.cluster.join(cores=2, memory_mb=2 * SLOT_MB)

    @property
    def slots(self) -> int:
        answer: int = self.service.worker_health()["slots"]
        return answer

    def whole(self) -> "Site":
        """Wait until every slot is ready; start the larger node again if it is lost."""
        if not alive(self.node.pid):
            self.node = self.join()
        until(lambda: self.slots == 3, 200, self.service.logs)
        return self

    def check_worker(self) -> None:
        """Fail if the worker has ended, and start it again for the other tests."""
        if (status := self.service.worker.popen.poll()) is not None:
            log = self.log()[-4000:]
            self.service.start_worker()
            self.service.wait_ready()
            raise AssertionError(f"the worker has ended with status {status}\n{log}")

    def bridge(self) -> int:
        [pid] = [p for p in children(self.service.worker.pid) if "worker.ray.driver" in command(p)]
        return pid

    def log(self) -> str:
        return self.service.worker.log.read_text()

    def slot_pids(self) -> list[int]:
        return [pid for member in self.cluster.members for pid in slot_pids(member)]

    def at_work(self, *members: Member) -> int:
        """Wait until a slot, of some nodes or of all, runs a task; return its process id."""

        def of_tasks() -> list[int]:
            pids = [pid for each in members or self.cluster.members for pid in slot_pids(each)]
            # Ray shows the method of an actor, which is the parent of the fork server.
            return [pid for pid in pids if "SlotActor.run" in command(parent(parent(pid)))]

        return at_work(of_tasks)[0]

    def hold(self) -> str:
        """Run a task, and stop its slot, so that the task uses no processor and does not end."""
        task = self.service.submit(LONG, engine="lightning")
        os.kill(self.at_work(), signal.SIGSTOP)
        return task

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
def site(shared: Site) -> Iterator[Site]:
    """Give the site with all slots ready; a test that breaks it repairs it."""
    yield shared.whole()
    shared.check_worker()


def test_a_task_runs_on_a_cluster_that_knows_nothing_of_the_database(site: Site) -> None:
    body = site.service.run()
    assert (body["status"], body["attempt"]) == ("completed", 1)
    for pid in (site.bridge(), *children(site.cluster.head.pid), *children(site.node.pid)):
        variables = Path(f"/proc/{pid}/environ").read_text().split("\0")
        assert [each for each in variables if each.startswith("QUANTUMTASK_")] == [], command(pid)


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
    assert f"No node of the cluster has more than {2 * SLOT_MB}.0 MiB" in body["error"]


def test_a_cancelled_task_ends_on_its_node(site: Site) -> None:
    task = site.service.submit(LONG, engine="lightning")
    pid = site.at_work()
    site.cancel(task)
    until(lambda: not alive(pid), 20)


def test_tasks_of_a_dead_driver_run_again(site: Site) -> None:
    task = site.hold()
    for pid in site.slot_pids():
        os.kill(pid, signal.SIGSTOP)
    other = site.service.submit()
    site.service.running(other)
    os.kill(site.bridge(), signal.SIGKILL)
    until(lambda: site.service.get(task)["attempt"] == 2, 60, site.service.logs)
    site.at_work()
    site.cancel(task)
    body = site.service.finished(other)
    assert (body["status"], body["attempt"]) == ("completed", 2)


def test_tasks_of_a_dead_node_wait_for_another_node(site: Site) -> None:
    task = site.service.submit(LARGE_LONG, engine="lightning")
    until(lambda: len(slot_pids(site.node)) == 1, 60, site.service.logs)  # one in place of two
    os.kill(site.at_work(site.node), signal.SIGSTOP)
    site.node.kill("raylet")
    until(lambda: site.slots == 1, 120, site.service.logs)
    site.node.end()
    site.node = site.join()
    pid = site.at_work(site.node)
    body = site.service.get(task)
    assert (body["state"], body["attempt"]) == ("running", 1)
    site.cancel(task)
    until(lambda: not alive(pid), 20)


@pytest.mark.last
def test_tasks_wait_while_there_is_no_cluster(site: Site) -> None:
    task = site.hold()
    site.cluster.head.kill("gcs_server")
    until(lambda: site.slots == 0, 60, site.service.logs)
    waiting = [site.service.submit() for _ in range(8)]
    until(lambda: site.service.get(task)["state"] == "submitted", 30, site.service.logs)
    site.cluster.head.end()
    site.node.end()
    site.cluster.start()
    site.at_work()
    site.cancel(task)
    assert {site.service.finished(one, 120)["status"] for one in waiting} == {"completed"}


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
    assert "EXECUTOR=ray needs Ray: " in done.stderr and "[ray]'" in done.stderr


def test_a_worker_with_a_wrong_token_logs_the_remedy(
    shared: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "another")
    monkeypatch.setenv(*ONE_TRY)
    service = Service(tmp_path, executor="ray", ray_address=shared.cluster.address)
    worker = service.start_worker()
    remedy = "is RAY_AUTH_TOKEN_PATH its token?"
    try:
        until(lambda: remedy in worker.log.read_text(), 90, worker.log.read_text)
    finally:
        service.stop()
