"""Constant propagation: the same distribution of results from fewer gates."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantumtask.engines.transforms import constant_propagation as module
from quantumtask.engines.transforms.constant_propagation import (
    DIAGONAL,
    SYMMETRIC,
    propagate_constants,
)
from quantumtask.openqasm.program.operations import BASIC_GATES, Operation
from quantumtask.openqasm.program.program import Circuit, Measure
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, Result, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.engines.dense_reference import Dense
from tests.support.compile_circuit import compile_circuit

SETTINGS = Settings(slot_memory_mb=2048)
WIDTH = 4
HEAD = 'include "stdgates.inc"; '


@st.composite
def circuits(draw: st.DrawFn) -> Circuit:
    """Return gates of every name, many on qubits with definite values, and end measurements."""
    names = st.sampled_from(sorted(BASIC_GATES)) | st.sampled_from(
        ["x", "cx", "ccx", "swap", "cz", "h"]
    )
    steps: list[Operation | Measure] = []
    for name in draw(st.lists(names, max_size=12)):
        gate = BASIC_GATES[name]
        more = draw(st.integers(0, min(2, WIDTH - gate.num_qubits)))
        qubits = draw(st.permutations(range(WIDTH)))[: gate.num_qubits + more]
        params = [draw(st.sampled_from([0.3, math.pi, -1.9])) for _ in range(gate.num_parameters)]
        controls = draw(st.lists(st.booleans(), min_size=more, max_size=more))
        steps.append(Operation(gate, tuple(params), tuple(qubits), tuple(controls)))
    measured = draw(st.permutations(range(WIDTH)))[: draw(st.integers(0, WIDTH))]
    steps += [Measure(qubit, k) for k, qubit in enumerate(measured)]
    result_bits = st.sampled_from([0, 1, *(-1 - k for k in range(len(measured)))])
    bits = draw(st.lists(result_bits, max_size=6))
    return Circuit(
        tuple(steps), tuple(bits), len(measured), clifford=False, terminal_measurements_only=True
    )


def distribution(circuit: Circuit) -> dict[tuple[int, ...], float]:
    """Return the probability of each result."""
    state = Dense(WIDTH)
    state.apply([step for step in circuit.steps if isinstance(step, Operation)])
    measured = {step.outcome: step.qubit for step in circuit.steps if isinstance(step, Measure)}
    assert sorted(measured) == list(range(circuit.measurement_count))
    totals: dict[tuple[int, ...], float] = {}
    for values, weight in state.weights([measured[k] for k in sorted(measured)]).items():
        key = tuple(bit if bit >= 0 else values[-1 - bit] for bit in circuit.bits)
        totals[key] = totals.get(key, 0.0) + weight
    return {key: weight for key, weight in totals.items() if weight > 1e-12}


@given(circuits())
def test_the_results_have_the_same_distribution(circuit: Circuit) -> None:
    actual, expected = distribution(propagate_constants(circuit)), distribution(circuit)
    assert actual.keys() == expected.keys()
    assert all(abs(actual[key] - expected[key]) < 1e-9 for key in expected)


@given(circuits())
def test_what_is_settled_has_no_more_steps_and_is_told_truly(circuit: Circuit) -> None:
    reduced = propagate_constants(circuit)
    assert len(reduced.steps) <= len(circuit.steps)
    assert set(reduced.active_qubits) <= set(circuit.active_qubits)
    if reduced is not circuit:
        operations = [step for step in reduced.steps if isinstance(step, Operation)]
        assert reduced.clifford == all(operation.is_clifford for operation in operations)


def compiled(body: str) -> Circuit:
    circuit = compile_circuit(HEAD + body, SETTINGS).circuit
    assert circuit is not None
    return circuit


def test_of_an_adder_of_numbers_nothing_is_left() -> None:
    adder = "x q[0]; x q[2]; ccx q[0], q[2], q[3]; cx q[0], q[2]; swap q[2], q[1]; cz q[0], q[3];"
    circuit = propagate_constants(compiled(f"qubit[4] q; bit[4] c; {adder} c = measure q;"))
    assert (circuit.steps, circuit.bits, circuit.measurement_count) == ((), (1, 0, 0, 1), 0)


def test_a_control_that_is_1_is_left_out_and_its_qubit_measured_as_1() -> None:
    body = "x q[0]; h q[2]; negctrl @ x q[0], q[2]; ccx q[0], q[2], q[1];"
    circuit = propagate_constants(compiled(f"qubit[3] q; bit[3] c; {body} c = measure q;"))
    names = [s.gate.name for s in circuit.steps if isinstance(s, Operation)]
    assert (names, circuit.active_qubits, circuit.bits) == (["h", "cx"], (1, 2), (1, -1, -2))


@pytest.mark.parametrize(
    "body",
    [
        "h q; cx q[0], q[1]; c = measure q;",
        "x q[0]; c[0] = measure q[0]; x q[0]; c[1] = measure q[0];",
    ],
    ids=["no value is definite", "it goes on after measuring"],
)
def test_where_nothing_can_be_told_a_circuit_stays_as_it_is(body: str) -> None:
    circuit = compiled(f"qubit[2] q; bit[2] c; {body}")
    assert propagate_constants(circuit) is circuit


def test_sixty_qubits_of_which_few_are_uncertain_run() -> None:
    carries = "".join(f"ccx q[{k}], q[{k + 1}], q[{k + 2}];" for k in range(58))
    text = f"{HEAD}qubit[60] q; bit[60] c; x q[0]; x q[1]; rx(1) q[59]; {carries} c = measure q;"
    result = execute(TaskSpec(text, shots=2000), SETTINGS)
    assert isinstance(result, Result)
    assert set(result.counts.split('"')[1::2]) == {"0" + "1" * 59, "1" * 60}


MISTAKES = {
    "a target taken for a control": ("SYMMETRIC", SYMMETRIC | {"cx"}),
    "a flip forgotten": ("BIT_FLIPS", frozenset(["y", "z"])),
    "a gate taken for diagonal": ("DIAGONAL", DIAGONAL | {"sx"}),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_comparison_finds_mistakes(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, *MISTAKES[mistake])
    every = [
        compiled(f"qubit[2] q; bit[2] c; {body} c = measure q;")
        for body in ("h q[0]; cx q[0], q[1];", "z q[0];", "sx q[0];")
    ]
    assert any(
        distribution(propagate_constants(circuit)) != distribution(circuit) for circuit in every
    )


def test_our_stabilizer_state_is_for_programs_whose_every_gate_is_clifford() -> None:
    text = f"{HEAD}qubit[2] q; bit[2] c; t q[0]; h q[1]; c = measure q;"
    failure = execute(TaskSpec(text, engine="quantumtask", method="stabilizer"), SETTINGS)
    assert isinstance(failure, Failure)
    assert failure.code == "engine_unsuitable"
    assert isinstance(execute(TaskSpec(text, engine="quantumtask"), SETTINGS), Result)
