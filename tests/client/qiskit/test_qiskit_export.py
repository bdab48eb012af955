"""Tests that the exported text of a Qiskit circuit is equal to the circuit."""

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
from quantumtask.export.program import lower
from quantumtask.export.writer import UnboundCircuit
from quantumtask.shared.settings import Settings
from tests.client.qiskit.qiskit_circuits import (
    GATES,
    PARAMETRIC,
    build_matrix,
    equal_up_to_phase,
    standard_gates,
)
from tests.client.qiskit.qiskit_dynamic import UNSUPPORTED
from tests.support.compile_circuit import compile_circuit
from tests.support.sizes import examples

ANGLES = st.floats(-2 * math.pi, 2 * math.pi).map(lambda angle: round(angle, 6))

pytestmark = [  # warnings of Qiskit about its deprecated gates and about SciPy
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning"),
]


def check_export(circuit: QuantumCircuit) -> None:
    text = lower(circuit).text
    matrix = build_matrix(text, circuit.num_qubits)
    assert equal_up_to_phase(matrix, Operator(circuit).data), text


def test_the_export_of_a_standard_gate_inverted_or_controlled_is_equal() -> None:
    wrong_names = []
    for name, circuit in standard_gates():
        if not equal_up_to_phase(
            build_matrix(lower(circuit).text, circuit.num_qubits), Operator(circuit).data
        ):
            wrong_names.append(name)
    assert wrong_names == []


@pytest.mark.parametrize("name", GATES)
def test_the_export_of_a_circuit_of_gates_is_equal(name: str) -> None:
    check_export(GATES[name]())


@pytest.mark.parametrize("name", PARAMETRIC)
def test_the_export_of_a_circuit_with_parameters_is_equal_at_each_point(name: str) -> None:
    circuit = PARAMETRIC[name]()
    exported = lower(circuit)
    points = np.random.default_rng(3).uniform(-3, 3, (3, circuit.num_parameters))
    inputs = exported.values(dict(zip(circuit.parameters, points.T, strict=True)))
    for k, point in enumerate(points):
        values = {name: float(array[k]) for name, array in inputs.items()}
        matrix = build_matrix(exported.text, circuit.num_qubits, values)
        assert equal_up_to_phase(matrix, Operator(circuit.assign_parameters(point)).data)


ALL_GATES = tuple(
    gate for gate in get_standard_gate_name_mapping().values() if isinstance(gate, Gate)
)


@st.composite
def circuits(draw: st.DrawFn, qubits: int = 4, max_depth: int = 2) -> QuantumCircuit:
    """Generate gates on any qubits: plain, inverted, under controls, and in composite gates."""
    circuit = QuantumCircuit(qubits)
    circuit.global_phase = draw(ANGLES)
    for _ in range(draw(st.integers(0, 6))):
        if max_depth and qubits > 1 and draw(st.integers(0, 3)) == 0:
            size = draw(st.integers(1, qubits))
            gate: Any = draw(circuits(size, max_depth - 1)).to_gate()
        else:
            fitting = [gate for gate in ALL_GATES if gate.num_qubits <= qubits]
            gate = draw(st.sampled_from(fitting))
            if gate.params:
                gate = type(gate)(*[draw(ANGLES) for _ in gate.params])
        if draw(st.booleans()):
            gate = gate.inverse(annotated=draw(st.booleans()))
        spare = qubits - gate.num_qubits
        if spare and draw(st.booleans()):
            controls = draw(st.integers(1, min(2, spare)))
            state = draw(st.integers(0, 2**controls - 1))
            annotated = draw(st.booleans())
            try:
                gate = gate.control(controls, ctrl_state=state, annotated=annotated)
            except QiskitError:  # Qiskit cannot control a gate that holds annotated operations
                reject()
        circuit.append(gate, draw(st.permutations(range(qubits)))[: gate.num_qubits])
    return circuit


@given(circuits())
@settings(max_examples=examples(60), deadline=None)
def test_the_export_of_any_circuit_of_gates_is_equal(circuit: QuantumCircuit) -> None:
    check_export(circuit)


POWERS = (0.5, -0.5, 2, 2.0, -1, 0.25, 1 / 3, -2.5, 3, 0, 1.5, -1.0)


def _composite() -> Gate:
    circuit = QuantumCircuit(2, global_phase=0.4)
    circuit.h(0)
    circuit.append(XGate().power(-0.5, annotated=True), [0])
    circuit.rxx(0.3, 0, 1)
    return circuit.to_gate()


