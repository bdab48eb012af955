"""Arrays of a result: from base64, as they are stored, to nested lists, piece by piece.

No step holds more than one piece of an array: neither the memory nor the time of a step grows with
the array.
"""

import json
import sys
from array import array
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from operator import mul
from typing import Any, NamedTuple

from quantumtask.shared.errors import ResultDamaged
from quantumtask.shared.output_kinds import ARRAY_BYTE_ORDER

Registers = Sequence[tuple[str, int]]


def list_pieces(data: Iterable[bytes], registers: Registers) -> Iterator[bytes]:
    """Yield a result's `data` with its arrays as nested lists.

    Args:
        data: Pieces of a JSON object, name -> array in base64 (docs/how-to/results.md).
        registers: Names and sizes of the circuit's registers, in the order of declaration.

    Yields:
        Pieces of a JSON object, name -> nested lists. A complex number is `[re, im]`; a shot of
        `memory` is a bit string as in the counts: the last bit first, registers separated by a
        space.

    Raises:
        ResultDamaged: The text is not what a slot writes.
    """
    separator = b"{"
    for each in read_arrays(data):
        yield separator + json.dumps(each.name).encode() + b": "
        yield from _nest(_elements(each, registers))
        separator = b", "
    yield b"{}" if separator == b"{" else b"}"


class StoredArray(NamedTuple):
    """An array of a result as it is stored; `raw` yields the bytes of its elements."""

    name: str
    dtype: str
    shape: list[int]
    raw: Iterator[bytes]


def read_arrays(data: Iterable[bytes]) -> Iterator[StoredArray]:
    """Yield the arrays of a result's `data`, each of which must be read before the next.

    Args:
        data: Pieces of a JSON object, name -> array in base64.

    Raises:
        ResultDamaged: The text is not what a slot writes.
    """
    reader = _Reader(data)
    while (head := reader.read_until(_DATA_BEGIN)) is not None:
        ((name, encoded),) = json.loads(b"{%b}}" % head.strip(b"{}, ")).items()
        raw = _decode_base64(reader.pieces_until(b'"'))
        yield StoredArray(name, encoded["dtype"], encoded["shape"], raw)
        for _ in raw:
            pass  # what the caller left, which of an empty array is only the end of its text


def array_groups(data: Iterable[bytes], name: str) -> Iterator[list[float]]:
    """Yield the numbers of one array of a result's `data`, in groups, the last index first.

    Args:
        data: Pieces of a JSON object, name -> array in base64.
        name: The name of an array of real numbers.

    Raises:
        ResultDamaged: The object has no such array.
    """
    reader = _Reader(data)
    while (head := reader.read_until(_DATA_BEGIN)) is not None:
        pieces = reader.pieces_until(b'"')
        if json.dumps(name).encode() in head:
            raw = _decode_base64(pieces)
            return (_decode_floats(each) for each in _split(raw, 8))
        for _ in pieces:
            pass
    raise ResultDamaged(f"the result has no array `{name}`")


_DATA_BEGIN = b'"data": "'
"""The text before the base64 of an array, whose dtype and shape come first."""


class _Reader:
    """Text that arrives in pieces."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._text = b""

    def read_until(self, delimiter: bytes) -> bytes | None:
        """Return the text before a delimiter and skip both; None if there is no delimiter."""
        while delimiter not in self._text:
            piece = next(self._pieces, None)
            if piece is None:
                return None
            self._text += piece
        before, _, self._text = self._text.partition(delimiter)
        return before

    def pieces_until(self, delimiter: bytes) -> Iterator[bytes]:
        """Yield the text before a delimiter of one byte, in pieces, and skip both."""
        while delimiter not in self._text:
            yield self._text
            try:
                self._text = next(self._pieces)
            except StopIteration:
                raise ResultDamaged("an array of the result has no end") from None
        before, _, self._text = self._text.partition(delimiter)
        yield before


def _decode_base64(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a base64 text."""
    rest = b""
    for piece in pieces:
        text = rest + piece
        end = len(text) // 4 * 4
        rest = text[end:]
        yield a2b_base64(text[:end])


class _Elements(NamedTuple):
    """The elements of an array in the order of its last index, in groups, and its shape."""

    groups: Iterator[list[Any]]
    shape: Sequence[int]


