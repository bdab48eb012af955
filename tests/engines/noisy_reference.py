"""Reference simulator of noisy programs with feed-forward: density matrices of Qiskit.

A program is a list of steps. It is written as OpenQASM, and followed as a density matrix for each
value of its bits, with the noise that Qiskit's `quantum_info` makes of errors.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.quantum_info import DensityMatrix, Operator, SuperOp
from qiskit_aer.noise import NoiseModel, depolarizing_error, thermal_relaxation_error

HEAD = 'OPENQASM 3.0;\ninclude "qelib1.inc";\n'
QUBITS = 3
GATES = get_standard_gate_name_mapping()
ONE = ("x", "h", "s", "sx", "y", "id", "rx", "p")
TWO = ("cx", "cz", "swap", "rzz", "crx")
CLIFFORD_ONE, CLIFFORD_TWO = ONE[:6], TWO[:3]


@dataclass(frozen=True)
class Gate:
    name: str
    params: tuple[float, ...]
    qubits: tuple[int, ...]


@dataclass(frozen=True)
class Measure:
    qubit: int
    bit: int


@dataclass(frozen=True)
class Reset:
    qubit: int


@dataclass(frozen=True)
class If:
    bit: int
    then: tuple[Any, ...]
    otherwise: tuple[Any, ...]


Steps = tuple[Any, ...]
Branches = dict[tuple[int, ...], Any]
"""For each value of the bits, a density matrix whose trace is the probability."""


def text_of(steps: Steps, declared: str = f"qubit[{QUBITS}] q;\nbit[{QUBITS}] c;\n") -> str:
    return HEAD + declared + "".join(_step_text(step) for step in steps)


def _step_text(step: Any) -> str:
    if isinstance(step, Gate):
        params = f"({', '.join(map(repr, step.params))})" if step.params else ""
        return f"{step.name}{params} {', '.join(f'q[{q}]' for q in step.qubits)};\n"
    if isinstance(step, Measure):
        return f"c[{step.bit}] = measure q[{step.qubit}];\n"
    if isinstance(step, Reset):
        return f"reset q[{step.qubit}];\n"
    both = ["".join(map(_step_text, part)) for part in (step.then, step.otherwise)]
    return f"if (c[{step.bit}]) {{\n{both[0]}}} else {{\n{both[1]}}}\n"


def on_device(steps: Steps, lots: Random, pairs: list[tuple[int, int]]) -> Steps:
    """Return similar steps with the gates of fake_manila: id, rz, sx, x, and cx on its pairs."""
    converted: list[Any] = []
    for step in steps:
        if isinstance(step, Gate) and len(step.qubits) == 2:
            converted.append(Gate("cx", (), lots.choice(pairs)))
        elif isinstance(step, Gate):
            name = lots.choice(["id", "sx", "x", "rz"])
            params = (round(lots.uniform(-3, 3), 3),) if name == "rz" else ()
            converted.append(Gate(name, params, step.qubits))
        elif isinstance(step, If):
            both = [on_device(part, lots, pairs) for part in (step.then, step.otherwise)]
            converted.append(If(step.bit, *both))
        else:
            converted.append(step)
    return tuple(converted)


def random_steps(lots: Random, size: int = 9, *, deep: int = 2, clifford: bool = False) -> Steps:
    return tuple([_random_step(lots, deep, clifford) for _ in range(size)])


def _random_step(lots: Random, deep: int, clifford: bool) -> Any:
    lot = lots.random()
    if lot < 0.2 and deep:
        parts = [
            random_steps(lots, lots.randint(0, 3), deep=deep - 1, clifford=clifford) for _ in "01"
        ]
        return If(lots.randrange(QUBITS), *parts)
    if lot < 0.42:
        return Measure(lots.randrange(QUBITS), lots.randrange(QUBITS))
    if lot < 0.5:
        return Reset(lots.randrange(QUBITS))
    names = (CLIFFORD_ONE + CLIFFORD_TWO) if clifford else ONE + TWO
    name = lots.choice(names)
    count = len(GATES[name].params)
    params = tuple([round(lots.uniform(-4, 4), 3) for _ in range(count)])
    return Gate(name, params, tuple(lots.sample(range(QUBITS), GATES[name].num_qubits)))


class Noise:
    """Errors of gates by the number of their qubits, as Aer has them for these rates."""

    def __init__(self, rates: Mapping[str, Any]) -> None:
        self.rates = rates
        self.errors = {size: self._error(size, name) for size, name in ((1, "one"), (2, "two"))}
        read = rates.get("readout", {})
        up, down = read.get("zero_as_one", 0.0), read.get("one_as_zero", 0.0)
        self.readings = ((1 - up, up), (down, 1 - down))

    def _error(self, size: int, name: str) -> SuperOp:
        whole = SuperOp(np.eye(4**size))
        if chances := self.rates.get("depolarizing"):
            whole = whole.compose(SuperOp(depolarizing_error(chances[f"{name}_qubit"], size)))
        if thermal := self.rates.get("thermal"):
            time = thermal["gate_ns"][f"{name}_qubit"]
            one = SuperOp(
                thermal_relaxation_error(thermal["t1_us"] * 1e3, thermal["t2_us"] * 1e3, time)
            )
            whole = whole.compose(one if size == 1 else one.expand(one))
        return whole

    def gate(self, rho: DensityMatrix, gate: Gate) -> DensityMatrix:
        matrix = Operator(GATES[gate.name].base_class(*gate.params))
        return rho.evolve(matrix, gate.qubits).evolve(self.errors[len(gate.qubits)], gate.qubits)

    def reset(self, rho: DensityMatrix, qubit: int) -> DensityMatrix:
        return rho.evolve(RESET, [qubit])

    def measured(self, rho: DensityMatrix, qubit: int) -> list[DensityMatrix]:
        """Return the unnormalized states after the measured values 0 and 1."""
        true = [_projected(rho, qubit, value) for value in (0, 1)]
        zero, one = self.readings
        return [true[0] * zero[v] + true[1] * one[v] for v in (0, 1)]


class DeviceNoise:
    """Errors of a device's gates and readouts, from the noise model that Aer makes of it."""

    def __init__(self, model: NoiseModel) -> None:
        self._errors = model._local_quantum_errors
        self._readouts = model._local_readout_errors

    def gate(self, rho: DensityMatrix, gate: Gate) -> DensityMatrix:
        rho = rho.evolve(Operator(GATES[gate.name].base_class(*gate.params)), gate.qubits)
        error = self._errors.get(gate.name, {}).get(gate.qubits)
        return rho if error is None else rho.evolve(SuperOp(error), gate.qubits)

    def reset(self, rho: DensityMatrix, qubit: int) -> DensityMatrix:
        rho = rho.evolve(RESET, [qubit])
        error = self._errors.get("reset", {}).get((qubit,))
        return rho if error is None else rho.evolve(SuperOp(error), [qubit])

    def measured(self, rho: DensityMatrix, qubit: int) -> list[DensityMatrix]:
        true = [_projected(rho, qubit, value) for value in (0, 1)]
        zero, one = self._readouts[qubit,].probabilities
        return [true[0] * zero[v] + true[1] * one[v] for v in (0, 1)]


