"""A state of Clifford gates as a tableau of Pauli rows, after Aaronson and Gottesman (2004).

The tableau is kept by columns, each one Python integer over all rows: a gate costs a few operations
on such integers however many rows there are, and a copy shares them. Row 2k is the destabilizer of
the k-th touched qubit, row 2k + 1 the stabilizer. The bits (x, z) of a qubit in a row stand for I,
X, Z or Y there, and the signs of the rows are a column of their own.
"""

from collections.abc import Sequence

import numpy as np

from quantumtask.engines.gates.clifford import clifford_table
from quantumtask.engines.gates.gate_action import gate_action
from quantumtask.engines.simulators.native.branch_state import ShotBits
from quantumtask.openqasm.program.operations import Operation

Signs = list[int]
"""Columns of signs: the constant part, then for each random bit the rows that it turns round."""


class NotClifford(Exception):
    """A gate that no stabilizer state can follow."""


class StabilizerTableau:
    """The state of all qubits as long as all gates are Clifford."""

    __slots__ = ("_known", "_sign", "_x", "_z")

    def __init__(self) -> None:
        self._x: dict[int, int] = {}
        self._z: dict[int, int] = {}
        self._sign = 0
        self._known: dict[int, int] = {}

    def _copy(self) -> "StabilizerTableau":
        twin = StabilizerTableau()
        twin._x, twin._z = self._x.copy(), self._z.copy()
        twin._sign, twin._known = self._sign, self._known.copy()
        return twin

    @property
    def bytes(self) -> int:
        qubits = len(self._x)
        return 200 * qubits + qubits * qubits // 2

    def apply(self, operations: Sequence[Operation]) -> None:
        """Raises NotClifford."""
        for operation in operations:
            for qubit in operation.qubits:
                if qubit not in self._x:
                    self._touch(qubit)
            if self._known:
                self._forget(operation)
            self._turn(operation)

    def _touch(self, qubit: int) -> None:
        row = 2 * len(self._x)
        self._x[qubit] = 1 << row
        self._z[qubit] = 1 << row + 1
        self._known[qubit] = 0

    def _forget(self, operation: Operation) -> None:
        """What was known of qubits that the operation changes."""
        known = self._known
        for qubit, kept in zip(operation.qubits, gate_action(operation).keeps, strict=True):
            if not kept:
                known.pop(qubit, None)

    def _turn(self, operation: Operation) -> None:
        rule = clifford_table(operation)
        if rule is None:
            raise NotClifford
        qubits = operation.qubits
        old = [self._x[q] for q in qubits] + [self._z[q] for q in qubits]
        for product in rule.signs:
            term = old[product[0]]
            for k in product[1:]:
                term &= old[k]
            self._sign ^= term
        new = []
        for image in rule.images:
            total = 0
            for k in image:
                total ^= old[k]
            new.append(total)
        for k, qubit in enumerate(qubits):
            self._x[qubit], self._z[qubit] = new[k], new[k + len(qubits)]

    def known(self, qubit: int) -> int | None:
        return self._known.get(qubit) if qubit in self._x else 0

    def set(self, qubit: int, value: int) -> None:
        if self.known(qubit) != value:
            if qubit not in self._x:
                self._touch(qubit)
            self._sign ^= self._z[qubit]
            self._known[qubit] = value

    def probability(self, qubit: int) -> float:
        known = self.known(qubit)
        if known is not None:
            return float(known)
        if self._x[qubit] & self._stabilizers:
            return 0.5
        return float(self._certain(qubit, [self._sign]) & 1)

    def projected(self, qubit: int, value: int) -> "StabilizerTableau":
        if self.known(qubit) is not None:
            return self
        if not self._x[qubit] & self._stabilizers:
            self._known[qubit] = value
            return self
        twin = self._copy()
        signs = [self._sign]
        twin._collapse(qubit, signs)
        twin._sign = signs[0] ^ signs[1] * value
        twin._known[qubit] = value
        return twin

    def sample(self, qubits: Sequence[int], shots: int, rng: np.random.Generator) -> ShotBits:
        """Measures a copy once, with the outcomes as sums of random bits, then draws those."""
        twin = self._copy()
        signs = [self._sign]
        sums = [twin._measure(qubit, signs) for qubit in qubits]
        width = len(signs)
        rows = b"".join(total.to_bytes(-(-width // 8), "little") for total in sums)
        packed = np.frombuffer(rows, dtype=np.uint8).reshape(len(sums), -1)
        table = np.unpackbits(packed, axis=1, count=width, bitorder="little").astype(np.float32)
        drawn = rng.integers(0, 2, (shots, width), dtype=np.uint8)
        drawn[:, 0] = 1
        sampled: ShotBits = (drawn.astype(np.float32) @ table.T).astype(np.int32).astype(np.uint8)
        return sampled & np.uint8(1)

    @property
    def _stabilizers(self) -> int:
        """The rows of the stabilizers."""
        rows: int = ((1 << 2 * len(self._x)) - 1) // 3 << 1
        return rows

    def _measure(self, qubit: int, signs: Signs) -> int:
        """The outcome as a sum: bit 0 is its constant part, bit k says if random bit k counts."""
        if qubit not in self._x:
            return 0
        if self._x[qubit] & self._stabilizers:
            self._collapse(qubit, signs)
            return 1 << len(signs) - 1
        return self._certain(qubit, signs)

    def _certain(self, qubit: int, signs: Signs) -> int:
        """The outcome where it follows from the stabilizers: the sign of their product.

        A row is i**(number of Ys) times Xs times Zs, and each Z that has to pass an X of a later
        row turns the sign.
        """
        rows = (self._x[qubit] & self._stabilizers >> 1) << 1
        width = rows.bit_length()
        power = 0
        for x, z in zip(self._x.values(), self._z.values(), strict=True):
            x, z = x & rows, z & rows
            if x and z:
                power += (x & z).bit_count() + 2 * (x & _earlier(z, width)).bit_count()
        total = sum(((sign & rows).bit_count() & 1) << k for k, sign in enumerate(signs))
        return total ^ (power >> 1 & 1)

    def _collapse(self, qubit: int, signs: Signs) -> None:
        """Measures a qubit whose outcome is random: a new random bit, the last of `signs`."""
        anticommuting = self._x[qubit]
        stabilizer = anticommuting & self._stabilizers
        row = stabilizer & -stabilizer
        others = anticommuting & ~(row | row >> 1)
        turned = self._multiply(row, others)
        for k, sign in enumerate(signs):
            if sign & row:
                sign ^= others
            signs[k] = (sign ^ turned if k == 0 else sign) & ~(row | row >> 1)
        _become_destabilizer(self._x, row)
        _become_destabilizer(self._z, row)
        self._z[qubit] |= row
        signs.append(row)

    def _multiply(self, row: int, others: int) -> int:
        """Multiplies other rows by one; gives those whose sign this turns, its own sign aside.

        `low` and `high` count the powers of i of each row modulo 4.
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


def _earlier(bits: int, width: int) -> int:
    """At each place, the parity of the bits at lower places."""
    bits <<= 1
    step = 1
    while step < width:
        bits ^= bits << step
        step *= 2
    return bits


def _become_destabilizer(columns: dict[int, int], row: int) -> None:
    """Moves a stabilizer's row to the place of its destabilizer, and leaves its own empty."""
    both = row | row >> 1
    for qubit, column in columns.items():
        if column & both:
            kept = column & ~both
            columns[qubit] = kept | row >> 1 if column & row else kept
