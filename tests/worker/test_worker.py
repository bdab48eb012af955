"""The worker with real slots: hostile circuits, dead slots, stopped workers."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.support import databases
from tests.support.circuits import DECEPTIVE, SLOW_TINY
from tests.support.services import (
    ENDLESS,
    TOO_LARGE,
    Service,
    alive,
    busy,
    children,
    cpu_ticks,
    memory_mib,
    parent,
    slot_pids,
    until,
)

TICKS_OF_START = 30
"""Processor time, in ticks of 10 ms, of which the start of a slot and tiny tasks need a part."""

Start = Callable[..., Service]

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
DOUBLING = "".join(
    f"gate g{n} a {{ g{n - 1} a; g{n - 1} a; }}\n" if n else "gate g0 a { x a; }\n"
    for n in range(31)
)

HOSTILE = {
    "a thousand million qubits": "qubit[1000000000] q;",
    "gates that double thirty times": HEAD + DOUBLING + "qubit q; g30 q;",
    "a loop of a thousand million steps": HEAD + "qubit q; for int i in [0:1000000000] { x q; }",
    "a loop of a thousand million empty steps": "qubit q; for int i in [0:1000000000] { }",
    "100,000 parentheses": "qubit q; U(" + "(" * 100_000 + "1" + ")" * 100_000 + ",0,0) q;",
    "a million digits": "qubit[" + "9" * 1_000_000 + "] q;",
    "a NUL byte": "qubit q;\0",
    "a password file": 'include "/etc/passwd";',
    "an endless file": 'include "/dev/zero";',
    "semicolons": "OPENQASM 3.0;" + ";" * 200_000,
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.slow_first
def test_a_hostile_circuit_fails_within_15_s_with_a_clear_error(
    service: Service, what: str
) -> None:
    body = service.finished(service.submit(HOSTILE[what]), limit=15)
    assert body["status"] == "failed"
    assert body["error_code"] not in ("worker_crashed", "engine_error")
    assert len(body["error"]) < 500
    assert "root:" not in body["error"]
    assert service.run()["status"] == "completed"


def test_ten_megabytes_of_semicolons_fail_where_the_limit_lets_them_in(start: Start) -> None:
    service = start(slots=1, max_circuit_bytes=11_000_000, max_body_bytes=12_000_000)
    body = service.finished(service.submit("OPENQASM 3.0;" + ";" * 10_000_000), limit=15)
    assert (body["status"], body["error_code"]) == ("failed", "syntax_error")


def test_other_tasks_go_on_while_hostile_ones_fail(service: Service) -> None:
    hostile = [service.submit(circuit) for circuit in HOSTILE.values()]
    honest = [service.submit() for _ in range(20)]
    assert all(service.finished(t)["status"] == "completed" for t in honest)
    assert all(service.finished(t)["status"] == "failed" for t in hostile)


FOREVER = """OPENQASM 3.0;
include "stdgates.inc";
qubit q; bit c;
x q;
c = measure q;
while (c) { c = measure q; }
"""


def test_an_endless_loop_over_a_measured_bit_ends_by_its_timeout(start: Start) -> None:
    service = start(slots=1, max_steps=10**15)
    body = service.finished(service.submit(FOREVER, timeout_s=2), limit=15)
    assert (body["status"], body["error_code"]) == ("failed", "timeout")
    assert "2 seconds" in body["error"]
    assert body["attempt"] == 1


def test_an_endless_loop_over_a_measured_bit_ends_by_its_steps(service: Service) -> None:
    body = service.finished(service.submit(FOREVER), limit=30)
    assert (body["status"], body["error_code"]) == ("failed", "too_many_steps")
    assert body["attempt"] == 1


def test_a_circuit_over_its_time_fails_and_the_next_one_runs(start: Start) -> None:
    service = start(slots=1)
    body = service.finished(service.submit(ENDLESS, timeout_s=1), limit=15)
    assert (body["status"], body["error_code"]) == ("failed", "timeout")
    assert service.run()["status"] == "completed"


def test_cancelling_a_running_26_qubit_circuit_frees_its_memory_within_a_second(
    start: Start,
) -> None:
    service = start(slots=1)
    task_id = service.submit(ENDLESS)
    [slot] = slot_pids(service.worker)
    until(lambda: memory_mib(slot) > 450, 60, service.logs)
    assert service.http.post(f"/tasks/{task_id}/cancel").status_code == 200
    until(lambda: memory_mib(slot) == 0, 1)
    assert service.run()["status"] == "completed"


def test_a_cancellation_reaches_the_worker_without_its_doorbell(start: Start) -> None:
    service = start(slots=1)
    without_doorbell = Service(
        service.folder.parent, worker_port=1, data_dir=service.settings.data_dir
    )
    service.api.stop()
    without_doorbell.port, without_doorbell.url = service.port, service.url
    without_doorbell.environment["QUANTUMTASK_PORT"] = str(service.port)
    without_doorbell.start_api()
    service.wait_ready()
    task_id = service.submit(ENDLESS)
    service.running(task_id)
    [slot] = slot_pids(service.worker)
    service.http.post(f"/tasks/{task_id}/cancel")
    until(lambda: not os.path.exists(f"/proc/{slot}"), 5)  # noqa: PTH110
    assert service.run()["status"] == "completed"
    without_doorbell.stop()


def test_a_task_cancelled_while_its_slot_is_still_starting_never_runs(start: Start) -> None:
    service = start(slots=1)
    [slot] = slot_pids(service.worker)
    fork_server = parent(slot)
    os.kill(slot, signal.SIGKILL)
    until(lambda: not alive(slot), 10)
    os.kill(fork_server, signal.SIGSTOP)  # the next slot takes its time
    task_id = service.submit(ENDLESS)
    service.running(task_id)
    service.http.post(f"/tasks/{task_id}/cancel")
    os.kill(fork_server, signal.SIGCONT)
    assert service.finished(service.submit(), limit=30)["status"] == "completed"


def test_a_slot_that_died_while_it_was_idle_costs_no_task_an_attempt(start: Start) -> None:
    service = start(slots=1)
    for pid in slot_pids(service.worker):
        os.kill(pid, signal.SIGKILL)
        until(lambda pid=pid: not alive(pid), 10)
    body = service.run()
    assert (body["status"], body["attempt"]) == ("completed", 1)


@pytest.mark.slow_first
def test_a_slow_task_among_tiny_ones_completes_and_harms_none(start: Start) -> None:
    service = start(slots=1, poll_s=5)
    blocker = service.submit(ENDLESS)
    service.running(blocker)
    before = slot_pids(service.worker)
    ids = [service.submit(circuit) for circuit in (SLOW_TINY, DECEPTIVE, SLOW_TINY)]
    service.http.post(f"/tasks/{blocker}/cancel")

    def in_slow_task() -> list[int]:
        slots = [pid for pid in slot_pids(service.worker) if pid not in before]
        return [pid for pid in slots if alive(pid) and cpu_ticks(pid) > TICKS_OF_START]

    until(in_slow_task, 30, service.logs)
    slot = in_slow_task()[0]
    os.kill(slot, signal.SIGSTOP)  # uses the time of its chunk, and no processor
    until(lambda: '"chunk_timeout"' in service.worker.log.read_text(), 30, service.logs)
    with suppress(ProcessLookupError):  # unless the chunk had ended before, on a busy machine
        os.kill(slot, signal.SIGCONT)
    bodies = [service.finished(task_id) for task_id in ids]
    assert [body["status"] for body in bodies] == ["completed"] * 3
    assert [body["attempt"] for body in bodies] == [1, 1, 1]


def test_a_slot_that_ran_out_of_memory_is_replaced(start: Start) -> None:
    service = start(slots=1, slot_memory_mb=600)
    [before] = slot_pids(service.worker)
    body = service.run(TOO_LARGE)
    assert (body["status"], body["error_code"]) == ("failed", "out_of_memory")
    body = service.run()
    assert (body["status"], body["attempt"]) == ("completed", 1)
    assert before not in slot_pids(service.worker)


def test_a_task_whose_slot_dies_runs_again_and_completes(start: Start) -> None:
    service = start(slots=1)
    [slot] = slot_pids(service.worker)
    os.kill(slot, signal.SIGSTOP)  # so that it does not finish the task
    task_id = service.submit()
    service.dispatched(task_id)
    os.kill(slot, signal.SIGKILL)
    body = service.finished(task_id)
    assert body["status"] == "completed"
    assert body["attempt"] == 2
    assert [h["move"] for h in body["history"]] == [
        *("submit", "claim", "release", "claim", "complete")
    ]


def test_a_task_that_kills_its_slot_three_times_fails_and_harms_no_other(start: Start) -> None:
    service = start(slots=1)
    task_id = service.submit(ENDLESS)
    for attempt in (1, 2, 3):
        until(lambda n=attempt: service.get(task_id)["attempt"] == n, 120, service.logs)
        until(lambda: any(busy(pid) for pid in slot_pids(service.worker)), 120)
        for pid in slot_pids(service.worker):
            os.kill(pid, signal.SIGKILL)
    body = service.finished(task_id)
    assert (body["status"], body["error_code"]) == ("failed", "worker_crashed")
    assert body["attempt"] == 3
    assert service.run()["attempt"] == 1


@pytest.mark.slow_first
def test_when_a_chunk_dies_every_task_in_it_still_completes_at_its_first_attempt(
    start: Start,
) -> None:
    service = start(slots=1, poll_s=5)
    [slot] = slot_pids(service.worker)
    os.kill(slot, signal.SIGSTOP)  # so that the chunk does not end
    with databases.locked(service.settings):  # or the worker might be stopped with this lock
        service.worker.signal(signal.SIGSTOP)  # so that it claims all tasks at once
    ids = [service.submit(SLOW_TINY) for _ in range(8)]
    service.worker.signal(signal.SIGCONT)
    until(lambda: sum(service.get(t)["state"] == "running" for t in ids) > 1, 20, service.logs)
    with suppress(ProcessLookupError):
        os.kill(slot, signal.SIGKILL)
    bodies = [service.finished(t) for t in ids]
    assert {b["status"] for b in bodies} == {"completed"}
    assert {b["attempt"] for b in bodies} == {1}


def test_a_stopped_worker_requeues_its_tasks_and_another_runs_them(start: Start) -> None:
    service = start(slots=1, drain_s=0.5)
    running, waiting = service.submit(ENDLESS), service.submit()
    service.running(running)
    below = children(service.worker.pid)
    assert service.worker.stop() == 0
    until(lambda: not [pid for pid in below if alive(pid)], 10)
    body = service.get(running)
    assert (body["state"], body["history"][-1]["move"]) == ("submitted", "release")
    assert service.http.get("/ready").status_code == 503
    service.http.post(f"/tasks/{running}/cancel")
    service.start_worker()
    assert service.finished(waiting)["status"] == "completed"


def test_a_draining_worker_lets_a_short_task_finish(start: Start) -> None:
    service = start(slots=1, drain_s=60)
    [slot] = slot_pids(service.worker)
    os.kill(slot, signal.SIGSTOP)  # so that the task is not finished before the worker drains
    task_id = service.submit()
    service.running(task_id)
    service.worker.signal(signal.SIGTERM)
    until(lambda: "draining" in service.worker.log.read_text(), 30, service.logs)
    os.kill(slot, signal.SIGCONT)
    assert service.worker.popen.wait(30) == 0
    body = service.get(task_id)
    assert (body["status"], body["attempt"]) == ("completed", 1)


def test_a_killed_worker_leaves_no_process_behind_and_loses_no_task(start: Start) -> None:
    service = start(slots=2, lease_s=1, renew_s=0.3)
    task_id = service.submit(ENDLESS)
    service.running(task_id)
    below = children(service.worker.pid)
    assert len(below) >= 3
    service.worker.kill()
    until(lambda: not [pid for pid in below if alive(pid)], 10)
    service.start_worker()
    until(lambda: service.get(task_id)["attempt"] == 2, 30, service.logs)
    service.http.post(f"/tasks/{task_id}/cancel")
    assert service.run()["status"] == "completed"


def test_large_tasks_that_wait_fill_every_slot_at_once(start: Start) -> None:
    service = start(slots=4, poll_s=60)
    service.worker.stop()
    ids = [service.submit(ENDLESS) for _ in range(4)]
    service.start_worker()
    until(lambda: service.try_get("/ready") == 200, 30, service.logs)
    # Not one of them now, and the others when something is written or at the next poll.
    until(lambda: service.worker_health()["busy"] == 4, 30, service.logs)
    assert [service.get(task_id)["state"] for task_id in ids] == ["running"] * 4


def test_the_doorbell_only_wakes_the_worker(start: Start) -> None:
    service = start(slots=1)
    for task_id in ("unknown", "", "x" * 1000):
        answer = service.worker_http.post("/execute", json={"task_id": task_id})
        assert (answer.status_code, answer.json()) == (200, {"accepted": True})
    task_id = service.submit()
    for _ in range(20):
        service.worker_http.post("/execute", json={"task_id": task_id})
    body = service.finished(task_id)
    assert [h["move"] for h in body["history"]] == ["submit", "claim", "complete"]
    health = service.worker_health()
    assert (health["status"], health["slots"]) == ("ok", 1)


def test_two_workers_share_one_queue(start: Start) -> None:
    service = start(slots=1)
    second = service.start_worker(worker_port=0)
    workers: set[str] = set()

    def both_have_run_some() -> bool:
        bodies = [service.finished(t) for t in [service.submit(SLOW_TINY) for _ in range(20)]]
        assert {(b["status"], b["attempt"]) for b in bodies} == {("completed", 1)}
        workers.update(b["history"][-1]["worker"] for b in bodies)
        return len(workers) == 2

    until(both_have_run_some, 60, service.logs)
    assert second.stop() == 0
