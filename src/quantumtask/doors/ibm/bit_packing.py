"""Bits of many rows, packed without gaps: how IBM's protocol writes arrays of bool.

All work is on large integers, so that a result of megabytes takes milliseconds without NumPy,
which the API does not have.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

GROUP_BYTES = 32 * 1024
"""About the size of the rows that are packed in one step."""


def pack_rows(pieces: Iterable[bytes], width: int, bits: int) -> Iterator[bytes]:
    """Yield the lowest bits of each row, one row after the other, the first bit lowest.

    Args:
        pieces: The rows, in pieces of any size; a row is an integer, its highest byte first.
        width: The bytes of a row.
        bits: The number of bits of a row that are kept.

    Yields:
        Bytes; the last one is filled up with zeros.
    """
    levels = max(3, (GROUP_BYTES // max(1, width)).bit_length() - 1)
    size = width << levels
    rest = b""
    for piece in pieces:
        rest += piece
        while len(rest) >= size > 0:
            group, rest = rest[:size], rest[size:]
            yield _pack_group(group, width, bits, levels)
    if rest:
        rows = len(rest) // width
        packed = _pack_group(rest.ljust(size, b"\0"), width, bits, levels)
        yield packed[: -(-rows * bits // 8)]


def _pack_group(group: bytes, width: int, bits: int, levels: int) -> bytes:
    """Return the packed bits of 2**levels rows, at least eight."""
    rows = bytearray(len(group))
    for place in range(width):  # to little-endian rows
        rows[place::width] = group[width - 1 - place :: width]
    number = int.from_bytes(rows, "little")
    for low, high, shift in _masks(width, bits, levels):
        number = number & low | (number & high) >> shift
    return number.to_bytes((bits << levels) // 8, "little")


@lru_cache(maxsize=16)
def _masks(width: int, bits: int, levels: int) -> tuple[tuple[int, int, int], ...]:
    """Return the masks of the even and the odd fields at each level, and the gap that closes.

    At each level, a field has the rows of two fields of the level before it.
    """
    total = 8 * width << levels
    masks = []
    for level in range(levels):
        field, size = 8 * width << level, bits << level
        ones = (1 << size) - 1
        pairs = _repeat(ones, 2 * field, total // (2 * field))
        masks.append((pairs, pairs << field, field - size))
    return tuple(masks)


def _repeat(pattern: int, period: int, times: int) -> int:
    """Return a pattern of bits repeated with a period, a power of two times."""
    while times > 1:
        pattern |= pattern << period
        period, times = 2 * period, times // 2
    return pattern
