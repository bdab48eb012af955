"""JSON text of counts from arrays, for results of many outcomes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quantumtask.openqasm.program.program import Register

ZERO = ord("0")

OutcomeArray = NDArray[np.int64]
"""Distinct outcomes, ascending; bit k of an outcome is bit k of the result."""


def counts_text(
    outcomes: OutcomeArray, totals: NDArray[np.int64], registers: Sequence[Register]
) -> str:
    """Return a JSON object with the number of shots of each bit string; see `BitstringFormatter`.

    Args:
        outcomes: One or more outcomes of at most `WORD_BITS` bits.
        totals: The shots of each outcome.
        registers: The registers of the result, with one or more bits.
    """
    digits = _decimal_digits(totals)
    quote, colon, comma = [_column(char, len(outcomes)) for char in '":,']
    columns = [quote, *_bit_columns(outcomes, registers), quote, colon, digits, comma]
    table = np.concatenate(columns, axis=1)
    text: str = table[table != 0].tobytes().decode("ascii")
    return "{" + text[:-1] + "}"


def _column(char: str, rows: int) -> NDArray[np.uint8]:
    return np.full((rows, 1), ord(char), dtype=np.uint8)


def _bit_columns(outcomes: OutcomeArray, registers: Sequence[Register]) -> list[NDArray[np.uint8]]:
    """Return the digits of the bits, the last bit first, with a space between registers."""
    bits = sum(register.size for register in registers)
    big_endian = outcomes.astype(">i8").view(np.uint8).reshape(len(outcomes), 8)
    digits = np.unpackbits(big_endian, axis=1)[:, 64 - bits :] + np.uint8(ZERO)
    columns: list[NDArray[np.uint8]] = []
    first = 0
    for register in reversed(registers):
        columns += [digits[:, first : first + register.size], _column(" ", len(outcomes))]
        first += register.size
    return columns[:-1]


def _decimal_digits(numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the decimal digits of positive numbers; a leading zero is the byte 0."""
    width = len(str(int(numbers.max())))
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    digits = (numbers[:, None] // powers % 10 + ZERO).astype(np.uint8)
    digits[numbers[:, None] < powers] = 0
    return digits
