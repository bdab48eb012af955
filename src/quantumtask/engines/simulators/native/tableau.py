"""Stabilizer tableau: a state of Clifford gates as rows of Pauli operators.

Source: S. Aaronson and D. Gottesman, Improved simulation of stabilizer circuits (2004).

The tableau is stored by columns; each column is one Python integer over all rows. A gate then costs
a few operations on integers for any number of rows, and copies share the integers. Row 2k is the
destabilizer of the k-th qubit, row 2k + 1 its stabilizer. The bits (x, z) of a qubit in a row stand
for I, X, Z or Y; the signs of the rows are a column of their own.
"""

from collections.abc import Sequence

import numpy as np

from quantumtask.engines.gates.clifford import clifford_table
from quantumtask.engines.gates.gate_action import gate_action
from quantumtask.engines.simulators.native.branch_state import ShotBits
from quantumtask.openqasm.program.operations import Operation

SignColumns = list[int]
"""Column 0: the signs; column k: the rows whose sign random bit k changes."""


class NotClifford(Exception):
    """Signals a gate that is not Clifford."""


class StabilizerTableau:
    """State of all qubits while all gates are Clifford; see `QuantumState`."""

    __slots__ = ("_signs", "_values", "_x", "_z")

    def __init__(self) -> None:
        self._x: dict[int, int] = {}
        self._z: dict[int, int] = {}
        self._signs = 0
        self._values: dict[int, int] = {}  # of the qubits with a definite value

    def _copy(self) -> "StabilizerTableau":
        copy = StabilizerTableau()
        copy._x, copy._z = self._x.copy(), self._z.copy()
        copy._signs, copy._values = self._signs, self._values.copy()
        return copy

    @property
    def bytes(self) -> int:
        """The memory of the state."""
        qubits = len(self._x)
        return 200 * qubits + qubits * qubits // 2

    def apply(self, operations: Sequence[Operation]) -> None:
        """Apply gates.

        Raises:
            NotClifford: A gate is not Clifford.
        """
        for operation in operations:
            for qubit in operation.qubits:
                if qubit not in self._x:
                    self._add(qubit)
            if self._values:
                self._discard_values(operation)
            self._conjugate(operation)

    def _add(self, qubit: int) -> None:
        row = 2 * len(self._x)
        self._x[qubit] = 1 << row
        self._z[qubit] = 1 << row + 1
        self._values[qubit] = 0

    def _discard_values(self, operation: Operation) -> None:
        """Discard the values that a gate may change."""
        preserves = gate_action(operation).preserves_basis
        for qubit, preserved in zip(operation.qubits, preserves, strict=True):
            if not preserved:
                self._values.pop(qubit, None)

    def _conjugate(self, operation: Operation) -> None:
        """Replace each row P by U P U†, where U is the gate."""
        table = clifford_table(operation)
        if table is None:
            raise NotClifford
        qubits = operation.qubits
        old = [self._x[q] for q in qubits] + [self._z[q] for q in qubits]
        for product in table.signs:
            term = old[product[0]]
            for k in product[1:]:
                term &= old[k]
            self._signs ^= term
        new = []
        for image in table.images:
            total = 0
            for k in image:
                total ^= old[k]
            new.append(total)
        for k, qubit in enumerate(qubits):
            self._x[qubit], self._z[qubit] = new[k], new[k + len(qubits)]

    def definite_value(self, qubit: int) -> int | None:
        """Return the value of a qubit that no gate has changed; see `QuantumState`."""
        return self._values.get(qubit) if qubit in self._x else 0

    def set_value(self, qubit: int, value: int) -> None:
        """Set a qubit that has a definite value."""
        if self.definite_value(qubit) != value:
            if qubit not in self._x:
                self._add(qubit)
            self._signs ^= self._z[qubit]
            self._values[qubit] = value

    def probability(self, qubit: int) -> float:
        """Return the probability of measuring 1."""
        value = self.definite_value(qubit)
        if value is not None:
            return float(value)
        if self._x[qubit] & self._stabilizer_rows:
            return 0.5
        return float(self._certain_outcome(qubit, [self._signs]) & 1)

    def project(self, qubit: int, value: int) -> "StabilizerTableau":
        """Return the state after measuring `value`; see `QuantumState.project`."""
        if self.definite_value(qubit) is not None:
            return self
        if not self._x[qubit] & self._stabilizer_rows:
            self._values[qubit] = value
            return self
        state = self._copy()
        signs = [self._signs]
        state._collapse(qubit, signs)
        state._signs = signs[0] ^ signs[1] * value
        state._values[qubit] = value
        return state

    def sample(self, qubits: Sequence[int], shots: int, rng: np.random.Generator) -> ShotBits:
        """Return the values of qubits, measured together, one row for each shot.

        A copy is measured once: each outcome is then a sum of random bits, which are drawn for
        every shot.
        """
        copy = self._copy()
        signs = [self._signs]
        sums = [copy._measure(qubit, signs) for qubit in qubits]
        width = len(signs)
        rows = b"".join(total.to_bytes(-(-width // 8), "little") for total in sums)
        packed = np.frombuffer(rows, dtype=np.uint8).reshape(len(sums), -1)
        table = np.unpackbits(packed, axis=1, count=width, bitorder="little").astype(np.float32)
        random_bits = rng.integers(0, 2, (shots, width), dtype=np.uint8)
        random_bits[:, 0] = 1
        totals = random_bits.astype(np.float32) @ table.T
        sampled: ShotBits = totals.astype(np.int32).astype(np.uint8)
        return sampled & np.uint8(1)

    @property
    def _stabilizer_rows(self) -> int:
        """The mask of the rows of the stabilizers."""
        rows: int = ((1 << 2 * len(self._x)) - 1) // 3 << 1
        return rows

    def _measure(self, qubit: int, signs: SignColumns) -> int:
        """Return an outcome as a sum of random bits: bit k of the mask is random bit k.

        Bit 0 is the constant part.
        """
        if qubit not in self._x:
            return 0
        if self._x[qubit] & self._stabilizer_rows:
            self._collapse(qubit, signs)
            return 1 << len(signs) - 1
        return self._certain_outcome(qubit, signs)

    def _certain_outcome(self, qubit: int, signs: SignColumns) -> int:
        """Return an outcome that follows from the stabilizers: the sign of their product.

        A row is i**(number of Ys) times its Xs times its Zs; a Z that passes an X of a later row
        changes the sign.
        """
        rows = (self._x[qubit] & self._stabilizer_rows >> 1) << 1
        width = rows.bit_length()
        power = 0
        for x, z in zip(self._x.values(), self._z.values(), strict=True):
            x, z = x & rows, z & rows
            if x and z:
                power += (x & z).bit_count() + 2 * (x & _prefix_parity(z, width)).bit_count()
        total = sum(((column & rows).bit_count() & 1) << k for k, column in enumerate(signs))
        return total ^ (power >> 1 & 1)

    def _collapse(self, qubit: int, signs: SignColumns) -> None:
        """Measure a qubit with a random outcome: a new random bit, the last of `signs`."""
        anticommuting = self._x[qubit]
        stabilizers = anticommuting & self._stabilizer_rows
        row = stabilizers & -stabilizers
        others = anticommuting & ~(row | row >> 1)
        negated = self._multiply_rows(row, others)
        for k, column in enumerate(signs):
            if column & row:
                column ^= others
            signs[k] = (column ^ negated if k == 0 else column) & ~(row | row >> 1)
        _move_to_destabilizer(self._x, row)
        _move_to_destabilizer(self._z, row)
        self._z[qubit] |= row
        signs.append(row)

    def _multiply_rows(self, row: int, others: int) -> int:
        """Multiply other rows by one row, except for its own sign.

        Returns:
            The mask of the rows whose sign changes. `low` and `high` count the powers of i of each
            row modulo 4.
        """
        low = high = 0
        for qubit, x in self._x.items():
            z = self._z[qubit]
            has_x, has_z = x & row, z & row
            if not (has_x or has_z):
                continue
            only_x, only_z, both = x & ~z & others, z & ~x & others, x & z & others
            if not has_z:
                up, down = both, only_z
                self._x[qubit] = x ^ others
            elif has_x:
                up, down = only_z, only_x
                self._x[qubit], self._z[qubit] = x ^ others, z ^ others
            else:
                up, down = only_x, both
                self._z[qubit] = z ^ others
            high ^= low & up ^ ~(low ^ up) & down
            low ^= up ^ down
        return high


def _prefix_parity(bits: int, width: int) -> int:
    """Return for each position the parity of the bits at lower positions."""
    bits <<= 1
    step = 1
    while step < width:
        bits ^= bits << step
        step *= 2
    return bits


def _move_to_destabilizer(columns: dict[int, int], row: int) -> None:
    """Move the row of a stabilizer to its destabilizer; the stabilizer becomes empty."""
    both = row | row >> 1
    for qubit, column in columns.items():
        if column & both:
            others = column & ~both
            columns[qubit] = others | row >> 1 if column & row else others
