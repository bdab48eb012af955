"""Exact distribution of the bits of a dynamic circuit, by all branches of its outcomes."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import IfElseOp
from qiskit.quantum_info import Operator, Statevector

NEVER = 1e-14


class Branch(NamedTuple):
    """A history: the bits, and the state with the square root of the probability."""

    bits: tuple[int, ...]
    state: Any


def distribution(circuit: QuantumCircuit) -> dict[str, float]:
    """Return the probability of each bit string, the last bit first, without spaces."""
    state = Statevector.from_label("0" * circuit.num_qubits).data
    branches = [Branch((0,) * circuit.num_clbits, state)]
    places = range(circuit.num_qubits), range(circuit.num_clbits)
    result: dict[str, float] = {}
    for bits, vector in _run(branches, circuit, *places, circuit.num_qubits):
        key = "".join(map(str, reversed(bits)))
        result[key] = result.get(key, 0.0) + float(np.vdot(vector, vector).real)
    return result


def _run(
    branches: Iterable[Branch],
    circuit: QuantumCircuit,
    qubits: Sequence[int],
    clbits: Sequence[int],
    size: int,
) -> list[Branch]:
    current = list(branches)
    for item in circuit.data:
        at = [qubits[circuit.find_bit(qubit).index] for qubit in item.qubits]
        to = [clbits[circuit.find_bit(bit).index] for bit in item.clbits]
        current = [after for each in current for after in _step(each, item.operation, at, to, size)]
    return current


def _step(
    branch: Branch, operation: Any, at: Sequence[int], to: Sequence[int], size: int
) -> list[Branch]:
    bits, state = branch
    if operation.name == "measure":
        after = _project(state, at[0], size)
        return [
            Branch((*bits[: to[0]], value, *bits[to[0] + 1 :]), part)
            for value, part in enumerate(after)
            if np.vdot(part, part).real > NEVER
        ]
    if operation.name == "reset":
        zero, one = _project(state, at[0], size)
        flip = _apply(one, np.array([[0, 1], [1, 0]]), at)
        return [Branch(bits, part) for part in (zero, flip) if np.vdot(part, part).real > NEVER]
    if isinstance(operation, IfElseOp):
        return _choose(branch, operation, at, to, size)
    return [Branch(bits, _apply(state, Operator(operation).data, at))]


def _choose(
    branch: Branch, operation: IfElseOp, at: Sequence[int], to: Sequence[int], size: int
) -> list[Branch]:
    condition, value = operation.condition
    body = operation.blocks[0]
    watched = [condition] if not hasattr(condition, "size") else list(condition)
    places = [to[body.find_bit(bit).index] for bit in watched]
    number = sum(branch.bits[place] << k for k, place in enumerate(places))
    blocks = operation.blocks[:1] if number == int(value) else operation.blocks[1:]
    return _run([branch], blocks[0], at, to, size) if blocks else [branch]


def _project(state: Any, qubit: int, size: int) -> list[Any]:
    ones = (np.arange(1 << size) >> qubit & 1).astype(bool)
    return [np.where(ones, 0, state), np.where(ones, state, 0)]


def _apply(state: Any, matrix: Any, at: Sequence[int]) -> Any:
    return Statevector(state).evolve(Operator(matrix), qargs=list(at)).data if at else state
