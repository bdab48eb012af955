"""Limits, and a database that cannot be written: refused with a clear error, nothing lost."""

import json
import os
import resource
import signal
import socket
import struct
import threading
import uuid
from collections.abc import Callable

import apsw
import pytest

from quantumtask.shared.settings import Settings
from tests.support.cases import check_each
from tests.support.services import BELL, ENDLESS, TOO_LARGE, Service, slot_pids, until
from tests.support.sizes import sized

Start = Callable[..., Service]


def test_a_full_queue_is_429_with_retry_after_and_takes_more_when_there_is_room(
    start: Start,
) -> None:
    service = start(slots=1, max_waiting_tasks=3)
    running = service.submit(ENDLESS)
    service.running(running)
    waiting = [service.submit() for _ in range(3)]
    refused = service.http.post("/tasks", json={"circuit": BELL})
    assert refused.status_code == 429
    assert refused.json()["code"] == "queue_full"
    assert int(refused.headers["Retry-After"]) > 0
    service.http.post(f"/tasks/{running}/cancel")
    assert all(service.finished(t)["status"] == "completed" for t in waiting)
    assert service.run()["status"] == "completed"


def test_a_locked_database_is_503_with_retry_after_and_recovers_by_itself(start: Start) -> None:
    service = start(slots=1, busy_timeout_s=0.3)
    other = apsw.Connection(str(service.settings.database_file))
    other.set_busy_timeout(30_000)  # somebody may be writing now
    other.execute("BEGIN IMMEDIATE")
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    refused = service.http.post("/tasks", json={"circuit": BELL}, headers=headers)
    assert refused.status_code == 503
    assert refused.json()["code"] == "store_unavailable"
    assert int(refused.headers["Retry-After"]) > 0
    assert str(service.folder) not in refused.text
    assert service.http.get("/health").status_code == 200
    assert service.http.get("/ready").status_code == 503
    other.execute("ROLLBACK")
    other.close()
    accepted = service.http.post("/tasks", json={"circuit": BELL}, headers=headers)
    assert accepted.status_code == 200
    assert len(service.http.get("/tasks").json()["tasks"]) == 1
    assert service.finished(accepted.json()["task_id"])["status"] == "completed"


def test_results_survive_a_database_that_is_locked_while_they_come_in(start: Start) -> None:
    service = start(slots=1, busy_timeout_s=0.2, lease_s=60)
    [slot] = slot_pids(service.worker)
    os.kill(slot, signal.SIGSTOP)
    task_id = service.submit()
    service.running(task_id)
    other = apsw.Connection(str(service.settings.database_file))
    other.set_busy_timeout(30_000)  # somebody may be writing now
    other.execute("BEGIN IMMEDIATE")
    os.kill(slot, signal.SIGCONT)
    until(lambda: "store unavailable" in (service.folder / "worker.log").read_text(), 30)
    other.execute("ROLLBACK")
    other.close()
    body = service.finished(task_id)
    assert (body["status"], body["attempt"]) == ("completed", 1)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux's prlimit")
def test_a_full_disk_is_503_and_recovers_by_itself(start: Start) -> None:
    service = start(slots=1)
    before = service.run()
    # A file size limit on the API is a disk that is full for it alone, and that can be emptied.
    pid, free = service.api.pid, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    # Nearly full: one more row has room, a circuit has not.
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (2**20 - 1, resource.RLIM_INFINITY))
    ready = service.http.get("/ready")
    assert (ready.status_code, ready.json()["reason"]) == (503, "the disk is full")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    body = {"circuit": BELL + "//" + "x" * 500_000}
    refused = service.http.post("/tasks", json=body)
    assert refused.status_code == 503
    assert refused.json()["code"] == "store_unavailable"
    assert "Retry-After" in refused.headers
    assert service.http.get("/ready").json()["database"] is False
    assert service.get(before["task_id"])["status"] == "completed"
    resource.prlimit(pid, resource.RLIMIT_FSIZE, free)
    assert service.http.get("/ready").json()["reason"] is None
    assert service.run(body["circuit"])["status"] == "completed"
    assert len(service.http.get("/tasks").json()["tasks"]) == 2


@pytest.mark.parametrize("ending", ["", "-wal"])
@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_accepted_into_a_file_that_was_removed(
    start: Start, ending: str, replaced: bool
) -> None:
    service = start(slots=1)
    before = service.run()
    file = service.settings.database_file
    part = file.with_name(file.name + ending)
    elsewhere = part.rename(part.with_name("elsewhere"))
    if replaced:
        part.write_bytes(elsewhere.read_bytes())
    for _ in range(2):
        refused = service.http.post("/tasks", json={"circuit": BELL})
        assert (refused.status_code, refused.json()["code"]) == (503, "store_unavailable")
        assert "was removed or replaced" in refused.json()["detail"]
        ready = service.http.get("/ready")
        assert (ready.status_code, ready.json()["database"]) == (503, False)
        assert "was removed or replaced" in ready.json()["reason"]
    assert service.http.get("/health").status_code == 200
    elsewhere.replace(part)
    assert service.run()["status"] == "completed"
    assert service.get(before["task_id"])["status"] == "completed"
    assert len(service.http.get("/tasks").json()["tasks"]) == 2


