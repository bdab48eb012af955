"""Invalid input and failing tasks, through HTTP, here or at the QUANTUMTASK_URL service."""

import gzip
import json
from collections.abc import Iterator

import pytest

from tests.support.circuits import TWO_QUBITS
from tests.support.problems import problem
from tests.support.services import BELL, Service

UNKNOWN = "f81d4fae-7dec-4d65-a765-00a0c91e6bf6"


@pytest.mark.parametrize(
    "content", [b"not-json", b"{", b"", b"\xff\xfe", b'{"circuit": "\\ud800"}']
)
def test_a_body_that_is_not_json_is_told_so(service: Service, content: bytes) -> None:
    answer = service.http.post("/tasks", content=content)
    assert answer.status_code == 400
    assert problem(answer)["detail"] == "invalid json"


@pytest.mark.parametrize(
    "body",
    [{}, {"circuit": ""}, {"circuit": " \n "}, {"circuit": 3}, {"circuit": None}, [], "x", 7],
)
def test_a_missing_or_blank_circuit_is_named(service: Service, body: object) -> None:
    answer = service.http.post("/tasks", json=body)
    assert answer.status_code == 400
    assert "circuit" in str(problem(answer)["detail"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shots", 0),
        ("shots", -1),
        ("shots", 10**12),
        ("shots", 10**40),
        ("shots", "many"),
        ("shots", 1.5),
        ("shots", True),
        ("shots", None),
        ("seed", "x"),
        ("seed", -1),
        ("seed", 2**63),
        ("memory", "yes"),
        ("timeout_s", 0),
        ("timeout_s", -3.5),
        ("timeout_s", 1e12),
        ("timeout_s", "long"),
        ("name", ""),
        ("name", "x" * 51),
        ("name", "a\nb"),
        ("name", "a\0b"),
        ("tags", ["x" * 51]),
        ("tags", [""]),
        ("tags", ["t"] * 21),
        ("tags", "t"),
        ("tags", [1]),
        ("parameters", [1]),
        ("shot", 10),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(service: Service, field: str, value: object) -> None:
    answer = service.http.post("/tasks", json={"circuit": BELL, field: value})
    assert answer.status_code == 400
    assert str(problem(answer)["detail"]).startswith(f"{field}")
    assert problem(answer)["code"] == "invalid_request"


def test_many_unknown_fields_are_refused_at_the_first(service: Service) -> None:
    fields = ",".join(f'"{n}":0' for n in range(99_000))
    answer = service.http.post("/tasks", content=f'{{"circuit":"x",{fields}}}')
    assert answer.status_code == 400
    assert str(problem(answer)["detail"]).startswith("0:")


def test_a_field_with_an_endless_name_is_not_echoed_whole(service: Service) -> None:
    answer = service.http.post("/tasks", json={"circuit": "x", "y" * 1_000_000: 0})
    assert answer.status_code == 400
    assert len(str(problem(answer)["detail"])) < 200


def test_tags_are_refused_at_the_first_wrong_one(service: Service) -> None:
    answer = service.http.post("/tasks", json={"circuit": "x", "tags": [0] * 900_000})
    assert answer.status_code == 400
    assert str(problem(answer)["detail"]).startswith("tags")


@pytest.mark.parametrize("cut", [1, 8, 20])
def test_a_compressed_body_that_is_cut_off_is_refused(service: Service, cut: int) -> None:
    body = gzip.compress(json.dumps({"circuit": BELL}).encode())[:-cut]
    answer = service.http.post("/tasks", content=body, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 400
    problem(answer)


def test_two_compressed_bodies_in_one_are_refused(service: Service) -> None:
    body = gzip.compress(json.dumps({"circuit": BELL}).encode()) + gzip.compress(b"x")
    answer = service.http.post("/tasks", content=body, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 400
    problem(answer)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(service: Service, value: str) -> None:
    body = f'{{"circuit": "x", "timeout_s": {value}}}'
    answer = service.http.post("/tasks", content=body)
    assert answer.status_code == 400
    problem(answer)


def test_json_nested_a_hundred_thousand_deep_is_refused(service: Service) -> None:
    answer = service.http.post("/tasks", content='{"circuit":' + "[" * 100_000)
    assert answer.status_code == 400
    problem(answer)


@pytest.mark.parametrize("key", ["", "x" * 65, "two words"])
def test_a_bad_idempotency_key_is_refused(service: Service, key: str) -> None:
    answer = service.http.post("/tasks", json={"circuit": BELL}, headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    assert "Idempotency-Key" in str(problem(answer)["detail"])


@pytest.mark.parametrize("task_id", [UNKNOWN, "nonsense", "0", "%00", "a" * 5000, "é"])
@pytest.mark.parametrize("how", ["get", "cancel"])
def test_an_unknown_task_is_not_found(service: Service, task_id: str, how: str) -> None:
    path = f"/tasks/{task_id}"
    answer = service.http.get(path) if how == "get" else service.http.post(f"{path}/cancel")
    assert answer.status_code == 404
    assert problem(answer)["detail"] == "task not found"
    assert problem(answer)["code"] == "task_not_found"


@pytest.mark.parametrize(
    "query",
    ["wait=x", "wait=-1", "wait=31", "wait=nan"],
)
def test_a_wrong_wait_is_refused(service: Service, query: str) -> None:
    answer = service.http.get(f"/tasks/{UNKNOWN}?{query}")
    assert answer.status_code == 400
    assert str(problem(answer)["detail"]).startswith("wait")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "status=done", "cursor=-1", "cursor=x' OR 1=1"]
)
def test_a_wrong_list_query_is_refused(service: Service, query: str) -> None:
    answer = service.http.get(f"/tasks?{query}")
    assert answer.status_code == 400
    assert str(problem(answer)["detail"]).startswith(query.partition("=")[0])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("POST", "/execute", 404),
        ("GET", f"/tasks/{UNKNOWN}/nothing", 404),
        ("DELETE", "/tasks", 405),
        ("PUT", f"/tasks/{UNKNOWN}", 405),
    ],
)
def test_a_wrong_route_is_a_problem_document_too(
    service: Service, method: str, path: str, status: int
) -> None:
    answer = service.http.request(method, path, json={})
    assert answer.status_code == status
    problem(answer)


def test_a_body_over_the_limit_is_refused_before_it_is_sent(service: Service) -> None:
    answer = service.http.post("/tasks", content=b" " * (10 * 2**20 + 1))
    assert answer.status_code == 413
    assert problem(answer)["code"] == "body_too_large"


def test_a_chunked_body_over_the_limit_is_refused(service: Service) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(11):
            yield b" " * 2**20

    answer = service.http.post("/tasks", content=chunks())
    assert answer.status_code == 413
    assert problem(answer)["code"] == "body_too_large"


def test_a_compressed_body_counts_unpacked(service: Service) -> None:
    bomb = gzip.compress(b" " * (64 * 2**20))
    assert len(bomb) < 2**20
    answer = service.http.post("/tasks", content=bomb, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 413
    assert problem(answer)["code"] == "body_too_large"


def test_a_compressed_body_is_understood(service: Service) -> None:
    body = gzip.compress(json.dumps({"circuit": BELL}).encode())
    answer = service.http.post("/tasks", content=body, headers={"Content-Encoding": "gzip"})
    assert service.finished(answer.json()["task_id"])["status"] == "completed"


@pytest.mark.parametrize(
    ("encoding", "status"), [("br", 415), ("gzip, gzip", 415), ("gzip", 400), ("deflate", 400)]
)
def test_an_encoding_that_is_unknown_or_broken_is_refused(
    service: Service, encoding: str, status: int
) -> None:
    answer = service.http.post("/tasks", content=b"{}", headers={"Content-Encoding": encoding})
    assert answer.status_code == status
    problem(answer)


def test_a_circuit_over_the_limit_is_refused_with_both_numbers(service: Service) -> None:
    answer = service.http.post("/tasks", json={"circuit": ";" * (8 * 2**20 + 1)})
    assert answer.status_code == 413
    assert problem(answer)["code"] == "circuit_too_large"
    assert "8,388,609" in str(problem(answer)["detail"])
    assert "8,388,608" in str(problem(answer)["detail"])


def test_ten_megabytes_of_semicolons_are_refused(service: Service) -> None:
    answer = service.http.post("/tasks", json={"circuit": ";" * 10_000_000})
    assert answer.status_code == 413
    problem(answer)


FAILURES = {
    "no OpenQASM at all": ("INVALID QASM", "does not look like OpenQASM 3", "syntax_error", 1),
    "an unknown gate": (TWO_QUBITS + "frobnicate q[0];", "frobnicate", "unknown_gate", 5),
    "a qubit out of range": (TWO_QUBITS + "h q[0];\nh q[5];", "0 to 1", "index_out_of_range", 6),
    "an undeclared name": (TWO_QUBITS + "h r[0];", "r", "undeclared_name", 5),
    "a missing include": ("OPENQASM 3.0;\nqubit q;\nsx q;", "stdgates.inc", "missing_include", 3),
    "a later OpenQASM": ("OPENQASM 4.0;\nqubit q;", "OpenQASM 4", "not_supported", 1),
    "a feature that is not supported": (
        TWO_QUBITS + "defcal x $0 { }",
        "",
        "not_supported",
        5,
    ),
    "another file": ('OPENQASM 3.0;\ninclude "/etc/passwd";', "stdgates.inc", None, 2),
}


@pytest.mark.parametrize("what", FAILURES)
def test_a_wrong_circuit_is_accepted_and_fails_with_a_readable_reason(
    service: Service, what: str
) -> None:
    circuit, word, code, line = FAILURES[what]
    body = service.run(circuit)
    assert body["status"] == "failed"
    assert word.lower() in body["error"].lower()
    assert "\n" not in body["error"]
    for secret in ("Traceback", ".py", "Error:", "/src/"):
        assert secret not in body["error"]
    if code:
        assert body["error_code"] == code
    if line:
        assert body["errors"][0]["line"] == line
        assert body["errors"][0]["column"] >= 1
        assert body["errors"][0]["severity"] == "error"
        assert body["errors"][0]["end_line"] >= line
        assert f"line {line}" in body["error"]
    assert body["attempt"] == 1
    assert [change["move"] for change in body["history"]] == ["submit", "claim", "fail"]


def test_a_failed_task_has_no_result_and_a_completed_one_no_error(service: Service) -> None:
    failed, completed = service.run("INVALID"), service.run()
    assert "result" not in failed
    assert "error" not in completed
    assert "errors" not in completed


def test_cancelling_a_finished_task_is_a_conflict_that_says_so(service: Service) -> None:
    task_id = service.run()["task_id"]
    answer = service.http.post(f"/tasks/{task_id}/cancel")
    assert answer.status_code == 409
    assert problem(answer)["code"] == "task_already_finished"
    assert "completed" in str(problem(answer)["detail"])
    assert service.get(task_id)["status"] == "completed"


def test_a_program_that_measures_nothing_completes_with_a_warning(service: Service) -> None:
    bits = service.run(TWO_QUBITS + "h q[0];", shots=7)
    none = service.run('OPENQASM 3.0; include "stdgates.inc"; qubit q; h q;', shots=7)
    assert (bits["status"], bits["result"]) == ("completed", {"00": 7})
    assert (none["status"], none["result"]) == ("completed", {})
    assert any("measure" in warning for warning in bits["warnings"])
    assert any("measure" in warning for warning in none["warnings"])
