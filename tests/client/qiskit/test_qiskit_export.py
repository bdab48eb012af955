"""A Qiskit circuit that is sent means what it meant."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import (
    AnnotatedOperation,
    ControlModifier,
    Gate,
    InverseModifier,
    Parameter,
    PowerModifier,
)
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import (
    ECRGate,
    RXGate,
    UnitaryGate,
    XGate,
    efficient_su2,
    get_standard_gate_name_mapping,
)
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Clifford, Operator, random_clifford, random_unitary

from quantumtask.client.qiskit import UnsupportedCircuit
from quantumtask.client.qiskit.export.program import lower
from quantumtask.client.qiskit.export.writer import UnboundCircuit
from quantumtask.shared.settings import Settings
from tests.client.qiskit.qiskit_circuits import GATES, PARAMETRIC, meaning, same, standard
from tests.client.qiskit.qiskit_dynamic import REFUSED
from tests.support.compile_circuit import compile_circuit
from tests.support.sizes import examples

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
@settings(max_examples=examples(60), deadline=None)
def test_any_circuit_of_gates_means_the_same(circuit: QuantumCircuit) -> None:
    assert_same(circuit)


POWERS = (0.5, -0.5, 2, 2.0, -1, 0.25, 1 / 3, -2.5, 3, 0, 1.5, -1.0)


def _composite() -> Gate:
    circuit = QuantumCircuit(2, global_phase=0.4)
    circuit.h(0)
    circuit.append(XGate().power(-0.5, annotated=True), [0])
    circuit.rxx(0.3, 0, 1)
    return circuit.to_gate()


@st.composite
def annotated(draw: st.DrawFn) -> AnnotatedOperation:
    """Any gate, composite gate, matrix or Clifford under any modifiers, on 7 qubits at most."""
    angle = st.sampled_from([math.pi, 0.3, -1.2, 2 * math.pi, math.pi / 2, -math.pi / 4])
    kind = draw(st.integers(0, 9))
    chosen: Any = draw(st.sampled_from(CHOICE))
    if kind == 0:
        chosen = _composite()
    elif kind == 1:
        chosen = UnitaryGate(
            random_unitary(2 ** draw(st.integers(1, 2)), seed=draw(st.integers(0, 99)))
        )
    elif kind == 2:
        chosen = Clifford(random_clifford(2, seed=draw(st.integers(0, 99))))
    elif chosen.params:
        chosen = type(chosen)(*[draw(angle) for _ in chosen.params])
    modifiers: list[Any] = []
    size = chosen.num_qubits
    for _ in range(draw(st.integers(1, 4))):
        one = draw(st.integers(0, 2))
        if one == 0:
            modifiers.append(InverseModifier())
        elif one == 1 and size < 6:
            controls = draw(st.integers(1, 2))
            size += controls
            modifiers.append(ControlModifier(controls, draw(st.integers(0, 2**controls - 1))))
        else:
            modifiers.append(PowerModifier(draw(st.sampled_from(POWERS))))
    return AnnotatedOperation(chosen, modifiers)


@given(annotated())
@settings(max_examples=examples(120), deadline=None)
def test_an_annotated_operation_means_what_its_matrix_is(operation: AnnotatedOperation) -> None:
    circuit = QuantumCircuit(operation.num_qubits)
    circuit.append(operation, range(operation.num_qubits))
    found = meaning(lower(circuit).text, circuit.num_qubits)
    assert same(found, operation.to_matrix().data)


def test_a_fraction_of_a_gate_is_taken_by_the_service() -> None:
    circuit = QuantumCircuit(1)
    circuit.append(XGate().power(-0.5, annotated=True), [0])
    circuit.append(AnnotatedOperation(RXGate(Parameter("a")), [PowerModifier(0.5)]), [0])
    assert lower(circuit).text.endswith("pow(-0.5) @ x q[0];\npow(0.5) @ rx(a) q[0];\n")


def test_a_fraction_under_more_controls_than_a_root_may_have_is_controlled_afterwards() -> None:
    operation = AnnotatedOperation(ECRGate(), [PowerModifier(0.5), ControlModifier(5, 19)])
    circuit = QuantumCircuit(7)
    circuit.append(operation, range(7))
    assert_same(circuit)


@pytest.mark.parametrize("multiple", [2, 14, -98])
def test_a_root_under_many_controls_has_the_branch_of_the_service(multiple: int) -> None:
    few, many = (
        AnnotatedOperation(
            RXGate(multiple * math.pi), [PowerModifier(0.5), ControlModifier(controls)]
        )
        for controls in (1, 6)
    )
    circuits = [QuantumCircuit(2), QuantumCircuit(7)]
    circuits[0].append(few, range(2))
    circuits[1].append(many, range(7))
    small, large = (meaning(lower(each).text, each.num_qubits) for each in circuits)
    assert same(large[63::64, 63::64], small[1::2, 1::2])


def test_a_root_under_many_controls_is_bound_before_it_is_taken() -> None:
    modifiers = [PowerModifier(0.5), ControlModifier(6)]
    circuit = QuantumCircuit(7)
    circuit.append(AnnotatedOperation(RXGate(Parameter("a")), modifiers), range(7))
    with pytest.raises(UnboundCircuit):
        lower(circuit)
    assert_same(circuit.assign_parameters([0.3]))


@pytest.mark.parametrize("power", [Parameter("a"), 1j, math.nan])
def test_a_power_that_is_no_real_number_is_refused(power: Any) -> None:
    circuit = QuantumCircuit(1)
    circuit.append(AnnotatedOperation(XGate(), [PowerModifier(power)]), [0])
    with pytest.raises(UnsupportedCircuit, match="number"):
        lower(circuit)


def test_controls_of_several_modifiers_are_counted_together() -> None:
    modifiers = [ControlModifier(20), ControlModifier(13, 0)]
    circuit = QuantumCircuit(34)
    circuit.append(AnnotatedOperation(XGate(), modifiers), range(34))
    assert compile_circuit(lower(circuit).text, Settings()).qubits == 34


def test_a_composite_gate_under_a_modifier_keeps_its_parameters() -> None:
    circuit = QuantumCircuit(3)
    gate = efficient_su2(2, reps=1).to_gate()
    modifiers = [PowerModifier(-0.5), ControlModifier(1, 0)]
    circuit.append(AnnotatedOperation(gate, modifiers), [2, 0, 1])
    lowered = lower(circuit)
    values = np.random.default_rng(4).uniform(-2, 2, circuit.num_parameters)
    inputs = lowered.values(dict(zip(circuit.parameters, values, strict=True)))
    found = meaning(lowered.text, 3, {name: float(array) for name, array in inputs.items()})
    assert same(found, Operator(circuit.assign_parameters(values)).data)


def test_what_is_not_made_of_gates_alone_is_refused_under_a_modifier() -> None:
    inner = QuantumCircuit(1)
    inner.reset(0)
    circuit = QuantumCircuit(2)
    operation = AnnotatedOperation(inner.to_instruction(), [ControlModifier(1)])
    circuit.append(operation, [0, 1])
    with pytest.raises(UnsupportedCircuit, match="other instructions than gates"):
        lower(circuit)


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
