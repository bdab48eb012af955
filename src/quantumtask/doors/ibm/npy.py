"""Arrays in NumPy's file format, as IBM's clients send them: read and written without NumPy."""

import base64
import binascii
import re
import struct
import zlib
from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.output_kinds import ARRAY_DTYPES
from quantumtask.shared.task import MAX_PARAMETERS_BYTES

_MAGIC = b"\x93NUMPY"
_HEADER = re.compile(
    rb"\{'descr': '([<>|=]?[a-z]\d+)', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d+,? ?)*)\), ?\}\s*"
)
_ALIGNMENT = 64
_MAX_DIMENSIONS = 32
_LEVEL = 1

_FLOAT, _COMPLEX = "<f8", "<c16"
_TYPES = {"<f8": "d", "<f4": "f", "<i8": "q", "<i4": "i", "|u1": "B", "<c16": "d", "|b1": "B"}
"""For each dtype that is read, the code of its items in `array`."""


class NpyArray(NamedTuple):
    """An array: its items in the order of the last index, and its dtype as in `_TYPES`."""

    dtype: str
    shape: tuple[int, ...]
    items: "array[Any]"

    @property
    def is_complex(self) -> bool:
        """True for complex numbers, of which the items are the parts."""
        return self.dtype == _COMPLEX

    def to_floats(self) -> dict[str, Any]:
        """Return the array as an encoded array of float64, for the `parameters` of a task."""
        floats = array("d", self.items)
        return {
            "dtype": "float64",
            "shape": list(self.shape),
            "data": base64.b64encode(_little_endian(floats)).decode(),
        }

    def to_lists(self) -> Any:
        """Return nested lists; a complex number is a list of its parts."""
        shape = (*self.shape, 2) if self.is_complex else self.shape
        values: list[Any] = self.items.tolist()
        for size in reversed(shape[1:]):
            values = [values[k : k + size] for k in range(0, len(values), size or 1)]
        return values if shape else values[0]


def decode_npy(text: str, name: str) -> NpyArray:
    """Return the array in a text: base64 of zlib of a file.

    Raises:
        InvalidRequest: the text is no such array, or too large; the message has the name.
    """
    try:
        stream = zlib.decompressobj()
        data = stream.decompress(base64.b64decode(text, validate=True), MAX_PARAMETERS_BYTES)
    except (binascii.Error, ValueError, zlib.error):
        raise InvalidRequest(f"{name}: must be base64 of a compressed array") from None
    if not stream.eof:
        raise InvalidRequest(
            f"{name}: must be a complete array of at most {MAX_PARAMETERS_BYTES:,} bytes"
        )
    return _read(data, name)


def _read(data: bytes, name: str) -> NpyArray:
    wrong = InvalidRequest(f"{name}: must be an array in NumPy's file format, without pickles")
    if len(data) < 10 or data[:6] != _MAGIC or data[6] not in (1, 2, 3):
        raise wrong
    width = 2 if data[6] == 1 else 4
    start = 8 + width
    end = start + int.from_bytes(data[8:start], "little")
    header = _HEADER.fullmatch(data[start:end]) if end - start < 1_000 else None
    if header is None:
        raise wrong
    dtype = header[1].decode()
    shape = tuple(map(int, header[3].replace(b",", b" ").split()))
    if dtype not in _TYPES:
        raise InvalidRequest(f"{name}: dtype must be one of {', '.join(_TYPES)}; got {dtype}")
    items = array(_TYPES[dtype])
    parts = 2 if dtype == _COMPLEX else 1
    if len(shape) > _MAX_DIMENSIONS or prod(shape) * parts * items.itemsize != len(data) - end:
        raise wrong
    items.frombytes(data[end:])
    if header[2] == b"True" and len(shape) > 1:
        items = _transpose(items, shape, parts)
    return NpyArray(dtype, shape, items)


def _transpose(items: "array[Any]", shape: Sequence[int], parts: int) -> "array[Any]":
    """Return items of an array in the order of Fortran in that of C."""
    result = array(items.typecode)
    steps = [prod(shape[:axis]) for axis in range(len(shape))]

    def visit(axis: int, offset: int) -> None:
        for k in range(shape[axis]):
            place = offset + k * steps[axis]
            if axis + 1 < len(shape):
                visit(axis + 1, place)
            else:
                result.extend(items[place * parts : (place + 1) * parts])

    visit(0, 0)
    return result


def npy_header(dtype: str, shape: Sequence[int]) -> bytes:
    """Return the beginning of a file.

    Args:
        dtype: A key of ARRAY_DTYPES.
        shape: The shape of the array.
    """
    sizes = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
    text = f"{{'descr': '{ARRAY_DTYPES[dtype]}', 'fortran_order': False, 'shape': ({sizes}), }}"
    size = 10 + len(text) + 1
    padding = -size % _ALIGNMENT
    head = _MAGIC + b"\x01\x00" + struct.pack("<H", len(text) + padding + 1)
    return head + text.encode() + b" " * padding + b"\n"


def encode_npy(encoded: dict[str, Any]) -> Iterator[bytes]:
    """Yield a JSON object of IBM's clients for an encoded array of a result, in pieces."""
    yield b'{"__type__": "ndarray", "__value__": "'
    compressor = zlib.compressobj(_LEVEL)
    text: str = encoded["data"]
    rest = compressor.compress(npy_header(encoded["dtype"], encoded["shape"]))
    edges = [*range(0, len(text), _PIECE), len(text)]
    for start, end in pairwise(edges):
        rest += compressor.compress(base64.b64decode(text[start:end]))
        whole = len(rest) // 3 * 3
        yield base64.b64encode(rest[:whole])
        rest = rest[whole:]
    yield base64.b64encode(rest + compressor.flush()) + b'"}'


_PIECE = 64 * 1024
"""Characters of base64 that are converted at once; a multiple of four."""


def _little_endian(values: "array[float]") -> bytes:
    copy = array(values.typecode, values)
    if struct.pack("=H", 1) != struct.pack("<H", 1):
        copy.byteswap()
    return copy.tobytes()
