"""The list of engines, and the choice of one, through HTTP, from Python and from a terminal."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from quantumtask.client import Client
from quantumtask.shared.settings import MIB
from quantumtask.shared.task import ENGINES
from tests.support.circuits import DEEP, FEED_FORWARD, T_GATE
from tests.support.command_line import quantumtask
from tests.support.problems import problem
from tests.support.services import BELL, Service

Start = Callable[..., Service]

LADDER = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[8] q;\nbit[8] c;\n'
    + "".join(f"ry(0.{k + 1}) q[{k}];\ncx q[{k}], q[{(k + 1) % 8}];\n" for k in range(8))
    + "c = measure q;"
)


def installed(service: Service) -> list[tuple[str, str]]:
    engines = service.http.get("/engines").json()["engines"]
    return [(e["name"], m["name"]) for e in engines if e["installed"] for m in e["methods"]]


def test_every_engine_is_told_with_its_methods(service: Service) -> None:
    body = service.http.get("/engines").json()
    assert set(body) == {"engines", "default", "slot_memory_bytes", "slots", "threads"}
    assert body["default"] == "auto"
    methods = {e["name"]: {m["name"] for m in e["methods"]} for e in body["engines"]}
    assert methods == {name: set(methods) for name, methods in ENGINES.items()}
    for engine in body["engines"]:
        assert set(engine) == {"name", "version", "installed", "methods"}
        assert engine["installed"] is (engine["version"] is not None)
        for method in engine["methods"]:
            assert method["precision"] in ("double", "single", "exact")
            assert method["runs"]
            assert 1 <= method["speedup"] <= body["threads"]
            assert (method["most_qubits"] is None) is (method["bytes_per_amplitude"] is None)


def test_aer_and_our_own_are_always_there(service: Service) -> None:
    assert {"aer", "quantumtask"} <= {name for name, _ in installed(service)}


def test_how_many_qubits_fit_follows_from_the_memory_of_a_slot(start: Start) -> None:
    service = start(slots=1, slot_memory_mb=1024)
    body = service.http.get("/engines").json()
    assert body["slot_memory_bytes"] == 1024 * MIB
    aer = next(each for each in body["engines"] if each["name"] == "aer")
    most = {each["name"]: each["most_qubits"] for each in aer["methods"]}
    assert most == {
        "statevector": 25, "density_matrix": 12, "stabilizer": None, "matrix_product_state": None,
    }  # fmt: skip

    def estimate(qubits: int) -> int:
        circuit = T_GATE.replace("[2]", f"[{qubits}]").replace("h q[0]", "h q")
        estimate_body = {"circuit": circuit, "engine": "aer", "method": "statevector"}
        return service.http.post("/estimate", json=estimate_body).status_code

    assert (estimate(25), estimate(26)) == (200, 422)


def test_where_no_worker_answers_nobody_knows(start: Start) -> None:
    service = start(slots=1)
    assert service.worker.stop() == 0
    answer = service.http.get("/engines")
    assert (answer.status_code, problem(answer)["code"]) == (503, "worker_unavailable")


def test_what_is_asked_for_runs_and_says_so(service: Service) -> None:
    for engine, method in installed(service):
        approximate = {("quantumtask", "matrix_product_state"), ("pauli_prop", "pauli_propagation")}
        if (engine, method) in {("aer", "stabilizer"), *approximate}:
            continue
        body = service.run(engine=engine, method=method)
        assert body["status"] == "completed", body
        assert (body["engine"], body["method"]) == (engine, method)
        assert body["reason"].startswith("requested by the task")
        assert set(body["result"]) == {"00", "11"}
        assert service.run(engine=engine)["engine"] == engine


def test_a_method_alone_leaves_the_engine_open(service: Service) -> None:
    body = service.run(method="stabilizer")
    assert (body["method"], body["precision"]) == ("stabilizer", "exact")


def test_what_is_not_asked_for_is_chosen_and_says_why(service: Service) -> None:
    body = service.run(T_GATE)
    assert body["engine"] in ENGINES
    assert body["precision"] == "double"
    assert body["reason"] != "requested by the task"
    assert service.run(T_GATE, engine="auto")["engine"] == body["engine"]


MEASURES_MORE = FEED_FORWARD.replace("x q[1];", "x q[1]; c[1] = measure q[1];")
"""A program that an engine for circuits alone cannot run."""


@pytest.mark.parametrize(
    ("circuit", "engine", "method"),
    [
        (T_GATE, "stim", None),
        (MEASURES_MORE, "lightning", None),
        (MEASURES_MORE, "aer", "statevector"),
        (T_GATE, "quantumtask", "stabilizer"),
    ],
)
def test_an_engine_that_cannot_run_the_circuit_fails_the_task(
    service: Service, circuit: str, engine: str, method: str | None
) -> None:
    if engine not in {name for name, _ in installed(service)}:
        assert service.run(circuit, engine=engine)["error_code"] == "engine_unavailable"
        return
    body = service.run(circuit, engine=engine, method=method)
    assert (body["status"], body["error_code"]) == ("failed", "engine_unsuitable")
    assert body["error"].startswith(engine)


def test_a_state_that_does_not_fit_the_engine_asked_for_fails_with_both_numbers(
    service: Service,
) -> None:
    body = service.run(DEEP, engine="aer", method="statevector")
    assert (body["status"], body["error_code"]) == ("failed", "out_of_memory")
    assert "16.0 EiB" in body["error"]


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        (
            {"engine": "abacus"},
            "engine: must be auto, lightning, qsim, stim, aer, quantumtask or pauli_prop",
        ),
        ({"engine": ""}, "engine: must be"),
        ({"engine": 3}, "engine: "),
        (
            {"engine": "stim", "method": "statevector"},
            "method: must be one of stabilizer with engine stim",
        ),
        ({"method": "magic"}, "method: must be one of "),
        ({"method": 3}, "method: "),
    ],
)
def test_a_name_that_is_none_is_refused(
    service: Service, fields: dict[str, Any], word: str
) -> None:
    answer = service.http.post("/tasks", json={"circuit": BELL, **fields})
    assert (answer.status_code, problem(answer)["code"]) == (400, "invalid_request")
    assert str(problem(answer)["detail"]).startswith(word)


def test_an_idempotency_key_holds_for_the_same_engine_only(service: Service) -> None:
    def submit(**fields: Any) -> Any:
        headers = {"Idempotency-Key": "engines-test"}
        return service.http.post("/tasks", json={"circuit": BELL, **fields}, headers=headers)

    first = submit().json()["task_id"]
    assert submit(engine="auto", method=None).json()["task_id"] == first
    for other in ({"engine": "aer"}, {"method": "statevector"}):
        answer = submit(**other)
        assert (answer.status_code, problem(answer)["code"]) == (409, "idempotency_conflict")


def counts(service: Service, **fields: Any) -> tuple[Any, Any]:
    body = service.run(seed=7, memory=True, **fields)
    assert body["status"] == "completed", body
    return body["result"], body["memory"]


@pytest.mark.parametrize("circuit", [LADDER, BELL, FEED_FORWARD], ids=["plain", "bell", "dynamic"])
def test_the_same_seed_gives_the_same_counts_on_any_slot_remembered_or_not(
    start: Start, circuit: str
) -> None:
    service = start(slots=1)
    first = counts(service, circuit=circuit)
    assert counts(service, circuit=circuit) == first
    assert service.worker.stop() == 0
    service.start_worker()  # which has not seen the circuit
    service.wait_ready()
    assert counts(service, circuit=circuit) == first


def test_without_a_seed_a_circuit_that_is_sent_again_gives_fresh_shots(service: Service) -> None:
    results = [service.run(LADDER, shots=4000) for _ in range(4)]
    assert len({body["seed"] for body in results}) == 4
    assert len({json.dumps(body["result"]) for body in results}) == 4


def test_the_client_lists_engines_and_asks_for_one(service: Service) -> None:
    with Client(service.url) as client:
        assert {each["name"] for each in client.engines()["engines"]} == set(ENGINES)
        result = client.submit(BELL, engine="aer", method="statevector").result()
    assert (result.engine, result.method) == ("aer", "statevector")


def test_the_terminal_lists_engines_and_asks_for_one(service: Service) -> None:
    table = quantumtask("engines", url=service.url).stdout.splitlines()
    assert table[0].split() == ["engine", "version", "method", "precision", "qubits", "runs"]
    assert any(re.match(r"aer +[\d.]+ +statevector +double +\d+ +circuits", row) for row in table)
    assert "the memory of all slots" in table[-1]
    done = quantumtask("engines", "--json", url=service.url)
    assert json.loads(done.stdout) == service.http.get("/engines").json()
    done = quantumtask("submit", "-", "--engine", "aer", "--wait", url=service.url, stdin=BELL)
    assert done.returncode == 0, done.stderr
    assert re.search(r" · aer [\d.]+ \(\w+\), requested by the task\n", done.stdout)


def test_the_terminal_says_where_precision_is_single(service: Service) -> None:
    circuit = LADDER.replace("[8]", "[20]") + "\n"
    wide = circuit + "".join(f"ry(0.3) q[{k}];\n" for k in range(8, 20))
    wide = wide.replace("c = measure q;", "") + "c = measure q;"
    done = quantumtask("submit", "-", "--wait", "--shots", "9", url=service.url, stdin=wide)
    task = done.stdout.splitlines()[1]
    single = service.run(wide, shots=9)["precision"] == "single"
    assert (", single precision)" in task) is single


def test_the_page_of_the_api_knows_engines_and_estimates(service: Service) -> None:
    page = service.http.get("/openapi.json").json()
    submission = page["paths"]["/tasks"]["post"]["requestBody"]["content"]["application/json"]
    schema = page["components"]["schemas"][submission["schema"]["$ref"].rpartition("/")[2]]
    assert {"engine", "method"} <= set(schema["properties"])
    assert set(page["paths"]["/engines"]["get"]["responses"]) == {"200", "400", "401", "429", "503"}
    assert "422" in page["paths"]["/estimate"]["post"]["responses"]
    refusals = page["paths"]["/estimate"]["post"]["responses"]["422"]["content"]
    examples = refusals["application/problem+json"]["examples"]
    assert {"out_of_memory", "engine_unsuitable"} <= set(examples)