@st.composite
def annotated_operations(draw: st.DrawFn) -> AnnotatedOperation:
    """Generate a gate, a matrix or a Clifford under any modifiers, on at most 7 qubits."""
    angle = st.sampled_from([math.pi, 0.3, -1.2, 2 * math.pi, math.pi / 2, -math.pi / 4])
    kind = draw(st.integers(0, 9))
    base: Any = draw(st.sampled_from(ALL_GATES))
    if kind == 0:
        base = _composite()
    elif kind == 1:
        base = UnitaryGate(
            random_unitary(2 ** draw(st.integers(1, 2)), seed=draw(st.integers(0, 99)))
        )
    elif kind == 2:
        base = Clifford(random_clifford(2, seed=draw(st.integers(0, 99))))
    elif base.params:
        base = type(base)(*[draw(angle) for _ in base.params])
    modifiers: list[Any] = []
    size = base.num_qubits
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.integers(0, 2))
        if kind == 0:
            modifiers.append(InverseModifier())
        elif kind == 1 and size < 6:
            controls = draw(st.integers(1, 2))
            size += controls
            modifiers.append(ControlModifier(controls, draw(st.integers(0, 2**controls - 1))))
        else:
            modifiers.append(PowerModifier(draw(st.sampled_from(POWERS))))
    return AnnotatedOperation(base, modifiers)


@pytest.mark.slow_first
@given(annotated_operations())
@settings(max_examples=examples(120), deadline=None)
def test_the_export_of_an_annotated_operation_has_its_matrix(operation: AnnotatedOperation) -> None:
    circuit = QuantumCircuit(operation.num_qubits)
    circuit.append(operation, range(operation.num_qubits))
    matrix = build_matrix(lower(circuit).text, circuit.num_qubits)
    assert equal_up_to_phase(matrix, operation.to_matrix().data)


def test_a_fractional_power_is_exported_as_pow() -> None:
    circuit = QuantumCircuit(1)
    circuit.append(XGate().power(-0.5, annotated=True), [0])
    circuit.append(AnnotatedOperation(RXGate(Parameter("a")), [PowerModifier(0.5)]), [0])
    assert lower(circuit).text.endswith("pow(-0.5) @ x q[0];\npow(0.5) @ rx(a) q[0];\n")


def test_a_fractional_power_under_many_controls_is_computed_before_the_controls() -> None:
    operation = AnnotatedOperation(ECRGate(), [PowerModifier(0.5), ControlModifier(5, 19)])
    circuit = QuantumCircuit(7)
    circuit.append(operation, range(7))
    check_export(circuit)


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
    small, large = (build_matrix(lower(each).text, each.num_qubits) for each in circuits)
    assert equal_up_to_phase(large[63::64, 63::64], small[1::2, 1::2])


def test_a_root_with_a_parameter_under_many_controls_must_be_bound_first() -> None:
    modifiers = [PowerModifier(0.5), ControlModifier(6)]
    circuit = QuantumCircuit(7)
    circuit.append(AnnotatedOperation(RXGate(Parameter("a")), modifiers), range(7))
    with pytest.raises(UnboundCircuit):
        lower(circuit)
    check_export(circuit.assign_parameters([0.3]))


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
    exported = lower(circuit)
    values = np.random.default_rng(4).uniform(-2, 2, circuit.num_parameters)
    inputs = exported.values(dict(zip(circuit.parameters, values, strict=True)))
    matrix = build_matrix(exported.text, 3, {name: float(array) for name, array in inputs.items()})
    assert equal_up_to_phase(matrix, Operator(circuit.assign_parameters(values)).data)


def test_an_instruction_with_a_reset_is_refused_under_a_modifier() -> None:
    inner = QuantumCircuit(1)
    inner.reset(0)
    circuit = QuantumCircuit(2)
    operation = AnnotatedOperation(inner.to_instruction(), [ControlModifier(1)])
    circuit.append(operation, [0, 1])
    with pytest.raises(UnsupportedCircuit, match="instructions that are not gates"):
        lower(circuit)


def test_a_definition_that_contains_itself_is_refused() -> None:
    with pytest.raises(UnsupportedCircuit, match="contains itself"):
        lower(UNSUPPORTED["endless"]())


def test_a_circuit_with_input_variables_is_refused() -> None:
    circuit = QuantumCircuit(1, inputs=[expr.Var.new("x", types.Bool())])
    with pytest.raises(UnsupportedCircuit, match="input variables"):
        lower(circuit)


def test_the_error_of_an_infinite_argument_names_its_gate() -> None:
    circuit = QuantumCircuit(1)
    circuit.rx(math.inf, 0)
    with pytest.raises(UnsupportedCircuit, match="instruction 'rx' cannot be sent: inf"):
        lower(circuit)


def test_a_subclass_of_a_standard_gate_is_exported_as_that_gate_as_qiskit_sees_it() -> None:
    class Flip(XGate):
        def _define(self) -> None:
            self._definition = QuantumCircuit(1, name="flip")

    circuit = QuantumCircuit(1)
    circuit.append(Flip(), [0])
    assert Operator(circuit) == Operator(XGate())
    assert lower(circuit).text.endswith("qubit[1] q;\nx q[0];\n")
