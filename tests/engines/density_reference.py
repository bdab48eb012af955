"""Reference of expectation values: small programs, simulated as density matrices.

Nothing of QuantumTask is used here. A program is a list of statements; `text` writes it down, and
`values` has one density matrix for each value that the classical bits can have. Which measurements
are terminal follows from the statements, before anything is simulated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.complex128]


class Gate(NamedTuple):
    name: str
    angle: float | None
    qubits: tuple[int, ...]


class Measure(NamedTuple):
    qubit: int
    bit: int


class Reset(NamedTuple):
    qubit: int


class If(NamedTuple):
    """`bits` are compared with a number, of which bit k is that of `bits`[k]."""

    bits: tuple[int, ...]
    value: int
    body: "tuple[Statement, ...]"
    otherwise: "tuple[Statement, ...]" = ()


Statement = Gate | Measure | Reset | If
Program = Sequence[Statement]


@dataclass(frozen=True)
class Noise:
    """Rates: depolarizing on one and two qubits, how likely 0 is read as 1 and 1 as 0.

    `t1` and `t2` are in microseconds; a gate takes one on one qubit, and two on two; 0: no decay.
    """

    one: float = 0.0
    two: float = 0.0
    up: float = 0.0
    down: float = 0.0
    t1: float = 0.0
    t2: float = 0.0

    @property
    def json(self) -> dict[str, Any]:
        times = {"one_qubit": 1000, "two_qubit": 2000}
        thermal = {"thermal": {"t1_us": self.t1, "t2_us": self.t2, "gate_ns": times}}
        return {
            "depolarizing": {"one_qubit": self.one, "two_qubit": self.two},
            "readout": {"zero_as_one": self.up, "one_as_zero": self.down},
            **(thermal if self.t1 else {}),
        }

    def decay(self, size: int) -> list[Matrix]:
        """Return the Kraus operators of the decay of a qubit during a gate on `size` qubits."""
        if not self.t1:
            return [I2]
        lost = 1 - np.exp(-size / self.t1)
        coherence = np.exp(-size / self.t2) / np.sqrt(1 - lost)
        damping = [np.diag([1, np.sqrt(1 - lost)]), np.sqrt(lost) * np.eye(2, k=1)]
        dephasing = [np.sqrt((1 + coherence) / 2) * I2, np.sqrt((1 - coherence) / 2) * Z]
        return [one @ other for one in dephasing for other in damping]


def text(program: Program, qubits: int, bits: int) -> str:
    lines = [f"qubit[{qubits}] q;", f"bit[{bits}] c;", *map(_line, program)]
    return "\n".join(['OPENQASM 3.0;\ninclude "stdgates.inc";', *lines])


def _line(statement: Statement) -> str:
    if isinstance(statement, Gate):
        angle = "" if statement.angle is None else f"({statement.angle})"
        return f"{statement.name}{angle} {', '.join(f'q[{k}]' for k in statement.qubits)};"
    if isinstance(statement, Measure):
        return f"c[{statement.bit}] = measure q[{statement.qubit}];"
    if isinstance(statement, Reset):
        return f"reset q[{statement.qubit}];"
    tests = [f"c[{bit}] == {statement.value >> k & 1}" for k, bit in enumerate(statement.bits)]
    body = " ".join(map(_line, statement.body))
    otherwise = " ".join(map(_line, statement.otherwise))
    return f"if ({' && '.join(tests)}) {{ {body} }}" + (
        f" else {{ {otherwise} }}" * bool(otherwise)
    )


@dataclass
class _EndMeasurements:
    """Ids of the measurements that were last on each qubit, and of those that each bit holds."""

    last: dict[int, set[int]] = field(default_factory=dict)
    held: dict[int, set[int]] = field(default_factory=dict)
    mid_circuit: set[int] = field(default_factory=set)

    def copy(self) -> "_EndMeasurements":
        return _EndMeasurements(dict(self.last), dict(self.held), self.mid_circuit)

    def touch(self, qubits: Sequence[int]) -> None:
        for qubit in qubits:
            self.mid_circuit |= self.last.pop(qubit, set())

    def add(self, program: Program) -> None:
        for statement in program:
            if isinstance(statement, Gate):
                self.touch(statement.qubits)
            elif isinstance(statement, Reset):
                self.touch([statement.qubit])
            elif isinstance(statement, Measure):
                self.touch([statement.qubit])
                self.last[statement.qubit] = self.held[statement.bit] = {id(statement)}
            else:
                self._choose(statement)

    def _choose(self, statement: If) -> None:
        for bit in statement.bits:
            self.mid_circuit |= self.held.get(bit, set())
        ways = [self.copy(), self.copy()]
        ways[0].add(statement.body)
        ways[1].add(statement.otherwise)
        self.last = _union([way.last for way in ways])
        self.held = _union([way.held for way in ways])


def _union(parts: Sequence[dict[int, set[int]]]) -> dict[int, set[int]]:
    places = set().union(*parts)
    return {k: set().union(*[part.get(k, set()) for part in parts]) for k in places}


def mid_circuit(program: Program) -> set[int]:
    """Return the ids of the measurements that are not terminal."""
    ends = _EndMeasurements()
    ends.add(program)
    return ends.mid_circuit


I2 = np.eye(2, dtype=np.complex128)
X = np.array([[0, 1], [1, 0]], dtype=np.complex128)
Y = np.array([[0, -1j], [1j, 0]])
Z = np.diag([1, -1]).astype(np.complex128)
PAULIS = (I2, X, Y, Z)
LETTERS = {
    "I": I2, "X": X, "Y": Y, "Z": Z, "0": (I2 + Z) / 2, "1": (I2 - Z) / 2,
    "+": (I2 + X) / 2, "-": (I2 - X) / 2, "r": (I2 + Y) / 2, "l": (I2 - Y) / 2,
}  # fmt: skip
H, SDG = (X + Z) / np.sqrt(2), np.diag([1, -1j])
TURNS = {
    **dict.fromkeys("IZ01", ()),
    **dict.fromkeys("X+-", (H,)),
    **dict.fromkeys("Yrl", (H, SDG)),
}
"""The gates before the measurement of each letter, the last one first."""


def _rotation(pauli: Matrix, angle: float) -> Matrix:
    return np.cos(angle / 2) * I2 - 1j * np.sin(angle / 2) * pauli


def _controlled(matrix: Matrix) -> Matrix:
    """Return a matrix whose control is the first qubit, the lowest bit of an index."""
    whole = np.eye(4, dtype=np.complex128)
    whole[1::2, 1::2] = matrix
    return whole


FIXED = {
    "x": X, "z": Z, "h": H, "s": np.diag([1, 1j]),
    "t": np.diag([1, np.exp(0.25j * np.pi)]), "cx": _controlled(X), "cz": _controlled(Z),
    "swap": np.eye(4)[[0, 2, 1, 3]].astype(np.complex128),
}  # fmt: skip


def matrix(gate: Gate) -> Matrix:
    if gate.angle is None:
        return FIXED[gate.name]
    return _rotation({"rx": X, "ry": Y}[gate.name], gate.angle)


class DensityMatrices:
    """Density matrices by the value of the classical bits; bit k of an index is qubit k."""

    def __init__(self, qubits: int, noise: Noise) -> None:
        self._qubits, self._noise = qubits, noise
        rho = np.zeros((1 << qubits, 1 << qubits), dtype=np.complex128)
        rho[0, 0] = 1
        self.parts: dict[int, Matrix] = {0: rho}

    def whole(self, small: Matrix, qubits: Sequence[int]) -> Matrix:
        """Return a matrix on some qubits as a matrix on all qubits."""
        count = self._qubits
        expanded = np.zeros((1 << count, 1 << count), dtype=np.complex128)
        mask = sum(1 << qubit for qubit in qubits)
        for column in range(1 << count):
            inner = sum((column >> qubit & 1) << k for k, qubit in enumerate(qubits))
            for row in range(len(small)):
                place = sum((row >> k & 1) << qubit for k, qubit in enumerate(qubits))
                expanded[column & ~mask | place, column] += small[row, inner]
        return expanded

    def run(self, program: Program, dephasing_ids: set[int]) -> None:
        """Run statements; of measurements, only those whose id is in `dephasing_ids`."""
        for statement in program:
            if isinstance(statement, If):
                self._choose(statement, dephasing_ids)
            elif not isinstance(statement, Measure):
                self.parts = {b: self._changed(rho, statement) for b, rho in self.parts.items()}
            elif id(statement) in dephasing_ids:
                self._measure(statement)

    def _choose(self, statement: If, dephasing_ids: set[int]) -> None:
        def is_met(bits: int) -> bool:
            return all(
                bits >> bit & 1 == statement.value >> k & 1 for k, bit in enumerate(statement.bits)
            )

        before, after = self.parts, list[tuple[int, Matrix]]()
        for met, body in ((True, statement.body), (False, statement.otherwise)):
            self.parts = {bits: rho for bits, rho in before.items() if is_met(bits) == met}
            self.run(body, dephasing_ids)
            after += self.parts.items()
        self.parts = {}
        for bits, rho in after:
            self._add(bits, rho)

    def _measure(self, statement: Measure) -> None:
        """Split each density matrix by the measured value, with readout errors."""
        before, self.parts = self.parts, {}
        for bits, rho in before.items():
            for value, wrong in ((0, self._noise.up), (1, self._noise.down)):
                projector = self.whole(LETTERS[str(value)], [statement.qubit])
                part = projector @ rho @ projector
                after = bits & ~(1 << statement.bit) | value << statement.bit
                self._add(after, (1 - wrong) * part)
                self._add(after ^ 1 << statement.bit, wrong * part)

    def _add(self, bits: int, rho: Matrix) -> None:
        self.parts[bits] = self.parts[bits] + rho if bits in self.parts else rho

    def _changed(self, rho: Matrix, statement: Statement) -> Matrix:
        if isinstance(statement, Reset):
            down = [np.array([[1, 0], [0, 0]]), np.array([[0, 1], [0, 0]])]
            kraus = [self.whole(part.astype(np.complex128), [statement.qubit]) for part in down]
            return sum((k @ rho @ k.conj().T for k in kraus), np.zeros_like(rho))
        assert isinstance(statement, Gate)
        unitary, on = self.whole(matrix(statement), statement.qubits), statement.qubits
        rho = self._mixed(unitary @ rho @ unitary.conj().T, on)
        for qubit in on:
            kraus = [self.whole(part, [qubit]) for part in self._noise.decay(len(on))]
            rho = sum((k @ rho @ k.conj().T for k in kraus), np.zeros_like(rho))
        return rho

    def _mixed(self, rho: Matrix, qubits: Sequence[int]) -> Matrix:
        """Return the state after the depolarizing error of a gate: fully mixed at the rate."""
        rate = self._noise.one if len(qubits) == 1 else self._noise.two
        mixed = rho
        for qubit in qubits if rate else ():
            paulis = [self.whole(pauli, [qubit]) for pauli in PAULIS]
            mixed = sum((p @ mixed @ p for p in paulis), np.zeros_like(rho)) / 4
        return (1 - rate) * rho + rate * mixed

    def value(self, word: str) -> float:
        """Return the mean of infinitely many noisy measurements of a word."""
        operator: Matrix = np.ones((1, 1), dtype=np.complex128)
        for letter in word:
            operator = np.asarray(
                np.kron(operator, self._measured_operator(letter)), dtype=np.complex128
            )
        return float(sum(np.trace(operator @ rho).real for rho in self.parts.values()))

    def _measured_operator(self, letter: str) -> Matrix:
        """Return the operator that a noisy measurement of a letter measures."""
        if letter == "I":
            return I2
        plus, minus = _eigenvalues(letter)
        up, down = self._noise.up, self._noise.down
        zero, one = plus * (1 - up) + minus * up, minus * (1 - down) + plus * down
        operator: Matrix = np.diag([zero, one]).astype(np.complex128)
        for gate in TURNS[letter]:  # the last one first, because what is measured moves back
            decay = self._noise.decay(1)
            operator = sum((k.conj().T @ operator @ k for k in decay), np.zeros_like(operator))
            operator = (1 - self._noise.one) * operator + self._noise.one * np.trace(
                operator
            ) / 2 * I2
            operator = gate.conj().T @ operator @ gate
        return operator


def _eigenvalues(letter: str) -> tuple[float, float]:
    """Return the values of a letter for the eigenvalues 1 and -1 of its Pauli matrix."""
    if letter in "XYZ":
        return 1.0, -1.0
    return (1.0, 0.0) if letter in "0+r" else (0.0, 1.0)


def values(program: Program, qubits: int, words: Sequence[str], noise: Noise) -> list[float]:
    """Return the expectation value of each word; the last letter is qubit 0."""
    state = DensityMatrices(qubits, noise)
    state.run(program, mid_circuit(program))
    return [state.value(word) for word in words]


CLIFFORD = ("h", "s", "x", "cx", "cz", "swap")
OTHERS = ("t", "rx", "ry")


def random_program(
    rng: np.random.Generator, qubits: int, bits: int, *, clifford: bool, acts: bool
) -> list[Statement]:
    """Return a program with mid-circuit measurements and resets and, if it `acts`, feed-forward.

    At its end some qubits are measured, some of them twice in a row.
    """
    statements: list[Statement] = [*_some(rng, qubits, 4, clifford)]
    measured: list[int] = []
    for _ in range(rng.integers(1, 5)):
        statements += _some(rng, qubits, 2, clifford)
        kind = rng.random()
        if acts and measured and kind < 0.5:
            statements.append(_if(rng, qubits, measured, clifford))
        elif kind > 0.8:
            statements.append(Reset(int(rng.integers(qubits))))
        else:
            measured.append(int(rng.integers(bits)))
            statements.append(Measure(int(rng.integers(qubits)), measured[-1]))
    for qubit in rng.permutation(qubits)[: rng.integers(0, qubits + 1)].tolist():
        for _ in range(2 if rng.random() < 0.2 else 1):
            measured.append(int(rng.integers(bits)))
            statements.append(Measure(qubit, measured[-1]))
    if acts and measured and rng.random() < 0.4:
        statements.append(_if(rng, qubits, measured, clifford))
    return statements


def _if(rng: np.random.Generator, qubits: int, measured: Sequence[int], clifford: bool) -> If:
    some = tuple(rng.permutation(sorted(set(measured)))[: rng.integers(1, 3)].tolist())
    body: list[Statement] = [*_some(rng, qubits, 1, clifford)]
    if rng.random() < 0.2:
        body.append(Reset(int(rng.integers(qubits))))
    if rng.random() < 0.2:
        body.append(_if(rng, qubits, measured, clifford))
    otherwise = tuple(_some(rng, qubits, 1, clifford)) if rng.random() < 0.3 else ()
    return If(some, int(rng.integers(1 << len(some))), tuple(body), otherwise)


def _some(rng: np.random.Generator, qubits: int, count: int, clifford: bool) -> Iterator[Gate]:
    names = [n for n in CLIFFORD if qubits > 1 or n not in ("cx", "cz", "swap")]
    for _ in range(count):
        name = str(rng.choice(names if clifford else [*names, *OTHERS]))
        size = 2 if name in ("cx", "cz", "swap") else 1
        on = tuple(rng.permutation(qubits)[:size].tolist())
        angle = round(float(rng.uniform(0.3, 2.8)), 2) if name in ("rx", "ry") else None
        yield Gate(name, angle, on)


def words(rng: np.random.Generator, qubits: int, count: int) -> list[str]:
    return ["".join(rng.choice([*"IXXYYZ", *"01+-rl"], qubits)) for _ in range(count)]
