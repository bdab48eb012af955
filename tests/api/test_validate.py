"""Validation through HTTP: all problems with their positions, in a process that may die."""

import os
import re
import signal
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from quantumtask.client import Client, ServiceError
from tests.support.circuits import LONG, TWO_QUBITS
from tests.support.problems import problem
from tests.support.services import BELL, ENDLESS, Service, alive, busy, slot_pids, until

Start = Callable[..., Service]

KEYS = {"valid", "problems", "inputs", "outputs", "registers", "qubits", "operations"}
PROBLEM_KEYS = {
    *("severity", "code", "message", "hint", "token"),
    *("line", "column", "end_line", "end_column"),
}


def validate(service: Service, circuit: str, **fields: Any) -> dict[str, Any]:
    answer = service.http.post("/validate", json={"circuit": circuit, **fields})
    assert answer.status_code == 200, answer.text
    validation: dict[str, Any] = answer.json()
    assert set(validation) == KEYS
    assert all(set(each) == PROBLEM_KEYS for each in validation["problems"])
    return validation


def refused_validation(service: Service, circuit: str = BELL, **fields: Any) -> httpx.Response:
    answer = service.http.post("/validate", json={"circuit": circuit, **fields})
    problem(answer)
    return answer


def test_a_valid_circuit_is_told_what_it_declares(service: Service) -> None:
    validation = validate(service, BELL)
    assert validation["valid"] is True
    assert validation["problems"] == []
    assert validation["registers"] == [{"name": "c", "size": 2}]
    assert (validation["inputs"], validation["outputs"], validation["qubits"]) == ([], [], 2)
    assert validation["operations"] is None or validation["operations"] > 0


def test_every_problem_is_told_with_its_span(service: Service) -> None:
    validation = validate(service, TWO_QUBITS + "frobnicate q[0];\nh q[5];\nc = measure q;")
    assert validation["valid"] is False
    first, second = validation["problems"]
    assert (first["code"], first["severity"]) == ("unknown_gate", "error")
    assert [first[k] for k in ("line", "column", "end_line", "end_column")] == [5, 1, 5, 11]
    assert first["token"] == "frobnicate"
    assert (second["code"], second["line"]) == ("index_out_of_range", 6)


def test_a_failed_task_tells_the_same_problems_as_its_validation(service: Service) -> None:
    circuit = TWO_QUBITS + "frobnicate q[0];\nh q[5];\nc = measure q;"
    validation, task = validate(service, circuit), service.run(circuit)
    assert task["errors"] == [p for p in validation["problems"] if p["severity"] == "error"]
    assert task["error"].startswith("line 5, column 1: ")
    assert task["error_code"] == validation["problems"][0]["code"]


def test_a_warning_leaves_a_circuit_valid(service: Service) -> None:
    validation = validate(service, TWO_QUBITS + "h q[0];")
    assert validation["valid"] is True
    assert {each["severity"] for each in validation["problems"]} == {"warning"}


def test_inputs_are_told_with_their_types_and_their_values_are_checked(service: Service) -> None:
    circuit = TWO_QUBITS + "input float theta;\nrx(theta) q;\nc = measure q;"
    validation = validate(service, circuit, parameters={"theta": 0.3})
    assert validation["valid"] is True
    assert [each["name"] for each in validation["inputs"]] == ["theta"]
    assert validation["inputs"][0]["type"].startswith("float")
    wrong = validate(service, circuit, parameters={"theta": 0.3, "phi": 1})
    assert wrong["valid"] is False
    assert "phi" in wrong["problems"][0]["message"]


def test_validating_stores_nothing_and_logs_no_circuit(start: Start) -> None:
    service = start(slots=1)
    validate(service, TWO_QUBITS + "secret_gate_name q[0];")
    assert service.http.get("/tasks").json()["tasks"] == []
    assert "secret_gate_name" not in service.logs()


@pytest.mark.parametrize("content", [b"not-json", b"{", b"", b'{"circuit": "\\ud800"}'])
def test_a_question_that_is_not_json_is_told_so(service: Service, content: bytes) -> None:
    answer = service.http.post("/validate", content=content)
    assert (answer.status_code, problem(answer)["code"]) == (400, "invalid_json")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({}, "circuit"),
        ({"circuit": " "}, "circuit"),
        ({"circuit": 3}, "circuit"),
        ([], "circuit"),
        ({"circuit": BELL, "shots": 3}, "shots"),
        ({"circuit": BELL, "parameter": {}}, "parameter"),
    ],
)
def test_a_question_that_is_wrong_is_refused_by_name(
    service: Service, body: object, name: str
) -> None:
    answer = service.http.post("/validate", json=body)
    assert (answer.status_code, problem(answer)["code"]) == (400, "invalid_request")
    assert name in str(problem(answer)["detail"])


def test_a_question_that_is_too_large_is_refused(service: Service) -> None:
    assert refused_validation(service, ";" * (8 * 2**20 + 1)).json()["code"] == "circuit_too_large"
    answer = service.http.post("/validate", content=b" " * (10 * 2**20 + 1))
    assert (answer.status_code, problem(answer)["code"]) == (413, "body_too_large")


def test_fifty_at_once_are_all_answered(service: Service) -> None:
    with ThreadPoolExecutor(50) as pool:
        validation = list(pool.map(lambda n: validate(service, BELL + f"x q[{n}];"), range(50)))
    assert [each["valid"] for each in validation] == [True, True] + [False] * 48


