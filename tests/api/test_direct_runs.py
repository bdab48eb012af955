"""Small tasks whose sender waits run before they are stored, and are safe at each step."""

import json
import math
import os
import signal
import stat
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

from quantumtask.client.qiskit import EstimatorV2, QuantumTaskProvider
from quantumtask.shared.direct_run import (
    decode_answer,
    decode_tasks,
    encode_answer,
    encode_tasks,
    socket_address,
)
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Submission, TaskSpec
from tests.support import databases
from tests.support.cases import check_each
from tests.support.services import BELL, ENDLESS, Service, alive, slot_pids, until

FIELDS: dict[str, Any] = {
    "counts": '{"0": 1}', "memory": None, "seed": 1, "engine": "aer", "engine_version": "1",
    "method": "statevector", "run_ms": 1.0, "warnings": [],
}  # fmt: skip


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose processes the tests of this file stop, with one slot."""
    service = Service(tmp_path_factory.mktemp("direct"), slots=1).start()
    until(lambda: runs_directly(service), 30, service.logs)
    yield service
    service.stop()


def post(service: Service, wait: float = 30, circuit: str = BELL, key: str = "") -> dict[str, Any]:
    headers = {"idempotency-key": key} if key else {}
    answer = service.http.post(
        "/tasks", json={"circuit": circuit}, params={"wait": wait}, headers=headers
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def direct_runs(service: Service) -> float:
    """Return how many tasks have run before they were stored."""
    page = service.http.get("/metrics").text
    [line] = [
        each for each in page.splitlines() if each.startswith("quantumtask_direct_runs_total")
    ]
    return float(line.split()[1])


def runs_directly(service: Service) -> bool:
    before = direct_runs(service)
    assert post(service)["status"] == "completed"
    return direct_runs(service) == before + 1


def moves(task: dict[str, Any]) -> list[str]:
    return [each["move"] for each in task["history"]]


def test_a_small_task_runs_before_it_is_stored_if_its_sender_waits(alone: Service) -> None:
    before = direct_runs(alone)
    task = post(alone)
    assert sum(task["result"].values()) == 1024
    assert moves(task) == ["submit", "claim", "complete"]
    assert alone.get(task["task_id"]) == task
    alone.run()
    assert direct_runs(alone) == before + 1


def test_an_estimate_of_the_qiskit_client_runs_before_it_is_stored(alone: Service) -> None:
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("t"), 0)
    circuit.cx(0, 1)
    with QuantumTaskProvider(alone.url) as provider:
        estimator = EstimatorV2(provider.backend())

        def estimate() -> bool:
            before = direct_runs(alone)
            result = estimator.run([(circuit, SparsePauliOp("XX"), [math.pi / 2])]).result()[0]
            assert float(result.data.evs) == pytest.approx(1)
            return direct_runs(alone) == before + 1

        until(estimate, 30, alone.logs)


def test_the_answer_comes_after_the_commit(alone: Service) -> None:
    before, answers = direct_runs(alone), list[dict[str, Any]]()
    sender = threading.Thread(target=lambda: answers.append(post(alone)))
    with databases.locked(alone.settings):
        sender.start()
        sender.join(0.3)
        assert answers == []
    sender.join(30)
    assert answers[0]["status"] == "completed"
    assert direct_runs(alone) == before + 1


def test_a_repeated_key_returns_the_first_task(alone: Service) -> None:
    key = uuid.uuid4().hex
    first, again = post(alone, key=key), post(alone, key=key)
    assert again == first
    other = alone.http.post(
        "/tasks",
        json={"circuit": BELL, "shots": 5},
        params={"wait": 30},
        headers={"idempotency-key": key},
    )
    assert other.json()["code"] == "idempotency_conflict"


def test_a_wrong_circuit_fails_with_its_problems(alone: Service) -> None:
    task = post(alone, circuit="qubit q; frobnicate q;")
    assert task["status"] == "failed"
    assert "frobnicate" in task["error"]
    assert moves(task) == ["submit", "claim", "fail"]


def test_a_task_whose_worker_hangs_is_stored_and_runs_once(alone: Service) -> None:
    until(lambda: runs_directly(alone), 30, alone.logs)
    alone.worker.signal(signal.SIGSTOP)
    try:
        task = post(alone, wait=2)
        assert task["state"] == "submitted"
    finally:
        alone.worker.signal(signal.SIGCONT)
    ended = alone.finished(task["task_id"])
    assert ended["status"] == "completed"
    assert moves(ended) == ["submit", "claim", "complete"]
    until(lambda: runs_directly(alone), 30, alone.logs)


def test_a_task_whose_slot_hangs_is_stored_and_runs_in_a_new_slot(alone: Service) -> None:
    until(lambda: runs_directly(alone), 30, alone.logs)
    [slot] = slot_pids(alone.worker)
    os.kill(slot, signal.SIGSTOP)
    before = direct_runs(alone)
    task = post(alone)
    assert task["status"] == "completed"
    assert direct_runs(alone) == before
    assert slot_pids(alone.worker) != [slot]
    until(lambda: runs_directly(alone), 30, alone.logs)


def test_a_task_behind_others_waits_for_its_turn(alone: Service) -> None:
    endless = [alone.submit(ENDLESS) for _ in range(2)]
    alone.running(endless[0])
    task = post(alone, wait=1)
    assert task["state"] == "submitted"
    for each in endless:
        alone.http.post(f"/tasks/{each}/cancel")
    assert alone.finished(task["task_id"])["status"] == "completed"


def test_a_service_without_a_worker_stores_the_task(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.start_api()
    until(lambda: service.try_get("/health") == 200, 60, service.logs)
    assert post(service, wait=1)["state"] == "submitted"
    service.stop()


def test_a_task_with_long_options_is_stored_first(alone: Service) -> None:
    until(lambda: runs_directly(alone), 30, alone.logs)
    before = direct_runs(alone)
    body = {"circuit": BELL.replace("c = measure q;", ""), "observables": ["ZZ"] * 4_000}
    answer = alone.http.post("/tasks", json=body, params={"wait": 30})
    assert answer.json()["status"] == "completed", answer.text[:500]
    assert direct_runs(alone) == before
    until(lambda: runs_directly(alone), 30, alone.logs)


def test_a_task_whose_slot_has_died_is_stored_and_runs_in_a_new_slot(alone: Service) -> None:
    until(lambda: runs_directly(alone), 30, alone.logs)
    [slot] = slot_pids(alone.worker)
    os.kill(slot, signal.SIGKILL)
    until(lambda: not alive(slot), 30)
    before = direct_runs(alone)
    task = post(alone)
    assert (task["status"], moves(task)) == ("completed", ["submit", "claim", "complete"])
    assert direct_runs(alone) == before
    until(lambda: runs_directly(alone), 30, alone.logs)


def test_a_second_worker_with_the_same_port_takes_no_socket(alone: Service) -> None:
    address = socket_address(alone.settings, alone.worker_port)
    assert address
    first, number = alone.worker, Path(address).stat().st_ino
    assert alone.start_worker().popen.wait(60) != 0
    alone.worker = first
    assert Path(address).stat().st_ino == number
    until(lambda: runs_directly(alone), 30, alone.logs)


def test_only_the_user_of_the_worker_may_send_tasks(alone: Service) -> None:
    address = socket_address(alone.settings, alone.worker_port)
    assert address
    assert stat.S_IMODE(Path(address).stat().st_mode) == 0o600


def test_a_long_path_of_the_data_folder_has_a_short_address(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    address = socket_address(Settings(data_dir=folder), 8001)
    assert address
    assert len(address) < 100
    (folder / "worker-8001.socket").touch()
    assert Path(address).exists()


def test_tasks_and_results_travel_as_they_are() -> None:
    spec = TaskSpec("x", 5, 1, options="{}", parameters="[]", engine="aer", method="stabilizer")
    [assignment] = decode_tasks(encode_tasks([Submission("task", spec, 2.5)]), "worker")
    assert (assignment.spec, assignment.cost_ms) == (spec, 2.5)
    sent = json.dumps([["task", 1, "Result", FIELDS]]).encode()
    worker, results, _ = decode_answer(encode_answer("worker", [sent]))
    assert worker == "worker"
    assert results["task"].counts == '{"0": 1}'


HOSTILE: dict[str, dict[str, Any]] = {
    "counts that are no text": {"counts": {"0": 1}},
    "a seed that is a text": {"seed": "1"},
    "a run time that is a list": {"run_ms": [1]},
    "memory that is a list": {"memory": ["0"]},
    "an unknown field": {"unknown": 1},
    "an engine that is null": {"engine": None},
}


def test_the_api_takes_no_hostile_result_from_a_slot() -> None:
    def check(change: dict[str, Any]) -> None:
        sent = json.dumps([["task", 1, "Result", FIELDS | change]]).encode()
        with pytest.raises((TypeError, ValueError, KeyError)):
            decode_answer(encode_answer("worker", [sent]))

    check_each(HOSTILE, check)
    blob = json.dumps([["task", 1, "Result", FIELDS | {"blob": "other", "store_ms": 5}]]).encode()
    result = decode_answer(encode_answer("worker", [blob]))[1]["task"]
    assert (result.blob, result.store_ms) == (None, None)
