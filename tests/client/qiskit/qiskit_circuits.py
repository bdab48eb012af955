"""Circuits of Qiskit that are hard to express in OpenQASM, and the matrix of an exported text."""

import json
import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit import (
    AncillaRegister,
    AnnotatedOperation,
    ControlModifier,
    Gate,
    InverseModifier,
    Parameter,
    ParameterVector,
    PowerModifier,
    Qubit,
)
from qiskit.circuit import library as gates
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.quantum_info import Clifford, SparsePauliOp, random_clifford, random_unitary

from quantumtask.openqasm.program.operations import Operation
from quantumtask.shared.settings import Settings
from tests.engines.dense_reference import Dense
from tests.support.compile_circuit import compile_circuit

Matrix = NDArray[np.complex128]
SETTINGS = Settings(slot_memory_mb=2048)
ANGLES = (0.3, -1.1, 2.5, 0.7)


def build_matrix(text: str, qubits: int, parameters: Mapping[str, float] | None = None) -> Matrix:
    """Return the matrix of a text that has only gates, as the service compiles it."""
    values = json.dumps(dict(parameters)) if parameters else None
    program = compile_circuit(text, SETTINGS, values)
    assert program.circuit is not None
    assert program.qubits == qubits
    state = Dense(2 * qubits)
    state.vector = np.eye(2**qubits, dtype=np.complex128).reshape((2,) * (2 * qubits))
    steps = [step for step in program.circuit.steps if isinstance(step, Operation)]
    assert len(steps) == len(program.circuit.steps)
    state.apply(steps)
    return state.vector.reshape(2**qubits, 2**qubits).T


def equal_up_to_phase(left: Matrix, right: Matrix) -> bool:
    """Return True if two matrices are equal up to a global phase."""
    overlap = np.vdot(left, right)
    return bool(
        abs(overlap) > 1e-9 and np.allclose(left * overlap / abs(overlap), right, atol=1e-8)
    )