@pytest.mark.slow_first
def test_it_is_not_delayed_by_tasks_nor_delays_them(start: Start) -> None:
    service = start(slots=1)
    endless = service.submit(ENDLESS)
    service.running(endless)
    assert validate(service, BELL)["valid"] is True
    service.http.post(f"/tasks/{endless}/cancel")
    assert service.run()["status"] == "completed"  # and its slot is warm again
    with ThreadPoolExecutor(2) as pool:
        reading = [pool.submit(validate, service, LONG) for _ in range(2)]
        assert service.run()["status"] == "completed"
        assert not all(each.done() for each in reading)


def test_a_circuit_that_takes_too_long_to_read_is_given_up(start: Start) -> None:
    # By the processor's time; on a machine that does much else, by the clock, of which it has four
    # times as much.
    service = start(slots=1, compile_limit_s=0.5, max_circuit_bytes=5_000_000)
    validation = validate(service, TWO_QUBITS + "x q[0];\n" * 480_000)
    assert validation["valid"] is False
    [only] = validation["problems"]
    assert (only["code"], only["severity"], only["line"]) == ("compile_timeout", "error", None)
    assert re.search(r"0\.5 seconds|2 seconds of wall clock", only["message"])
    assert validate(service, BELL)["valid"] is True


def test_a_circuit_that_takes_too_much_memory_to_read_is_given_up(start: Start) -> None:
    service = start(slots=1, slot_memory_mb=40)
    validation = validate(service, LONG)
    assert validation["valid"] is False
    assert validation["problems"][0]["code"] in ("out_of_memory", "worker_crashed")
    assert validate(service, BELL)["valid"] is True


def reader(service: Service) -> int:
    """Return the analysis process, which is started when it is first needed."""
    before = slot_pids(service.worker)
    validate(service, BELL)
    [pid] = set(slot_pids(service.worker)) - set(before)
    return pid


def test_a_reader_that_hangs_is_killed_by_the_clock(start: Start) -> None:
    service = start(slots=1, compile_limit_s=0.5)
    os.kill(reader(service), signal.SIGSTOP)
    validation = validate(service, LONG)
    assert [each["code"] for each in validation["problems"]] == ["compile_timeout"]
    assert "of wall clock" in validation["problems"][0]["message"]
    assert validate(service, BELL)["valid"] is True


def test_a_reader_that_dies_over_a_circuit_is_an_answer_and_the_next_one_is_fine(
    start: Start,
) -> None:
    service = start(slots=1)
    pid = reader(service)
    with ThreadPoolExecutor(1) as pool:
        request = pool.submit(validate, service, LONG)
        until(lambda: busy(pid), 30)
        os.kill(pid, signal.SIGKILL)
        validation = request.result(60)
    assert validation["valid"] is False
    assert [each["code"] for each in validation["problems"]] == ["worker_crashed"]
    assert "SIGKILL" in validation["problems"][0]["message"]
    assert validate(service, BELL)["valid"] is True
    assert service.run()["status"] == "completed"


def test_a_reader_that_died_while_it_was_idle_is_replaced(start: Start) -> None:
    service = start(slots=1)
    pid = reader(service)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(pid), 10)
    assert validate(service, BELL)["valid"] is True


def test_when_too_many_ask_the_rest_is_refused_and_told_when_to_come_back(start: Start) -> None:
    service = start(slots=1)
    pid = reader(service)
    os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor(90) as pool:
        post = lambda _: service.http.post("/validate", json={"circuit": BELL})  # noqa: E731
        requests = [pool.submit(post, n) for n in range(90)]
        until(lambda: any(each.done() for each in requests), 30, service.logs)
        os.kill(pid, signal.SIGCONT)
        answers = [each.result() for each in requests]
    assert set(Counter(each.status_code for each in answers)) == {200, 503}
    for answer in answers:
        if answer.status_code == 503:
            assert problem(answer)["code"] == "busy"
            assert int(answer.headers["Retry-After"]) > 0
    assert validate(service, BELL)["valid"] is True


def test_where_no_worker_answers_the_error_says_what_to_do(start: Start) -> None:
    service = start(slots=1)
    assert service.worker.stop() == 0
    answer = refused_validation(service)
    assert (answer.status_code, answer.json()["code"]) == (503, "worker_unavailable")
    assert "quantumtask worker" in answer.json()["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    assert str(service.worker_port) not in answer.text
    service.submit()
    service.start_worker()
    service.wait_ready()
    assert validate(service, BELL)["valid"] is True


def test_a_worker_that_stops_lets_nobody_wait_and_leaves_no_reader_behind(start: Start) -> None:
    service = start(slots=1)
    pid = reader(service)
    with ThreadPoolExecutor(20) as pool:
        posts = [
            pool.submit(service.http.post, "/validate", json={"circuit": LONG}) for _ in range(20)
        ]
        until(lambda: busy(pid), 30)
        assert service.worker.stop() == 0
        answers = [each.result(30) for each in posts]
    assert {each.status_code for each in answers} <= {200, 503}
    assert answers[-1].status_code == 503
    assert not alive(pid)


def test_the_client_validates(service: Service) -> None:
    circuit = TWO_QUBITS + "input float theta;\nrx(theta) q;\nc = measure q;"
    with Client(service.url) as client:
        assert client.validate(BELL)["valid"] is True
        assert client.validate(circuit, {"theta": 0.3})["valid"] is True
        assert client.validate("nonsense")["problems"][0]["line"] == 1
        task = client.submit(BELL, parameters={"x": [1, 2]})
        assert task.info()["parameters"] == {"x": [1, 2]}
        with pytest.raises(ServiceError) as refusal:
            client.validate(BELL, {"x": {}})
        assert refusal.value.code == "invalid_request"
        with pytest.raises(ValueError, match=r"parameters\.x: must be finite; got nan"):
            client.submit(BELL, parameters={"x": float("nan")})