def test_a_circuit_too_large_for_a_slot_is_told_both_numbers_without_running(
    start: Start,
) -> None:
    service = start(slots=1, slot_memory_mb=512)
    body = service.run(TOO_LARGE)
    assert (body["status"], body["error_code"]) == ("failed", "out_of_memory")
    assert "16.0 TiB" in body["error"]
    assert "256.0 MiB" in body["error"]
    assert body["attempt"] == 1
    assert service.run()["status"] == "completed"


def test_a_text_of_100_000_gates_runs_while_others_are_answered(service: Service) -> None:
    turns = "".join(f"rz({k}.0123456789) q[{k % 2}];\n" for k in range(1, 100_000))
    circuit = (
        'include "stdgates.inc";\nqubit[2] q;\nbit[2] c;\nx q[1];\n' + turns + "c = measure q;"
    )
    assert len(circuit) > 2_300_000
    task_id = service.submit(circuit)
    assert service.run()["status"] == "completed"
    assert service.finished(task_id)["result"] == {"10": 1024}


@pytest.mark.parametrize("filler", sized(["a;"], ["a;", "{}", "bit b;"]))
def test_a_hostile_text_of_8_mib_fails_while_others_are_answered(start: Start, filler: str) -> None:
    service = start(slots=2, compile_limit_s=sized(1, Settings().compile_limit_s))
    head = "OPENQASM 3.0; qubit q; "
    task_id = service.submit(head + filler * ((8 * 2**20 - len(head)) // len(filler)))
    assert service.run()["status"] == "completed"
    body = service.finished(task_id)
    assert (body["status"], body["attempt"]) == ("failed", 1)
    # The last one of `bit b;`, on a machine that reads the whole text in time.
    codes = {"compile_timeout", "out_of_memory", "invalid_circuit", "redeclared_name"}
    assert body["error_code"] in codes


def test_a_result_that_is_too_large_is_refused(start: Start) -> None:
    service = start(slots=1, max_result_bytes=1000)
    memory = service.run(shots=1000, memory=True)
    assert (memory["status"], memory["error_code"]) == ("failed", "result_too_large")
    flat = 'include "stdgates.inc"; qubit[8] q; bit[8] c; h q; c = measure q;'
    counts = service.run(flat, shots=5000)
    assert (counts["status"], counts["error_code"]) == ("failed", "result_too_large")
    assert service.run()["status"] == "completed"


CIRCUIT_LIMITS = {
    "max_qubits": (7, "qubit[8] q;", "too_many_qubits"),
    "max_bits": (4, "qubit q; bit[6] c;", "too_many_bits"),
    "max_nesting": (3, "qubit q; U((((((1)))))),0,0) q;", "nesting_too_deep"),
    "max_operations": (5, 'include "stdgates.inc"; qubit[6] q; h q;', "too_many_operations"),
}
"""Settings, each with a value, and a circuit beyond it and the code of its failure."""


def test_the_limits_of_circuits_are_settings(start: Start) -> None:
    service = start(slots=1, **{name: value for name, (value, *_) in CIRCUIT_LIMITS.items()})

    def check(case: tuple[int, str, str]) -> None:
        value, circuit, code = case
        body = service.run(circuit)
        assert (body["status"], body["error_code"]) == ("failed", code)
        assert f"{value}" in body["error"]

    check_each(CIRCUIT_LIMITS, check)


def test_a_setting_that_is_wrong_or_unknown_stops_the_service_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    wrong = {"QUANTUMTASK_SLOTS": "many", "QUANTUMTASK_SLOT": "2", "QUANTUMTASK_EXECUTOR": "some"}
    for variable, value in wrong.items():
        folder = tmp_path_factory.mktemp("wrong")
        broken = Service(folder)
        broken.environment[variable] = value
        process = broken.start_api()
        assert process.popen.wait(20) != 0
        log_text = (folder / "api.log").read_text()
        assert variable in log_text
        assert "Traceback" not in log_text
        broken.stop()


def test_hundreds_of_idle_connections_do_not_keep_others_out(service: Service) -> None:
    import socket

    port = int(service.url.rpartition(":")[2])
    host = service.url.split("//")[1].partition(":")[0]
    idle = [socket.create_connection((host, port)) for _ in range(300)]
    for connection in idle:
        connection.sendall(
            b"POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
        )
    try:
        assert service.run()["status"] == "completed"
    finally:
        for connection in idle:
            connection.close()


def test_submissions_at_the_same_time_are_all_durable(service: Service) -> None:
    ids: list[str] = []
    threads = [
        threading.Thread(target=lambda: ids.append(service.submit(shots=1))) for _ in range(64)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 64
    assert all(service.finished(t)["status"] == "completed" for t in ids)


def test_clients_that_leave_before_their_answer_leave_no_error_behind(start: Start) -> None:
    service = start(slots=1)
    body = json.dumps({"circuit": BELL}).encode()
    head = f"POST /tasks?wait=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", service.port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(head.encode() + body)
    until(lambda: service.http.get("/tasks?status=pending").json()["tasks"] == [], 30)
    assert service.run()["status"] == "completed"
    assert '"ERROR"' not in (service.folder / "api.log").read_text()
