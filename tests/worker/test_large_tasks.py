"""Tasks that are faster with the threads of all slots, or need the memory of several."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.support.services import Service, memory_mib, slot_pids, until

SETTINGS = Settings(slots=2, slot_memory_mb=300)
HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '
LARGE_MIB = 40
"""More than slots without a state differ by."""

AER = {"engine": "aer", "method": "statevector", "seed": 7, "shots": 200}


def circuit(qubits: int, gates: str) -> str:
    return f"{HEAD}qubit[{qubits}] q; bit[2] c; h q; {gates} c = measure q[0:1];"


# Predicted to take longer than a second; all gates act on few qubits, so Aer merges them.
LONG = circuit(20, "".join(f"rx(0.1) q[{k % 4}];" for k in range(900)))
LONG_ENDLESS = circuit(
    22, "".join(f"rx(0.3) q[{k % 22}]; cx q[{k % 22}], q[{(k + 7) % 22}];" for k in range(3000))
)
# A state of 256 MiB: one slot of 300 MiB is too small.
WIDE = circuit(24, "cx q[0], q[1];")
WIDE_ENDLESS = circuit(
    24, "".join(f"rx(0.3) q[{k % 24}]; cx q[{k % 24}], q[{(k + 7) % 24}];" for k in range(3000))
)


# Predicted to be tiny by its text; its state of 128 MiB needs two slots of 300 MiB.
TINY_TEXT = circuit(23, "cx q[0], q[1];")
BRANCH = "bit c; qubit q; U(1, 2, 3) q; c = measure q; if (c) U(1, 1, 1) q;"


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with two small slots, shared by the tests of this file."""
    service = Service(tmp_path_factory.mktemp("wide"), slots=2, slot_memory_mb=300)
    service.start()
    yield service
    service.stop()


def busy_slots(service: Service) -> int:
    return int(service.worker_health()["busy"])


def begin(service: Service, text: str, slots: int, **more: Any) -> str:
    """Submit a large task and wait until it occupies its slots."""
    task_id = service.submit(text, **AER, **more)
    until(lambda: busy_slots(service) == slots and at_work(service), 60, service.logs)
    return task_id


def at_work(service: Service) -> list[int]:
    """Return the processes of the worker that hold a large state."""
    memory = {pid: memory_mib(pid) for pid in slot_pids(service.worker)}
    idle = min(memory.values(), default=0.0)
    return [pid for pid, mib in memory.items() if mib > idle + LARGE_MIB]


def check_slots_are_free(service: Service) -> None:
    until(lambda: busy_slots(service) == 0 and not at_work(service), 30, service.logs)
    assert len(slot_pids(service.worker)) <= SETTINGS.slot_count
    assert service.run()["status"] == "completed"


def in_process(text: str) -> Result:
    result = execute(TaskSpec(text, **AER), SETTINGS.for_slots(2))  # type: ignore[arg-type]
    assert isinstance(result, Result)
    return result


def test_a_long_task_on_an_idle_service_has_all_threads_and_the_same_counts(wide: Service) -> None:
    body = wide.finished(wide.submit(LONG, **AER))
    assert (body["status"], body["attempt"]) == ("completed", 1)
    assert body["threads"] == SETTINGS.threads_of(2)
    assert in_process(LONG).threads is None
    assert body["result"] == json.loads(in_process(LONG).counts)
    check_slots_are_free(wide)


def test_a_short_task_has_one_slot(wide: Service) -> None:
    assert wide.finished(wide.submit(circuit(15, ""), **AER))["threads"] == SETTINGS.threads_of(1)


def test_a_task_has_the_threads_of_its_slot_while_others_wait(wide: Service) -> None:
    wide.worker.stop()
    ids = [wide.submit(LONG, **AER) for _ in range(2)]
    waiting = [wide.submit(LONG_ENDLESS, **AER) for _ in range(3)]
    wide.start_worker()
    bodies = [wide.finished(task_id) for task_id in ids]
    assert [body["threads"] for body in bodies] == [SETTINGS.threads_of(1)] * 2
    assert bodies[0]["result"] == bodies[1]["result"] == json.loads(in_process(LONG).counts)
    for task_id in waiting:
        wide.http.post(f"/tasks/{task_id}/cancel").raise_for_status()
    check_slots_are_free(wide)


