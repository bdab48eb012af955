"""Tensors of IBM's quantum programs: base64 of zlib of little-endian numbers, or of packed bits."""

import base64
import binascii
import json
import zlib
from collections.abc import Iterable, Iterator
from math import prod
from typing import Annotated, Any

from pydantic import Field

from quantumtask.api.schemas.body_part import BodyPart
from quantumtask.doors.ibm.bit_packing import pack_rows
from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.task import MAX_PARAMETERS_BYTES

BOOL = "bool"
TENSOR_DTYPES = {"f64": "float64", "u8": "uint8", "i64": "int64", "c128": "complex128", BOOL: BOOL}
"""For each dtype of the protocol that is read, that of an encoded array of a task."""

_NAMES = {name: short for short, name in TENSOR_DTYPES.items()}
_ITEM_BYTES = {"f64": 8, "u8": 1, "i64": 8, "c128": 16, BOOL: 1}

MAX_TENSOR_DIMENSIONS = 16
MAX_SIZE = 2**31
"""Largest product of the sizes of a tensor, those of 0 left out."""

_COMPRESSION_LEVEL = 1  # counts of hardware hardly compress, and the API has better things to do
_BYTES_PER_BITS = [bytes(value >> k & 1 for k in range(8)) for value in range(256)]


class EncodedTensor(BodyPart):
    """A tensor in a body."""

    data: str
    shape: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=MAX_TENSOR_DIMENSIONS)]
    dtype: str


def to_encoded_array(tensor: EncodedTensor, place: str) -> dict[str, Any]:
    """Return a tensor as the encoded array of a task.

    Args:
        tensor: The tensor.
        place: Its name in messages.

    Raises:
        InvalidRequest: it is not a tensor, is too large, or has a dtype that is not read.
    """
    if tensor.dtype not in TENSOR_DTYPES:
        raise InvalidRequest(
            f"{place}.dtype: must be one of {', '.join(TENSOR_DTYPES)}; got {tensor.dtype[:20]!r}"
        )
    if prod(size or 1 for size in tensor.shape) > MAX_SIZE:
        raise InvalidRequest(
            f"{place}.shape: must have a product of at most {MAX_SIZE:,}; got {tensor.shape!s:.60}"
        )
    size = prod(tensor.shape)
    raw = _decompress(tensor.data, size * _ITEM_BYTES[tensor.dtype], tensor, place)
    if tensor.dtype == BOOL:
        raw = b"".join([_BYTES_PER_BITS[each] for each in raw])[:size]
    return {
        "dtype": TENSOR_DTYPES[tensor.dtype],
        "shape": tensor.shape,
        "data": base64.b64encode(raw).decode(),
    }


def _decompress(data: str, size: int, tensor: EncodedTensor, place: str) -> bytes:
    """Return the bytes of a tensor, of which the shape tells the number."""
    expected = -(-size // 8) if tensor.dtype == BOOL else size
    if size * 4 // 3 > MAX_PARAMETERS_BYTES:
        raise InvalidRequest(
            f"{place}: must be at most {MAX_PARAMETERS_BYTES * 3 // 4:,} bytes; the shape "
            f"{tensor.shape!s:.60} of {tensor.dtype} has {size:,}: send several jobs"
        )
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(base64.b64decode(data, validate=True), expected + 1)
    except (binascii.Error, ValueError, zlib.error):
        raise InvalidRequest(f"{place}.data: must be base64 of data that zlib packed") from None
    if len(raw) != expected or not (stream.eof or not expected):
        more = "more" if len(raw) > expected else f"{len(raw):,}"
        raise InvalidRequest(
            f"{place}.data: the shape {tensor.shape!s:.60} of {tensor.dtype} needs {expected:,} "
            f"bytes; got {more}"
        )
    return raw


def from_encoded_array(array: dict[str, Any]) -> dict[str, Any]:
    """Return the encoded array of a task as a tensor."""
    raw = base64.b64decode(array["data"])
    if array["dtype"] == BOOL:
        raw = b"".join(pack_rows([raw], 1, 1))
    data = base64.b64encode(zlib.compress(raw)).decode()
    return {"data": data, "shape": array["shape"], "dtype": _NAMES[array["dtype"]]}


def tensor_pieces(dtype: str, shape: list[int], raw: Iterable[bytes]) -> Iterator[bytes]:
    """Yield an array of a result as a tensor in JSON, in pieces.

    Args:
        dtype: The dtype of the array in the result.
        shape: The shape of the tensor.
        raw: The bytes of the tensor; of bool, packed bits.
    """
    yield b'{"data": "'
    yield from _encode(raw)
    head = {"shape": shape, "dtype": _NAMES[dtype]}
    yield b'", ' + json.dumps(head).encode()[1:]


def _encode(raw: Iterable[bytes]) -> Iterator[bytes]:
    """Yield base64 of the compressed bytes."""
    stream, rest = zlib.compressobj(_COMPRESSION_LEVEL), b""
    for piece in raw:
        rest += stream.compress(piece)
        end = len(rest) // 3 * 3
        yield base64.b64encode(rest[:end])
        rest = rest[end:]
    yield base64.b64encode(rest + stream.flush())
