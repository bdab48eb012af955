"""Numbers of a program's qubits: `$n` has number n, and declared qubits get the free numbers."""

from collections.abc import Callable, Sequence
from itertools import count, islice

from quantumtask.openqasm.text.source import Diagnostic, Span, format_int

MAX_QUBIT_DIGITS = 9
"""Most digits of the number of a physical qubit."""


class QubitAllocator:
    """Numbers of qubits, from 0. A number is also the index of a qubit in observables and states.

    A physical qubit `$n` has the number n, wherever the program names it first (specification:
    Physical qubits). Declared qubits get the lowest numbers that no `$n` of the program has, in the
    order of their declarations.

    Args:
        max_qubits: The most qubits that a program may have.
        physical_numbers: Returns the numbers of all physical qubits that the program names
            anywhere; called at the first declaration.

    Attributes:
        count: The number of qubits: the highest number, plus 1.
        physical: The numbers of the physical qubits that the program has named so far.
    """

    def __init__(self, max_qubits: int, physical_numbers: Callable[[], frozenset[int]]) -> None:
        self.count = 0
        self.physical: set[int] = set()
        self._max_qubits = max_qubits
        self._read_physical_numbers = physical_numbers
        self._physical_numbers: frozenset[int] | None = None
        self._next = 0

    def allocate(self, size: int, span: Span) -> Sequence[int]:
        """Return the numbers of new qubits, ascending.

        Raises:
            Diagnostic: The program has more than `max_qubits` qubits.
        """
        if self._physical_numbers is None:
            self._physical_numbers = self._read_physical_numbers()
        self._check_total(self._next + size, span)
        numbers = self._free_numbers(size)
        if numbers:
            self._next = numbers[-1] + 1
            self._check_total(self._next, span)
            self.count = max(self.count, self._next)
        return numbers

    def _check_total(self, total: int, span: Span) -> None:
        if total > self._max_qubits:
            raise self._too_many(f"{format_int(total)} qubits are declared", span)

    def _free_numbers(self, size: int) -> Sequence[int]:
        physical = self._physical_numbers
        if not physical:
            return range(self._next, self._next + size)
        free = (number for number in count(self._next) if number not in physical)
        return tuple(islice(free, size))

    def resolve_physical(self, digits: str, span: Span) -> int:
        """Return the number of the qubit `$digits`.

        Raises:
            Diagnostic: The number is too large.
        """
        if not digits.isdecimal() or len(digits) > MAX_QUBIT_DIGITS:
            raise Diagnostic("undeclared_name", f"`${digits[:60]}` is not a qubit", span)
        number = int(digits)
        if number >= self._max_qubits:
            raise self._too_many(f"`${number}` is qubit number {number:,}, counted from 0", span)
        self.physical.add(number)
        self.count = max(self.count, number + 1)
        return number

    def _too_many(self, reason: str, span: Span) -> Diagnostic:
        message = f"{reason}, and at most {self._max_qubits:,} are allowed"
        return Diagnostic("too_many_qubits", message, span)
