"""Exact distribution of a sketch, by linear algebra with the matrices of the specification."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.engines.sketch import Call, Measure, Reset, Sketch, Step
from tests.openqasm.reference_gates import GATES, SX, X, Y, Z, applied, controlled, modified

IMPOSSIBLE = 1e-14


def rotation(axis: Any) -> Any:
    """Return the rotation about a product of two Pauli matrices."""
    both = np.kron(axis, axis)
    return lambda theta: np.cos(theta / 2) * np.eye(4) - 1j * np.sin(theta / 2) * both


def one_qubit_gate(theta: float, phi: float, lam: float) -> Any:
    """Return the one-qubit gate of OpenQASM 2, whose first entry is real."""
    return np.exp(-0.5j * theta) * GATES["U"](theta, phi, lam)


MATRICES: dict[str, Any] = GATES | {
    "u": one_qubit_gate, "cu3": lambda *params: controlled(one_qubit_gate(*params)),
    "rxx": rotation(X), "ryy": rotation(Y), "rzz": rotation(Z),
    "sxdg": lambda: SX.conj().T, "csx": lambda: controlled(SX),
    "c3x": lambda: modified(X, "ctrl", 3), "c3sx": lambda: modified(SX, "ctrl", 3),
}  # fmt: skip
"""The matrices of all gates, with those that only `qelib1.inc` has."""


class Branch(NamedTuple):
    """Branch of a sketch: its bits, and a state whose squared norm is the probability.

    Axis k of the state is qubit k.
    """

    bits: int
    state: Any


def distribution(sketch: Sketch) -> NDArray[np.float64]:
    """Return the probability of each result; bit k of an index is bit k of the sketch."""
    start = np.zeros((2,) * sketch.width, dtype=np.complex128)
    start[(0,) * sketch.width] = 1
    last = end_measurements(sketch.steps)
    probabilities = np.zeros(1 << sketch.outcome_bits)
    head = sketch.steps[: len(sketch.steps) - len(last)]
    for branch in run_steps(head, Branch(0, start)):
        add_branch(probabilities, branch, {step.bit: step.qubit for step in last})
    return probabilities


def end_measurements(steps: tuple[Step, ...]) -> list[Measure]:
    """Return the last measurements, whose outcomes need no branches."""
    last: list[Measure] = []
    for step in reversed(steps):
        if not isinstance(step, Measure):
            break
        last.insert(0, step)
    return last


def add_branch(probabilities: NDArray[np.float64], branch: Branch, read: dict[int, int]) -> None:
    """Add the probabilities of a branch, whose qubits are measured into bits (bit -> qubit)."""
    qubits = sorted(set(read.values()))
    others = tuple(k for k in range(branch.state.ndim) if k not in qubits)
    weights = (np.abs(branch.state) ** 2).sum(axis=others)
    values = np.indices(weights.shape)
    outcomes = np.full(weights.shape, branch.bits & ~sum(1 << bit for bit in read))
    for bit, qubit in read.items():
        outcomes |= values[qubits.index(qubit)] << bit
    np.add.at(probabilities, outcomes, weights)


def run_steps(steps: Iterable[Step], branch: Branch) -> list[Branch]:
    """Return the branches after steps."""
    branches = [branch]
    for step in steps:
        branches = [later for before in branches for later in run_step(step, before)]
    return branches


def run_step(step: Step, branch: Branch) -> list[Branch]:
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
    agrees = all(bits >> bit & 1 == value for bit, value in step.condition)
    return run_steps(step.then if agrees else step.otherwise, branch)


def parts(state: Any, qubit: int) -> Iterator[tuple[int, Any]]:
    """Yield the possible outcomes of a measurement, each with the state after it."""
    for value in (0, 1):
        part = np.moveaxis(state.copy(), qubit, 0)
        part[1 - value] = 0
        if np.vdot(part, part).real > IMPOSSIBLE:
            yield value, np.moveaxis(part, 0, qubit)


def matrix(call: Call) -> Any:
    entries = MATRICES[call.gate](*call.params)
    for name, argument in reversed(call.modifiers):
        entries = modified(entries, name, argument)
    return entries
