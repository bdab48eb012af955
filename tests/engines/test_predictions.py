"""Predictions of hostile circuits: never below a third of the truth, or not known."""

import time
from typing import Any

import pytest

from quantumtask.engines.limits import name_remedy, out_of_memory
from quantumtask.shared.machine import machine_memory_bytes
from quantumtask.shared.settings import MIB, Settings
from quantumtask.shared.task import AUTO, Failure, FailureCode, Result, TaskSpec
from quantumtask.worker.analysis.child import analyze
from quantumtask.worker.analysis.messages import AnalysisKind, AnalysisRequest
from quantumtask.worker.slots.execute import execute, execute_or_request
from tests.support.services import TOO_LARGE
from tests.support.sizes import sized

SETTINGS = Settings(slots=1, slot_memory_mb=4000)
FLOOR_S = 0.01
"""Time that a busy machine adds to a run of some milliseconds."""

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '


def with_controls(controls: int, qubits: int, gate: str = "x") -> str:
    """Return a gate with many controls, all in superposition."""
    targets = ", ".join(f"q[{k}]" for k in range(controls + 1))
    return (
        f"{HEAD} qubit[{qubits}] q; bit[{qubits}] c; h q; "
        f"ctrl({controls}) @ {gate} {targets}; c = measure q;"
    )


def measured_again(qubits: int, rounds: int) -> str:
    """Return a program that measures one qubit again and again, and acts on the outcome."""
    return (
        f"{HEAD} qubit[{qubits}] q; bit[{qubits}] c; bit[{rounds}] m; h q; "
        f"for int k in [0:{rounds - 1}] {{ h q[0]; m[k] = measure q[0]; "
        "if (m[k]) { rx(0.2) q[1]; } } c = measure q;"
    )


def repeated_until_success(rounds: int) -> str:
    """Return a program with a loop whose end depends on outcomes, in another loop."""
    return (
        f"{HEAD} qubit[2] q; bit[2] c; bit b; for int k in [1:{rounds}] {{ h q[0]; "
        "b = measure q[0]; while (b) { h q[0]; b = measure q[0]; } } c = measure q;"
    )


def far_gates(qubits: int, gates: int) -> str:
    """Return gates between the two halves of a row of qubits that stays little entangled."""
    pairs = "".join(
        f"cx q[{7 * k % qubits}], q[{(7 * k + qubits // 2) % qubits}]; t q[{k % qubits}];"
        for k in range(gates)
    )
    return f"{HEAD} qubit[{qubits}] q; bit[{qubits}] c; h q[0]; {pairs} c = measure q;"


CHEAP = {
    "controls in a matrix product state": (with_controls(6, 30), 100),
    "measured again": (measured_again(15, 12), 2),
    "loops": (repeated_until_success(30), 8),
    "far gates": (far_gates(100, 100), 100),
}
DEAR = {
    "controls in a state vector": (with_controls(13, 14), 100),
    "rotation with controls": (with_controls(15, 16, "rx(0.3)"), 100),
    "controls in 20 qubits": (with_controls(19, 20), 100),
    "controls of a unitary": (with_controls(21, 22, "U(1, 2, 3)"), 100),
    "rotation with 20 controls": (with_controls(20, 21, "rx(0.3)"), 100),
    "measured again in 16 qubits": (measured_again(16, 200), 4),
    "measured again, many shots": (measured_again(14, 30), 64),
    "far gates in 300 qubits": (far_gates(300, 200), 100),
    "long loops": (repeated_until_success(3000), 64),
}
CORPUS = sized(CHEAP, CHEAP | DEAR)


def estimate(circuit: str, shots: int) -> dict[str, Any]:
    request = AnalysisRequest(AnalysisKind.ESTIMATE, TaskSpec(circuit, shots=shots))
    return analyze(request, SETTINGS, 1).body


def run(circuit: str, shots: int, number: int) -> float:
    """Run a circuit that no cache has; return the processor time in seconds."""
    began = time.process_time()
    result = execute(TaskSpec(f"{circuit}\n// {number}", shots=shots), SETTINGS)
    assert isinstance(result, Result), result
    return time.process_time() - began


@pytest.mark.parametrize("name", CORPUS)
def test_no_prediction_is_below_a_third_of_the_truth(name: str) -> None:
    circuit, shots = CORPUS[name]
    run(circuit, shots, 0)  # loads the engine
    truth = min(run(circuit, shots, number) for number in (1, 2))
    predicted = estimate(circuit, shots)
    assert predicted["seconds"] is None or 3 * predicted["seconds"] + FLOOR_S > truth, predicted


def test_what_may_run_out_of_memory_is_not_predicted_to_be_small() -> None:
    answer = estimate(with_controls(32, 33), 100)
    assert answer["code"] == FailureCode.OUT_OF_MEMORY
    assert "upper bound" in answer["message"]


def test_a_gate_with_many_controls_runs_on_a_state_vector_that_fits() -> None:
    assert estimate(with_controls(19, 20), 100)["method"] == "statevector"


def test_the_time_of_a_shot_with_too_many_steps_is_not_known() -> None:
    assert estimate(repeated_until_success(3000), 100)["seconds"] is None


def test_a_state_beyond_all_slots_is_refused_with_their_memory_by_task_and_estimate() -> None:
    two = Settings(slots=2, slot_memory_mb=1000)
    answer = analyze(AnalysisRequest(AnalysisKind.ESTIMATE, TaskSpec(TOO_LARGE)), two, 1).body
    failure = execute_or_request(TaskSpec(TOO_LARGE), two, 1)
    assert isinstance(failure, Failure)
    for message in (answer["message"], failure.message):
        assert "this slot has 744.0 MiB" in message
        assert "needs 16.0 TiB of memory" in message
        assert "all 2 slots have 1.7 GiB. At most 26 qubits fit." in message


def test_the_remedies_of_a_state_that_is_too_large() -> None:
    def remedies(qubits: int, needed: int, settings: Settings, engine: str = AUTO) -> str:
        error = out_of_memory(qubits, needed, 2**30)
        return name_remedy(error, settings, engine).message.partition("for it")[2]

    one = Settings(slots=1, slot_memory_mb=1280)
    assert remedies(40, 16 << 40, one) == ". At most 26 qubits fit."
    assert remedies(20, 32 << 40, one) == ". At most 12 qubits fit."  # a density matrix
    assert remedies(40, 16 << 40, one, "aer").endswith(
        "fit. Without `engine`, the engine that needs least is chosen."
    )
    machine = machine_memory_bytes() // MIB
    small = Settings(slots=1, slot_memory_mb=machine // 4)
    assert "raise QUANTUMTASK_SLOT_MEMORY_MB" in remedies(27, machine * MIB // 2, small)
    of_ray = Settings(slots=4, slot_memory_mb=1280, executor="ray")
    text = remedies(27, 3 << 30, of_ray)
    assert "all" not in text
    assert "--slots 1, or QUANTUMTASK_SLOTS=1" in text
