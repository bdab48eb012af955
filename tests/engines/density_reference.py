"""Small programs, and their expectation values from density matrices: the reference of the tests.

Nothing of QuantumTask is used here. A program is a list of statements; `text` writes it down, and
`values` has one density matrix for each value that the classical bits can have. Which measurements
are taken back is worked out from the statements, before anything is simulated.
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
        """The Kraus operators of one qubit while a gate on so many lasts."""
        if not self.t1:
            return [I2]
        lost = 1 - np.exp(-size / self.t1)
        kept = np.exp(-size / self.t2) / np.sqrt(1 - lost)
        damping = [np.diag([1, np.sqrt(1 - lost)]), np.sqrt(lost) * np.eye(2, k=1)]
        dephasing = [np.sqrt((1 + kept) / 2) * I2, np.sqrt((1 - kept) / 2) * Z]
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
class _Ends:
    """By their identity: measurements that were the last thing on a qubit, that a bit holds."""

    last: dict[int, set[int]] = field(default_factory=dict)
    held: dict[int, set[int]] = field(default_factory=dict)
    on_the_way: set[int] = field(default_factory=set)

    def copy(self) -> "_Ends":
        return _Ends(dict(self.last), dict(self.held), self.on_the_way)

    def touch(self, qubits: Sequence[int]) -> None:
        for qubit in qubits:
            self.on_the_way |= self.last.pop(qubit, set())

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
            self.on_the_way |= self.held.get(bit, set())
        ways = [self.copy(), self.copy()]
        ways[0].add(statement.body)
        ways[1].add(statement.otherwise)
        self.last = _joined([way.last for way in ways])
        self.held = _joined([way.held for way in ways])


def _joined(parts: Sequence[dict[int, set[int]]]) -> dict[int, set[int]]:
    places = set().union(*parts)
    return {k: set().union(*[part.get(k, set()) for part in parts]) for k in places}


def on_the_way(program: Program) -> set[int]:
    """The identities of the measurements that are not taken back."""
    ends = _Ends()
    ends.add(program)
    return ends.on_the_way


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
    """The control is the first qubit, the lowest bit of an index."""
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


class Mixture:
    """Density matrices by the value of the classical bits; bit k of an index is qubit k."""

    def __init__(self, qubits: int, noise: Noise) -> None:
        self._qubits, self._noise = qubits, noise
        rho = np.zeros((1 << qubits, 1 << qubits), dtype=np.complex128)
        rho[0, 0] = 1
        self.parts: dict[int, Matrix] = {0: rho}

    def whole(self, small: Matrix, qubits: Sequence[int]) -> Matrix:
        """A matrix on some qubits as one on all."""
        count = self._qubits
        found = np.zeros((1 << count, 1 << count), dtype=np.complex128)
        mask = sum(1 << qubit for qubit in qubits)
        for column in range(1 << count):
            inner = sum((column >> qubit & 1) << k for k, qubit in enumerate(qubits))
            for row in range(len(small)):
                place = sum((row >> k & 1) << qubit for k, qubit in enumerate(qubits))
                found[column & ~mask | place, column] += small[row, inner]
        return found

    def run(self, program: Program, kept: set[int]) -> None:
        """Does statements; of measurements only those whose identity is in `kept`."""
        for statement in program:
            if isinstance(statement, If):
                self._choose(statement, kept)
            elif not isinstance(statement, Measure):
                self.parts = {b: self._changed(rho, statement) for b, rho in self.parts.items()}
            elif id(statement) in kept:
                self._measure(statement)

    def _choose(self, statement: If, kept: set[int]) -> None:
        def is_met(bits: int) -> bool:
            return all(
                bits >> bit & 1 == statement.value >> k & 1 for k, bit in enumerate(statement.bits)
            )

        before, after = self.parts, list[tuple[int, Matrix]]()
        for met, body in ((True, statement.body), (False, statement.otherwise)):
            self.parts = {bits: rho for bits, rho in before.items() if is_met(bits) == met}
            self.run(body, kept)
            after += self.parts.items()
        self.parts = {}
        for bits, rho in after:
            self._add(bits, rho)

    def _measure(self, statement: Measure) -> None:
        """Splits each density matrix; a value may be misread."""
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
        """After the depolarizing of one gate: as often as the rate says, nothing is left."""
        rate = self._noise.one if len(qubits) == 1 else self._noise.two
        mixed = rho
        for qubit in qubits if rate else ():
            paulis = [self.whole(pauli, [qubit]) for pauli in PAULIS]
            mixed = sum((p @ mixed @ p for p in paulis), np.zeros_like(rho)) / 4
        return (1 - rate) * rho + rate * mixed

    def value(self, word: str) -> float:
        """What infinitely many measurements of a word give, with what is noisy about these."""
        operator: Matrix = np.ones((1, 1), dtype=np.complex128)
        for letter in word:
            operator = np.asarray(np.kron(operator, self._seen(letter)), dtype=np.complex128)
        return float(sum(np.trace(operator @ rho).real for rho in self.parts.values()))

    def _seen(self, letter: str) -> Matrix:
        """A letter as a noisy measurement sees it: turned with errors, and read with errors."""
        if letter == "I":
            return I2
        plus, minus = _eigenvalues(letter)
        up, down = self._noise.up, self._noise.down
        zero, one = plus * (1 - up) + minus * up, minus * (1 - down) + plus * down
        seen: Matrix = np.diag([zero, one]).astype(np.complex128)
        for gate in TURNS[letter]:  # the last one first, because what is measured moves back
            decay = self._noise.decay(1)
            seen = sum((k.conj().T @ seen @ k for k in decay), np.zeros_like(seen))
            seen = (1 - self._noise.one) * seen + self._noise.one * np.trace(seen) / 2 * I2
            seen = gate.conj().T @ seen @ gate
        return seen


def _eigenvalues(letter: str) -> tuple[float, float]:
    """Of a letter, where its Pauli matrix has 1 and where it has -1."""
    if letter in "XYZ":
        return 1.0, -1.0
    return (1.0, 0.0) if letter in "0+r" else (0.0, 1.0)


def values(program: Program, qubits: int, words: Sequence[str], noise: Noise) -> list[float]:
    """The expectation value of each word; the last letter is qubit 0."""
    mixture = Mixture(qubits, noise)
    mixture.run(program, on_the_way(program))
    return [mixture.value(word) for word in words]


CLIFFORD = ("h", "s", "x", "cx", "cz", "swap")
OTHERS = ("t", "rx", "ry")


def drawn(
    rng: np.random.Generator, qubits: int, bits: int, *, clifford: bool, acts: bool
) -> list[Statement]:
    """A program that measures and resets on the way and, if it `acts`, looks at what it measured.

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