def test_a_small_task_runs_beside_a_long_one_that_has_all_threads(wide: Service) -> None:
    task_id = begin(wide, LONG_ENDLESS, slots=1)
    assert wide.run()["status"] == "completed"
    assert wide.get(task_id)["state"] == "running"
    wide.http.post(f"/tasks/{task_id}/cancel")
    check_slots_are_free(wide)


def test_a_task_too_large_for_a_slot_has_the_memory_of_two(wide: Service) -> None:
    body = wide.finished(wide.submit(WIDE, **AER))
    assert (body["status"], body["attempt"]) == ("completed", 1)
    assert body["threads"] == SETTINGS.threads_of(2)
    check_slots_are_free(wide)


def test_a_task_too_large_for_all_slots_fails(wide: Service) -> None:
    body = wide.finished(wide.submit(circuit(26, ""), **AER))
    assert (body["status"], body["error_code"]) == ("failed", "out_of_memory")


def test_exact_values_have_the_memory_of_two_slots(wide: Service) -> None:
    text = f"{HEAD}qubit[21] q; h q; " + "".join(
        f"cx q[{k}], q[{k + 1}]; t q[{k}];" for k in range(20)
    )
    body = wide.finished(wide.submit(text, observables=["Z" * 21]))
    assert (body["status"], body["attempt"]) == ("completed", 1)


def test_a_task_too_large_for_a_slot_waits_until_both_are_free(wide: Service) -> None:
    first = begin(wide, LONG_ENDLESS, slots=1)
    second = wide.submit(WIDE, **AER)
    wide.running(second)
    third = wide.submit()
    wide.http.post(f"/tasks/{first}/cancel")
    assert wide.finished(second)["attempt"] == 1
    assert wide.finished(third)["status"] == "completed"


def test_a_cancelled_large_task_returns_both_slots(wide: Service) -> None:
    task_id = begin(wide, WIDE_ENDLESS, slots=2)
    wide.http.post(f"/tasks/{task_id}/cancel")
    check_slots_are_free(wide)


def test_a_large_task_that_runs_too_long_returns_both_slots(wide: Service) -> None:
    task_id = wide.submit(WIDE_ENDLESS, **AER, timeout_s=3)
    until(lambda: busy_slots(wide) == 2, 60, wide.logs)
    assert wide.finished(task_id)["error_code"] == "timeout"
    check_slots_are_free(wide)


def test_a_large_task_whose_process_dies_runs_again(wide: Service) -> None:
    task_id = begin(wide, WIDE_ENDLESS, slots=2)
    [pid] = at_work(wide)
    os.kill(pid, signal.SIGKILL)
    until(lambda: wide.get(task_id)["attempt"] == 2, 30, wide.logs)
    wide.http.post(f"/tasks/{task_id}/cancel")
    check_slots_are_free(wide)


def test_an_estimate_has_the_slots_and_threads_of_an_idle_worker(
    start: Callable[..., Service],
) -> None:
    # A service of its own: an estimate starts a process for analysis, which looks like a slot.
    service = start(slots=2, slot_memory_mb=300)
    estimates = [
        service.http.post(
            "/estimate", json={"circuit": text, "engine": "aer", "method": "statevector"}
        ).json()
        for text in (LONG, WIDE)
    ]
    assert [each["slots"] for each in estimates] == [1, 2]
    assert {each["threads"] for each in estimates} == {SETTINGS.threads_of(2)}
    engines = service.http.get("/engines").json()
    assert (engines["slots"], engines["threads"]) == (2, SETTINGS.threads_of(2))


def test_a_stopped_worker_requeues_a_large_task(start: Callable[..., Service]) -> None:
    service = start(slots=2, slot_memory_mb=300, drain_s=0.2)
    task_id = begin(service, WIDE_ENDLESS, slots=2)
    assert service.worker.stop() == 0
    assert service.get(task_id)["history"][-1]["move"] == "release"


def test_a_large_task_that_gives_way_while_it_waits_keeps_no_slots(
    start: Callable[..., Service],
) -> None:
    service = start(slots=2, slot_memory_mb=300, turn_s=0.5)
    begin(service, LONG_ENDLESS, slots=1, owner="alice", priority=1)
    service.worker.signal(signal.SIGSTOP)  # so that one claim takes both tasks
    waiting = service.submit(TINY_TEXT, **AER, owner="alice")
    other = service.submit(BRANCH, owner="bob")
    service.worker.signal(signal.SIGCONT)
    assert service.finished(other, 30)["status"] == "completed"
    moves = [each["move"] for each in service.get(waiting)["history"]]
    assert moves[:3] == ["submit", "claim", "release"]
