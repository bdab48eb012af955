"""Numbers of a program's qubits: `$n` is number n, and declared qubits get the free numbers."""

from collections.abc import Callable, Sequence
from itertools import count, islice

from quantumtask.openqasm.text.source import Diagnostic, Span, format_int

MAX_QUBIT_DIGITS = 9
"""Most digits of the number of a physical qubit."""


class QubitAllocator:
    """Numbers of qubits, from 0; the number is the place of a qubit in an observable or a state.

    A physical qubit `$n` has the number n, wherever the program names it first (spec: Physical
    qubits). Declared qubits get the lowest numbers that no `$n` of the program has, in the order of
    their declarations.

    Args:
        most: The most qubits that a program may have.
        physical_numbers: Reads the numbers of all physical qubits that the program names anywhere;
            called at the first declaration.
    """

    def __init__(self, most: int, physical_numbers: Callable[[], frozenset[int]]) -> None:
        self.count = 0
        self.physical: set[int] = set()
        self._most = most
        self._physical_numbers = physical_numbers
        self._holes: frozenset[int] | None = None
        self._next = 0

    def declare(self, size: int, span: Span) -> Sequence[int]:
        """The numbers of new qubits, ascending. Raises Diagnostic for more than `most` qubits."""
        if self._holes is None:
            self._holes = self._physical_numbers()
        self._check_total(self._next + size, span)
        numbers = self._free(size)
        if numbers:
            self._next = numbers[-1] + 1
            self._check_total(self._next, span)
            self.count = max(self.count, self._next)
        return numbers

    def _check_total(self, total: int, span: Span) -> None:
        if total > self._most:
            raise self._too_many(f"{format_int(total)} qubits are declared", span)

    def _free(self, size: int) -> Sequence[int]:
        holes = self._holes
        if not holes:
            return range(self._next, self._next + size)
        free = (number for number in count(self._next) if number not in holes)
        return tuple(islice(free, size))

    def physical_number(self, digits: str, span: Span) -> int:
        """The number of the qubit `$digits`. Raises Diagnostic for a number that is too large."""
        if not digits.isdecimal() or len(digits) > MAX_QUBIT_DIGITS:
            raise Diagnostic("undeclared_name", f"${digits[:60]} is no qubit", span)
        number = int(digits)
        if number >= self._most:
            raise self._too_many(f"`${number}` is qubit number {number:,}, counted from 0", span)
        self.physical.add(number)
        self.count = max(self.count, number + 1)
        return number

    def _too_many(self, what: str, span: Span) -> Diagnostic:
        return Diagnostic("too_many_qubits", f"{what}, and at most {self._most:,} can be", span)
