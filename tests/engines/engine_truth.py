"""The exact distribution of a sketch, by plain linear algebra and the specification's matrices."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.engines.sketch import Call, Measure, Reset, Sketch, Step
from tests.openqasm.reference_gates import GATES, SX, X, Y, Z, applied, controlled, modified

IMPOSSIBLE = 1e-14


def turned(axis: Any) -> Any:
    """The rotation about a product of two Paulis."""
    both = np.kron(axis, axis)
    return lambda theta: np.cos(theta / 2) * np.eye(4) - 1j * np.sin(theta / 2) * both


def without_phase(theta: float, phi: float, lam: float) -> Any:
    """The one-qubit gate of OpenQASM 2, whose first entry is real."""
    return np.exp(-0.5j * theta) * GATES["U"](theta, phi, lam)


MATRICES: dict[str, Any] = GATES | {
    "u": without_phase, "cu3": lambda *params: controlled(without_phase(*params)),
    "rxx": turned(X), "ryy": turned(Y), "rzz": turned(Z),
    "sxdg": lambda: SX.conj().T, "csx": lambda: controlled(SX),
    "c3x": lambda: modified(X, "ctrl", 3), "c3sx": lambda: modified(SX, "ctrl", 3),
}  # fmt: skip
"""With those that only `qelib1.inc` has."""


class Branch(NamedTuple):
    """What is after one history of outcomes: the bits, and a state whose norm is its probability's
    root; axis k is qubit k."""

    bits: int
    state: Any


def distribution(sketch: Sketch) -> NDArray[np.float64]:
    """The probability of each result; bit k of an index is bit k of the sketch."""
    start = np.zeros((2,) * sketch.width, dtype=np.complex128)
    start[(0,) * sketch.width] = 1
    last = measured_last(sketch.steps)
    found = np.zeros(1 << sketch.outcome_bits)
    head = sketch.steps[: len(sketch.steps) - len(last)]
    for branch in after(head, Branch(0, start)):
        add_read(found, branch, {step.bit: step.qubit for step in last})
    return found


def measured_last(steps: tuple[Step, ...]) -> list[Measure]:
    """The measurements that it ends with: their outcomes need no branches."""
    last: list[Measure] = []
    for step in reversed(steps):
        if not isinstance(step, Measure):
            break
        last.insert(0, step)
    return last


def add_read(found: NDArray[np.float64], branch: Branch, read: dict[int, int]) -> None:
    """Adds the probabilities of a branch, whose qubits are read into bits (bit -> qubit)."""
    qubits = sorted(set(read.values()))
    others = tuple(k for k in range(branch.state.ndim) if k not in qubits)
    weights = (np.abs(branch.state) ** 2).sum(axis=others)
    values = np.indices(weights.shape)
    outcomes = np.full(weights.shape, branch.bits & ~sum(1 << bit for bit in read))
    for bit, qubit in read.items():
        outcomes |= values[qubits.index(qubit)] << bit
    np.add.at(found, outcomes, weights)


def after(steps: Iterable[Step], branch: Branch) -> list[Branch]:
    """What becomes of a branch."""
    branches = [branch]
    for step in steps:
        branches = [after_it for before in branches for after_it in taken(step, before)]
    return branches


def taken(step: Step, branch: Branch) -> list[Branch]:
    bits, state = branch
    if isinstance(step, Call):
        return [Branch(bits, applied(matrix(step), state, step.qubits))]
    if isinstance(step, Measure):
        rest = bits & ~(1 << step.bit)
        return [Branch(rest | value << step.bit, part) for value, part in parts(state, step.qubit)]
    if isinstance(step, Reset):
        return [
            Branch(bits, np.flip(part, step.qubit) if value else part)
            for value, part in parts(state, step.qubit)
        ]
    agrees = all(bits >> bit & 1 == value for bit, value in step.wanted)
    return after(step.then if agrees else step.otherwise, branch)


def parts(state: Any, qubit: int) -> Iterator[tuple[int, Any]]:
    """The outcomes of a measurement that can be, each with the state after it."""
    for value in (0, 1):
        part = np.moveaxis(state.copy(), qubit, 0)
        part[1 - value] = 0
        if np.vdot(part, part).real > IMPOSSIBLE:
            yield value, np.moveaxis(part, 0, qubit)


def matrix(call: Call) -> Any:
    found = MATRICES[call.gate](*call.params)
    for name, argument in reversed(call.modifiers):
        found = modified(found, name, argument)
    return found