RESET = SuperOp(np.array([[1, 0, 0, 1], [0] * 4, [0] * 4, [0] * 4]))


def _projected(rho: DensityMatrix, qubit: int, value: int) -> Any:
    projector = np.zeros((2, 2))
    projector[value, value] = 1
    return rho.evolve(SuperOp(np.kron(projector, projector)), [qubit])


def distribution(steps: Steps, noise: Any, qubits: int = QUBITS) -> Any:
    """Return the probability of each value of the bits; bit k of an index is bit k."""
    table = np.zeros(1 << QUBITS)
    for bits, rho in branches(steps, noise, qubits).items():
        table[sum(bit << k for k, bit in enumerate(bits))] += rho.trace().real
    return table


def expectation(steps: Steps, noise: Any, word: str, turned: Callable[..., Any]) -> float:
    """The mean of a Pauli word as it is measured: by gates that turn its qubits, and read so.

    `turned(rho, qubit, letter)`: the state after the gates that turn a letter to Z.
    """
    total = 0.0
    for rho in branches(steps, noise).values():
        states = [(1.0, rho)]
        for qubit, letter in enumerate(reversed(word)):
            if letter != "I":
                states = [
                    (sign * (-1) ** value, part)
                    for sign, state in states
                    for value, part in enumerate(
                        noise.measured(turned(state, qubit, letter), qubit)
                    )
                ]
        total += sum(sign * state.trace().real for sign, state in states)
    return float(total)


def branches(steps: Steps, noise: Any, qubits: int = QUBITS) -> Branches:
    """Return the branches at the end of a program."""
    start = {(0,) * QUBITS: DensityMatrix.from_label("0" * qubits)}
    return _run(steps, start, noise)


def _run(steps: Steps, current: Branches, noise: Any) -> Branches:
    for step in steps:
        current = _run_step(step, current, noise)
    return current


def _run_step(step: Any, current: Branches, noise: Any) -> Branches:
    if isinstance(step, Gate):
        return {bits: noise.gate(rho, step) for bits, rho in current.items()}
    if isinstance(step, Reset):
        return {bits: noise.reset(rho, step.qubit) for bits, rho in current.items()}
    after: Branches = {}
    if isinstance(step, Measure):
        for bits, rho in current.items():
            for value, part in enumerate(noise.measured(rho, step.qubit)):
                _add(after, (*bits[: step.bit], value, *bits[step.bit + 1 :]), part)
        return after
    for value, part in ((1, step.then), (0, step.otherwise)):
        some = {bits: rho for bits, rho in current.items() if bits[step.bit] == value}
        for bits, rho in _run(part, some, noise).items():
            _add(after, bits, rho)
    return after


def _add(current: Branches, bits: tuple[int, ...], rho: Any) -> None:
    if rho.trace().real > 1e-15:
        current[bits] = current[bits] + rho if bits in current else rho


SOME: dict[str, Any] = {
    "depolarizing": {"one_qubit": 0.02, "two_qubit": 0.08},
    "thermal": {"t1_us": 50, "t2_us": 70, "gate_ns": {"one_qubit": 900, "two_qubit": 4000}},
    "readout": {"zero_as_one": 0.03, "one_as_zero": 0.09},
}
CLIFFORD_NOISE = SOME | {"thermal": SOME["thermal"] | {"t2_us": 40}}
PI = math.pi