def _on(operation: object, qubits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(qubits)
    circuit.append(operation, range(qubits))
    return circuit


def standard_gates() -> Iterator[tuple[str, QuantumCircuit]]:
    """Yield each standard gate unchanged, inverted, and under open and closed controls."""
    for name, template in get_standard_gate_name_mapping().items():
        if not isinstance(template, Gate):
            continue
        gate = type(template)(*ANGLES[: len(template.params)]) if template.params else template
        yield name, _on(gate, gate.num_qubits)
        yield f"{name} inverted", _on(gate.inverse(), gate.num_qubits)
        yield f"{name} if 0", _on(gate.control(1, ctrl_state=0), gate.num_qubits + 1)
        yield f"{name} if 01", _on(gate.control(2, ctrl_state=1), gate.num_qubits + 2)
        annotated = AnnotatedOperation(
            gate, [PowerModifier(3), ControlModifier(2, 2), InverseModifier()]
        )
        yield f"{name} annotated", _on(annotated, gate.num_qubits + 2)


def _composite() -> QuantumCircuit:
    """Return different gates with equal names, one with the name of a standard gate."""
    inner = QuantumCircuit(2, name="thing")
    inner.h(0)
    inner.cx(0, 1)
    other = QuantumCircuit(2, name="thing", global_phase=0.4)
    other.rz(0.3, 0)
    other.append(inner.to_gate(), [1, 0])
    fake = QuantumCircuit(1, name="x")
    fake.t(0)
    circuit = QuantumCircuit(3)
    circuit.append(inner.to_gate(), [0, 1])
    circuit.append(other.to_gate(), [1, 2])
    circuit.append(other.to_gate().control(1, ctrl_state=0), [2, 0, 1])
    circuit.append(fake.to_gate(), [0])
    circuit.append(fake.to_gate().control(2), [0, 1, 2])
    circuit.append(inner.to_gate().inverse(), [0, 2])
    circuit.append(inner.to_gate().power(2), [0, 2])
    circuit.append(inner.to_gate().repeat(3), [0, 2])
    return circuit


def _registers() -> QuantumCircuit:
    """Registers that share qubits, in another order, and qubits that are in none."""
    loose = [Qubit() for _ in range(2)]
    first = QuantumRegister(2, "qubit")
    both = QuantumRegister(bits=[first[1], loose[0]], name="let")
    circuit = QuantumCircuit(loose, first, both, AncillaRegister(1, "θ"), name="gate")
    circuit.h(both[0])
    circuit.cx(both[0], both[1])
    circuit.ry(0.4, loose[1])
    circuit.cz(loose[1], first[0])
    circuit.cx(first[0], 4)
    return circuit


def _own_matrix() -> QuantumCircuit:
    class Odd(Gate):
        def __init__(self) -> None:
            super().__init__("cx", 2, [])

        def __array__(self, dtype: object = None, copy: object = None) -> Matrix:
            return random_unitary(4, seed=5).data

    return _on(Odd(), 2)


def _phases() -> QuantumCircuit:
    inner = QuantumCircuit(1, global_phase=0.9)
    inner.rx(0.2, 0)
    circuit = QuantumCircuit(2, global_phase=1.2)
    circuit.h(0)
    circuit.append(inner.to_gate().control(1), [0, 1])
    circuit.append(gates.GlobalPhaseGate(0.3).control(1), [0])
    circuit.append(gates.GlobalPhaseGate(0.7), [])
    circuit.append(gates.GlobalPhaseGate(0.7).control(2, ctrl_state=1), [0, 1])
    return circuit


def _clifford() -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    circuit.append(random_clifford(3, seed=3), [2, 0, 1])
    twice = AnnotatedOperation(Clifford(random_clifford(1, seed=3)), [ControlModifier(1)])
    circuit.append(twice, [0, 1])
    return circuit


def _evolution() -> QuantumCircuit:
    operator = SparsePauliOp(["XXI", "ZZI", "IIX", "III"], [0.3, 0.7, -0.2, 0.5])
    return _on(gates.PauliEvolutionGate(operator, time=0.8), 3)


def _hidden() -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    circuit.append(gates.HiddenLinearFunction([[1, 1, 0], [1, 0, 1], [0, 1, 1]]), range(3))
    return circuit


GATES: dict[str, Callable[[], QuantumCircuit]] = {
    "composite gates with one name": _composite,
    "registers that overlap": _registers,
    "a gate that is only a matrix": _own_matrix,
    "global phases": _phases,
    "Cliffords": _clifford,
    "evolution": _evolution,
    "evolution under control": lambda: _on(
        gates.PauliEvolutionGate(SparsePauliOp(["XX", "II"], [0.3, 0.5]), 0.8).control(1), 3
    ),
    "hidden linear function": _hidden,
    "one-qubit matrix": lambda: _on(gates.UnitaryGate(random_unitary(2, seed=1)), 1),
    "two-qubit matrix": lambda: _on(gates.UnitaryGate(random_unitary(4, seed=1)), 2),
    "three-qubit matrix": lambda: _on(gates.UnitaryGate(random_unitary(8, seed=1)), 3),
    "matrix under control": lambda: _on(
        gates.UnitaryGate(random_unitary(2, seed=1)).control(2, ctrl_state=2), 3
    ),
    "matrix under annotated control": lambda: _on(
        gates.UnitaryGate(random_unitary(2, seed=1)).control(2, annotated=True), 3
    ),
    "a fraction of a gate": lambda: _on(gates.CXGate().power(0.3), 2),
    "an annotated fraction": lambda: _on(AnnotatedOperation(gates.CXGate(), PowerModifier(0.3)), 2),
    "MCX": lambda: _on(gates.MCXGate(5, ctrl_state=19), 6),
    "MCP": lambda: _on(gates.MCPhaseGate(0.3, 4), 5),
    "MCMT": lambda: _on(gates.MCMTGate(gates.HGate(), 2, 2), 4),
    "QFT": lambda: _on(gates.QFTGate(4), 4),
    "inverse QFT under control": lambda: _on(gates.QFTGate(2).inverse().control(1), 3),
    "permutation": lambda: _on(gates.PermutationGate([2, 0, 3, 1]), 4),
    "Pauli": lambda: _on(gates.PauliGate("XYZ"), 3),
    "diagonal": lambda: _on(gates.DiagonalGate([1, -1, 1j, 1, 1, 1, -1j, 1]), 3),
    "multiplexer": lambda: _on(
        gates.UCGate([random_unitary(2, seed=k).data for k in range(4)], True), 3
    ),
    "multiplexed rotation": lambda: _on(gates.UCRYGate([0.1, 0.2, 0.3, 0.4]), 3),
    "GMS": lambda: _on(gates.MSGate(3, 0.3), 3),
    "linear function": lambda: _on(gates.LinearFunction([[1, 1, 0], [0, 1, 0], [1, 0, 1]]), 3),
    "adder": lambda: _on(gates.ModularAdderGate(2), 4),
    "multiplier": lambda: _on(gates.MultiplierGate(1), 4),
    "comparator": lambda: gates.IntegerComparator(2, 2, geq=False).decompose(reps=3),
    "and": lambda: _on(gates.AndGate(3, [1, -1, 0]), 4),
    "or": lambda: _on(gates.OrGate(2, [1, -1]), 3),
    "inner product": lambda: _on(gates.InnerProductGate(2), 4),
    "polynomial rotations": lambda: _on(gates.PolynomialPauliRotationsGate(2, [0.1, 0.2, 0.3]), 3),
    "quantum volume": lambda: gates.quantum_volume(4, 2, seed=2),
    "Grover's operator": lambda: gates.grover_operator(_phase_oracle()),
    "barriers and delays": lambda: _barriers(),
    "reversed": lambda: gates.real_amplitudes(3).assign_parameters(np.arange(12)).reverse_bits(),
    "graph state": lambda: _on(gates.GraphStateGate([[0, 1, 1], [1, 0, 0], [1, 0, 0]]), 3),
    "no qubits": lambda: QuantumCircuit(),
    "nothing on qubits": lambda: QuantumCircuit(2),
}  # fmt: skip
"""Circuits with only gates, by the part that is hard to export."""


def _phase_oracle() -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    circuit.ccz(0, 1, 2)
    return circuit


def _barriers() -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.barrier()
    circuit.cx(0, 1)
    circuit.barrier(0, 2)
    circuit.cx(1, 2)
    circuit.delay(100, 0, "dt")
    circuit.delay(3.5, 1, "ps")
    circuit.delay(1e-7, 1, "s")
    circuit.id(0)
    return circuit


def _names() -> QuantumCircuit:
    names = ["θ", "gate", "a b", "x", "q", "π", "é", "p_0", "1a", "lambda", "", "ℇ", "c"]
    circuit = QuantumCircuit(2)
    for k, name in enumerate(names):
        circuit.ry(Parameter(name), k % 2)
        circuit.cx(0, 1)
    return circuit


def _expressions() -> QuantumCircuit:
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(2)
    expressions = (
        2 * a + b - 1, a / 3, a * b, a**2, (a + b) * math.pi, a.sin(), b.arctan(), a.abs(),
        a.sign(), -a, 1 - a, 1 / (b + 4), a * 1e-20, (a * a) ** 0.5, a - a, 0 * a + 1,
        (3 * a).subs({a: b + 1}), a.conjugate(), a * 0.12345678901234567, (a + 0j),
    )  # fmt: skip
    for k, expression in enumerate(expressions):
        circuit.rx(expression, k % 2)
        circuit.cx(k % 2, 1 - k % 2)
        circuit.u(expression, b, a, k % 2)
    return circuit


def _vector() -> QuantumCircuit:
    vector, other = ParameterVector("a", 12), Parameter("a_0_")
    circuit = QuantumCircuit(2)
    for k, element in enumerate(vector):
        circuit.ry(element, k % 2)
        circuit.crx(2 * element + other, 0, 1)
    circuit.global_phase = vector[3]
    return circuit


PARAMETRIC: dict[str, Callable[[], QuantumCircuit]] = {
    "names that OpenQASM reserves": _names,
    "expressions": _expressions,
    "a vector of parameters": _vector,
    "an ansatz": lambda: gates.efficient_su2(3, reps=1),
    "evolution": lambda: _on(
        gates.PauliEvolutionGate(SparsePauliOp(["XX", "ZZ"], [0.3, 0.5]), Parameter("t")), 2
    ),
    "a feature map": lambda: gates.zz_feature_map(3, reps=1),
}
