"""A Qiskit circuit that is sent means what it meant."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Gate
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Operator

from quantumtask.client.qiskit import UnsupportedCircuit
from quantumtask.client.qiskit.lowering import lower
from tests.qiskit_circuits import GATES, PARAMETRIC, meaning, same, standard
from tests.qiskit_dynamic import REFUSED

ANGLES = st.floats(-2 * math.pi, 2 * math.pi).map(lambda angle: round(angle, 6))

pytestmark = [  # Qiskit's own, about gates that it keeps for old circuits, and about SciPy
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning"),
]


def assert_same(circuit: QuantumCircuit) -> None:
    text = lower(circuit).text
    found = meaning(text, circuit.num_qubits)
    assert same(found, Operator(circuit).data), text


def test_a_standard_gate_means_the_same_inverted_and_controlled() -> None:
    wrong = []
    for name, circuit in standard():
        if not same(meaning(lower(circuit).text, circuit.num_qubits), Operator(circuit).data):
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("name", GATES)
def test_a_circuit_of_gates_means_the_same(name: str) -> None:
    assert_same(GATES[name]())


@pytest.mark.parametrize("name", PARAMETRIC)
def test_a_circuit_with_parameters_means_the_same_when_they_are_bound(name: str) -> None:
    circuit = PARAMETRIC[name]()
    lowered = lower(circuit)
    points = np.random.default_rng(3).uniform(-3, 3, (3, circuit.num_parameters))
    inputs = lowered.values(dict(zip(circuit.parameters, points.T, strict=True)))
    for k, point in enumerate(points):
        values = {name: float(array[k]) for name, array in inputs.items()}
        found = meaning(lowered.text, circuit.num_qubits, values)
        assert same(found, Operator(circuit.assign_parameters(point)).data)


CHOICE = tuple(gate for gate in get_standard_gate_name_mapping().values() if isinstance(gate, Gate))


@st.composite
def circuits(draw: st.DrawFn, qubits: int = 4, deepest: int = 2) -> QuantumCircuit:
    """Gates on any qubits, as they are, turned around, under controls, and in composite gates."""
    circuit = QuantumCircuit(qubits)
    circuit.global_phase = draw(ANGLES)
    for _ in range(draw(st.integers(0, 6))):
        if deepest and qubits > 1 and draw(st.integers(0, 3)) == 0:
            size = draw(st.integers(1, qubits))
            gate: Any = draw(circuits(size, deepest - 1)).to_gate()
        else:
            fitting = [gate for gate in CHOICE if gate.num_qubits <= qubits]
            chosen = draw(st.sampled_from(fitting))
            gate = type(chosen)(*[draw(ANGLES) for _ in chosen.params]) if chosen.params else chosen
        if draw(st.booleans()):
            gate = gate.inverse(annotated=draw(st.booleans()))
        spare = qubits - gate.num_qubits
        if spare and draw(st.booleans()):
            controls = draw(st.integers(1, min(2, spare)))
            state = draw(st.integers(0, 2**controls - 1))
            annotated = draw(st.booleans())
            try:
                gate = gate.control(controls, ctrl_state=state, annotated=annotated)
            except QiskitError:  # it cannot itself, where the gate holds annotated ones
                reject()
        circuit.append(gate, draw(st.permutations(range(qubits)))[: gate.num_qubits])
    return circuit


@given(circuits())
@settings(max_examples=60, deadline=None)
def test_any_circuit_of_gates_means_the_same(circuit: QuantumCircuit) -> None:
    assert_same(circuit)


def test_an_endless_definition_is_refused_and_not_followed() -> None:
    with pytest.raises(UnsupportedCircuit, match="contains itself"):
        lower(REFUSED["endless"]())


def test_a_circuit_with_inputs_of_its_own_is_refused() -> None:
    circuit = QuantumCircuit(1, inputs=[expr.Var.new("x", types.Bool())])
    with pytest.raises(UnsupportedCircuit, match="input variables"):
        lower(circuit)


def test_an_argument_that_is_no_number_is_refused_by_its_gate() -> None:
    circuit = QuantumCircuit(1)
    circuit.rx(math.inf, 0)
    with pytest.raises(UnsupportedCircuit, match="instruction 'rx' cannot be sent: inf"):
        lower(circuit)
