"""Estimates of tasks, through HTTP, from Python and from a terminal: nothing is run."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from quantumtask.client import CircuitError, Client
from quantumtask.engines.selection.estimate import estimate_run
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import ENGINES
from tests.support.circuits import DEEP, FEED_FORWARD, LONG, T_GATE, TWO_QUBITS
from tests.support.command_line import Run, quantumtask
from tests.support.compile_circuit import compile_circuit
from tests.support.problems import problem
from tests.support.services import BELL, TOO_LARGE, Service

Start = Callable[..., Service]

KEYS = {
    *("engine", "engine_version", "method", "precision", "reason"),
    *("qubits", "shots", "memory_bytes", "seconds", "threads", "slots"),
}
WRONG = TWO_QUBITS + "frobnicate q[0];\nh q[5];\nc = measure q;"
ENTANGLED = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[1000] q;\nbit[1000] c;\nh q[0];\n'
    "for int k in [0:998] { cx q[k], q[k + 1]; }\n"
    "for int k in [0:499] { cz q[k], q[k + 500]; }\nc = measure q;"
)


def estimate(service: Service, circuit: str = BELL, **fields: Any) -> dict[str, Any]:
    answer = service.http.post("/estimate", json={"circuit": circuit, **fields})
    assert answer.status_code == 200, answer.text
    estimate_body: dict[str, Any] = answer.json()
    assert set(estimate_body) == KEYS
    assert estimate_body["memory_bytes"] > 0
    assert 0 < estimate_body["seconds"] < 60
    return estimate_body


def refused_estimate(service: Service, circuit: str = BELL, **fields: Any) -> dict[str, Any]:
    answer = service.http.post("/estimate", json={"circuit": circuit, **fields})
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code == 422
    assert set(body) == {"type", "title", "status", "detail", "code", "errors"}
    return body


def test_an_estimate_names_what_then_runs_the_task(service: Service) -> None:
    for circuit in (BELL, T_GATE, FEED_FORWARD):
        estimate_body, task = estimate(service, circuit), service.run(circuit)
        same = ("engine", "engine_version", "method", "precision", "reason", "shots")
        assert {k: estimate_body[k] for k in same} == {k: task[k] for k in same}
        assert estimate_body["engine"] in ENGINES
        assert estimate_body["method"] in ENGINES[estimate_body["engine"]]


def test_only_qubits_that_are_uncertain_count(service: Service) -> None:
    assert [estimate(service, c)["qubits"] for c in (BELL, T_GATE, FEED_FORWARD)] == [2, 1, 2]


def test_nothing_is_stored(start: Start) -> None:
    service = start(slots=1)
    estimate(service, BELL)
    refused_estimate(service, WRONG)
    assert service.http.get("/tasks").json()["tasks"] == []


def test_only_qubits_that_are_used_count(service: Service) -> None:
    circuit = TWO_QUBITS.replace("qubit[2]", "qubit[50]") + "h q[7];\nt q[7];\nc[0] = measure q[7];"
    assert estimate(service, circuit)["qubits"] == 1


def test_values_of_inputs_are_part_of_the_question(service: Service) -> None:
    circuit = TWO_QUBITS + "input int n;\nfor int k in [1:n] { t q[0]; }\nc = measure q;"
    short, long = (estimate(service, circuit, parameters={"n": n}) for n in (1, 20_000))
    assert short["seconds"] < long["seconds"]
    assert refused_estimate(service, circuit)["errors"][0]["message"].find("`n`") >= 0


def test_more_shots_take_longer(service: Service) -> None:
    circuit = TWO_QUBITS.replace("[2]", "[12]") + "h q; t q; h q; c = measure q;"
    few, many = (estimate(service, circuit, shots=shots) for shots in (1, 1_000_000))
    assert (few["shots"], many["shots"]) == (1, 1_000_000)
    assert few["seconds"] < many["seconds"]


def test_a_longer_text_takes_longer_because_reading_it_counts(service: Service) -> None:
    spaces = BELL + "x q[0];" * 20_000
    assert estimate(service, spaces)["seconds"] > 10 * estimate(service, BELL)["seconds"]


def test_a_thousand_entangled_qubits_are_a_stabilizer_state(service: Service) -> None:
    estimate_body = estimate(service, ENTANGLED, shots=100_000)
    assert (estimate_body["engine"], estimate_body["method"]) in {
        ("stim", "stabilizer"),
        ("quantumtask", "stabilizer"),
    }
    assert estimate_body["precision"] == "exact"
    assert "1,000 qubits" in estimate_body["reason"]


def test_a_circuit_that_is_wrong_is_told_with_all_its_problems(service: Service) -> None:
    body, task = refused_estimate(service, WRONG), service.run(WRONG)
    assert (body["detail"], body["code"]) == (task["error"], task["error_code"])
    assert body["errors"] == task["errors"]
    assert [each["line"] for each in body["errors"]] == [5, 6]


@pytest.mark.parametrize("circuit", [DEEP, TOO_LARGE], ids=["60 qubits", "40 qubits"])
def test_what_may_not_fit_is_refused_with_both_numbers(service: Service, circuit: str) -> None:
    body = refused_estimate(service, circuit)
    assert body["code"] == "out_of_memory"
    needed, available, of_all = re.findall(r"[\d.e+]+ [KMGTPEZ]iB", body["detail"])
    assert len({needed, available, of_all}) == 3
    assert "less entangled" in body["detail"]
    assert body["errors"] == []


def test_a_vector_that_is_asked_for_and_does_not_fit_is_refused_for_good(service: Service) -> None:
    body = refused_estimate(service, DEEP, engine="aer", method="statevector")
    assert body["code"] == "out_of_memory"
    assert "16.0 EiB" in body["detail"]
    assert "less entangled" not in body["detail"]


def reports_of_deaths(service: Service) -> set[str]:
    return {line for line in service.logs().splitlines() if "analysis process died" in line}


def test_a_refusal_for_memory_costs_no_process(start: Start) -> None:
    service = start(slots=1, slot_memory_mb=300)
    refused_estimate(service, TOO_LARGE)
    before = reports_of_deaths(service)
    assert refused_estimate(service, TOO_LARGE)["code"] == "out_of_memory"
    assert estimate(service, BELL)["qubits"] == 2
    assert reports_of_deaths(service) == before


def test_an_engine_that_cannot_run_it_says_why(service: Service) -> None:
    body = refused_estimate(service, T_GATE, engine="stim")
    assert body["code"] == "engine_unsuitable"
    assert "not Clifford" in body["detail"]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"circuit": " "}, "circuit"),
        ({"shots": 0}, "shots"),
        ({"shots": 10**9}, "shots"),
        ({"shots": "x"}, "shots"),
        ({"engine": "abacus"}, "engine"),
        ({"engine": None}, "engine"),
        ({"engine": "stim", "method": "statevector"}, "method"),
        ({"method": "magic"}, "method"),
        ({"parameters": {"x": {}}}, "parameters"),
        ({"seed": 1}, "seed"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(
    service: Service, fields: dict[str, Any], name: str
) -> None:
    answer = service.http.post("/estimate", json={"circuit": BELL, **fields})
    assert (answer.status_code, problem(answer)["code"]) == (400, "invalid_request")
    assert str(problem(answer)["detail"]).startswith(name)


def test_a_question_that_is_not_json_or_too_large_is_refused(service: Service) -> None:
    answer = service.http.post("/estimate", content=b"{")
    assert (answer.status_code, problem(answer)["code"]) == (400, "invalid_json")
    answer = service.http.post("/estimate", json={"circuit": ";" * (8 * 2**20 + 1)})
    assert (answer.status_code, problem(answer)["code"]) == (413, "circuit_too_large")


def test_a_circuit_that_takes_too_long_to_read_is_told_so(start: Start) -> None:
    service = start(slots=1, compile_limit_s=0.1)
    assert refused_estimate(service, LONG, parameters={})["code"] == "compile_timeout"
    assert estimate(service, BELL)["qubits"] == 2


def test_a_circuit_that_takes_too_much_memory_to_read_is_told_so(start: Start) -> None:
    service = start(slots=1, slot_memory_mb=40)
    assert refused_estimate(service, LONG, parameters={})["code"] in (
        "out_of_memory",
        "worker_crashed",
    )
    assert estimate(service, BELL)["qubits"] == 2


def test_where_no_worker_answers_the_error_says_what_to_do(start: Start) -> None:
    service = start(slots=1)
    assert service.worker.stop() == 0
    answer = service.http.post("/estimate", json={"circuit": BELL})
    assert (answer.status_code, problem(answer)["code"]) == (503, "worker_unavailable")
    assert "quantumtask worker" in str(problem(answer)["detail"])


def test_the_client_estimates(service: Service) -> None:
    with Client(service.url) as client:
        estimate_body = client.estimate(BELL, shots=7, engine="aer", method="statevector")
        assert set(estimate_body) == KEYS
        assert [estimate_body[k] for k in ("engine", "method", "shots")] == [
            "aer",
            "statevector",
            7,
        ]
        circuit = TWO_QUBITS + "input float x;\nrx(x) q;"
        assert client.estimate(circuit, parameters={"x": 1})["shots"]
        with pytest.raises(CircuitError) as refusal:
            client.estimate(WRONG)
    assert (refusal.value.code, refusal.value.task_id) == ("unknown_gate", None)
    assert [each.line for each in refusal.value.problems] == [5, 6]


@pytest.fixture
def cli(service: Service) -> Callable[..., Run]:
    return lambda *arguments, **fields: quantumtask(*arguments, url=service.url, **fields)


def test_the_terminal_shows_size_time_and_engine(cli: Callable[..., Run]) -> None:
    done = cli("estimate", "-", "--shots", "5", "--engine", "aer", stdin=BELL)
    assert (done.returncode, done.stderr) == (0, "")
    facts, engine = done.stdout.splitlines()
    assert re.fullmatch(r"2 qubits · 5 shots · [\d.]+ \w+ of memory · about [\d.]+ ms", facts)
    assert engine.startswith("aer ")
    assert engine.endswith(", requested by the task")


def test_the_terminals_json_is_what_the_service_says(cli: Callable[..., Run]) -> None:
    circuit = TWO_QUBITS + "input float x;\nrx(x) q;\nc = measure q;"
    done = cli("estimate", "-", "--json", "--parameter", "x=0.5", stdin=circuit)
    assert set(json.loads(done.stdout)) == KEYS


def test_the_terminal_tells_every_problem_and_ends_with_status_one(cli: Callable[..., Run]) -> None:
    done = cli("estimate", "-", stdin=WRONG)
    assert (done.returncode, done.stdout) == (1, "")
    first, second = done.stderr.splitlines()
    assert first.startswith("quantumtask: the circuit would fail: line 5, column 1: ")
    assert second.strip().startswith("line 6, column 5: ")
    done = cli("estimate", "-", stdin=DEEP)
    assert done.returncode == 1
    assert "60 qubits" in done.stderr
    done = cli("estimate", "-", "--engine", "abacus", stdin=BELL)
    assert done.returncode == 3
    assert "abacus" not in done.stderr
    assert "lightning, qsim, stim, aer, quantumtask or pauli_prop" in done.stderr


def test_estimating_imports_no_simulator() -> None:
    script = (
        "import sys\n"
        "from quantumtask.shared.settings import Settings\n"
        "from quantumtask.shared.task import TaskSpec\n"
        "from quantumtask.worker.analysis.child import analyze\n"
        "from quantumtask.worker.analysis.messages import AnalysisKind, AnalysisRequest\n"
        f"spec = TaskSpec({BELL!r})\n"
        "assert analyze(AnalysisRequest(AnalysisKind.ESTIMATE, spec), Settings(), 1).ok\n"
        "assert analyze(AnalysisRequest(AnalysisKind.ENGINES), Settings(), 1).ok\n"
        "print(*sorted(name.partition('.')[0] for name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    imported = set(done.stdout.split())
    assert "quantumtask" in imported
    assert not imported & {
        "qiskit",
        "qiskit_aer",
        "stim",
        "pennylane",
        "pennylane_lightning",
        "qsimcirq",
    }


def test_the_prediction_is_the_same_whatever_was_run_before() -> None:
    settings = Settings()
    program = compile_circuit(T_GATE, settings)
    again = [estimate_run(program, shots=100, settings=settings) for _ in range(2)]
    assert again[0] == again[1]


def test_a_task_that_is_too_large_fails_with_the_numbers_and_the_remedies_of_its_estimate(
    service: Service,
) -> None:
    task = service.run(TOO_LARGE, engine="lightning")
    estimate = refused_estimate(service, TOO_LARGE, engine="lightning")
    assert task["error"] == estimate["detail"]
    number = r"the state of 40 qubits needs 20\.0 TiB of memory, and this slot has .* for it"
    remedy = r"At most \d+ qubits fit\. Without `engine`, the engine that needs least is chosen\."
    assert re.fullmatch(rf"{number}; all 2 slots have .*\. {remedy}", task["error"]), task["error"]
