"""Contents of the processes, and the clean end of each."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import quantumtask
from tests.support.services import Service, alive, children, slot_pids, until

HEAVY = {"qiskit", "qiskit_aer", "qdk", "numpy", "scipy", "rustworkx"}


def test_the_api_process_has_no_simulator_and_no_parser_in_it(service: Service) -> None:
    if not service.processes:
        return  # running elsewhere: the image is looked at in test_containers.py
    service.run()
    maps = Path(f"/proc/{service.api.pid}/maps").read_text()
    assert "apsw" in maps
    assert [name for name in HEAVY if f"/{name}/" in maps] == []


def test_only_slots_hold_a_simulator(tmp_path: Path) -> None:
    service = Service(tmp_path, slots=1)
    service.start_api()
    service.start_worker(within=["env"])  # a new interpreter: a launched worker has simulators
    service.wait_ready()
    service.run()

    def holds_aer(pid: int) -> bool:
        return "/qiskit_aer/" in Path(f"/proc/{pid}/maps").read_text()

    slots = slot_pids(service.worker)
    assert slots
    assert all(holds_aer(pid) for pid in slots)
    assert not holds_aer(service.worker.pid)
    service.stop()


def test_importing_the_api_imports_nothing_heavy() -> None:
    code = "import json, sys, quantumtask.api.main; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    roots = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert "fastapi" in roots
    assert roots & (HEAVY | {"rich", "typer", "psycopg"}) == set()


def test_services_end_with_status_0_and_leave_nothing_running(
    start: Callable[..., Service],
) -> None:
    service = start(slots=2)
    service.run()
    below = children(service.worker.pid)
    assert service.api.stop() == 0
    assert service.worker.stop() == 0
    until(lambda: not [pid for pid in below if alive(pid)], 10)


def test_long_polls_are_answered_when_the_api_stops(
    start: Callable[..., Service],
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from tests.support.services import ENDLESS

    service = start(slots=1)
    task_id = service.submit(ENDLESS)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(service.get, task_id, 30)
        service.running(task_id)
        assert service.api.stop() == 0
        assert waiting.result(10)["status"] == "pending"


def test_logs_are_json_lines_without_circuits(service: Service) -> None:
    if not service.processes:
        return
    service.run("qubit q; secret_gate_name q;")
    for name in ("api", "worker"):
        lines = (service.folder / f"{name}.log").read_text().splitlines()
        assert lines
        assert all(json.loads(line)["service"] == name for line in lines)
        assert not any("secret_gate_name" in line for line in lines)


def test_no_thread_waits_with_a_timeout_on_a_queue_that_may_ignore_it() -> None:
    """SimpleQueue.get(timeout=...) of CPython 3.11 and 3.12 may block forever: once the lock of an
    empty queue was free and the time ran out before the next look at it. A Worker hung so."""
    sources = Path(quantumtask.__path__[0]).rglob("*.py")
    simple = [file for file in sources if "SimpleQueue()" in file.read_text()]
    assert simple
    assert [file.name for file in simple if ".get(timeout=" in file.read_text()] == []


CHILD = """
from multiprocessing import get_context
from quantumtask.worker.slots import child_process
child = get_context("forkserver").Process(target=print, args=("ran",))
child.start()
child.join()
"""


def test_a_process_that_has_started_children_ends_without_a_warning() -> None:
    """Python warns of a child without `wait`; multiprocessing waits for its own children."""
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", CHILD],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("ran\n", "")