def _elements(stored: StoredArray, registers: Registers) -> _Elements:
    shape, raw = stored.shape, stored.raw
    if stored.name == "memory":
        shots = _split(raw, shape[-1]) if shape[-1] else iter(())
        strings = _BitStrings(shape[-1], registers)
        return _Elements((strings.decode(each) for each in shots), shape[:-1])
    size, decode = _DECODERS[stored.dtype]
    return _Elements((decode(each) for each in _split(raw, size)), shape)


def _split(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield the bytes in pieces of whole elements of this size."""
    rest = b""
    for piece in pieces:
        text = rest + piece
        end = len(text) // size * size
        rest = text[end:]
        yield text[:end]


def _decode_floats(raw: bytes) -> list[float]:
    values = array("d", raw)
    if sys.byteorder != ARRAY_BYTE_ORDER:
        values.byteswap()
    return values.tolist()


def _decode_complex(raw: bytes) -> list[tuple[float, float]]:
    numbers = _decode_floats(raw)
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _decode_integers(raw: bytes) -> list[int]:
    values = array("q", raw)
    if sys.byteorder != ARRAY_BYTE_ORDER:
        values.byteswap()
    return values.tolist()


_DECODERS: dict[str, tuple[int, Callable[[bytes], list[Any]]]] = {
    "float64": (8, _decode_floats),
    "complex128": (16, _decode_complex),
    "int64": (8, _decode_integers),
    "uint8": (1, list),
    "bool": (1, lambda raw: list(map(bool, raw))),
}
"""For each dtype, the bytes of an element and the function that decodes elements."""


class _BitStrings:
    """Decodes shots: each is a big-endian integer of all bits in `width` bytes."""

    def __init__(self, width: int, registers: Registers) -> None:
        self._width = width
        self._registers = registers
        self._cache: dict[bytes, str] = {}

    def decode(self, raw: bytes) -> list[str]:
        """Return the bit string of each shot."""
        if len(self._cache) > _MAX_CACHED_SHOTS:
            self._cache.clear()
        cache, width = self._cache, self._width
        shots = [raw[at : at + width] for at in range(0, len(raw), width)]
        return [cache.get(shot) or cache.setdefault(shot, self._format(shot)) for shot in shots]

    def _format(self, shot: bytes) -> str:
        bits = f"{int.from_bytes(shot):0{sum(size for _, size in self._registers)}b}"
        return " ".join(_split_registers(bits, self._registers))


_MAX_CACHED_SHOTS = 10_000


def _split_registers(bits: str, registers: Registers) -> Iterator[str]:
    """Yield the bits of each register, the last register first."""
    at = 0
    for _, size in reversed(registers):
        yield bits[at : at + size]
        at += size


def _nest(elements: _Elements) -> Iterator[bytes]:
    """Yield the elements as JSON text of nested lists."""
    shape = elements.shape
    if not shape:
        yield json.dumps(next(group for group in elements.groups if group)[0]).encode()
    elif 0 in shape:
        yield json.dumps(_empty_lists(shape)).encode()
    else:
        brackets, at = _Brackets(shape), 0
        for group in elements.groups:
            yield brackets.write(group, at)
            at += len(group)


def _empty_lists(shape: Sequence[int]) -> list[Any]:
    """Return the nested lists of a shape that has a 0."""
    return [] if shape[0] == 0 else [_empty_lists(shape[1:]) for _ in range(shape[0])]


class _Brackets:
    """Writes consecutive elements of an array with the brackets of its lists between them."""

    def __init__(self, shape: Sequence[int]) -> None:
        self._row = shape[-1]
        self._sizes = list(accumulate(reversed(shape), mul))  # of the lists, the innermost first

    def write(self, elements: list[Any], at: int) -> bytes:
        """Return the text of some elements, of which the first has this position."""
        parts, start = [], 0
        while start < len(elements):
            end = min(len(elements), start + self._row - (at + start) % self._row)
            opened, closed = self._lists_at(at + start), self._lists_at(at + end)
            parts += [", " if at + start else "", "[" * opened]
            parts += [json.dumps(elements[start:end])[1:-1], "]" * closed]
            start = end
        return "".join(parts).encode()

    def _lists_at(self, position: int) -> int:
        """Return the number of lists that begin at a position, and that end before it."""
        return sum(position % size == 0 for size in self._sizes)
