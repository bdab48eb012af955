"""Arrays as JSON carries them: base64 of little-endian bytes, with dtype and shape."""

import base64
import binascii
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

DTYPES = {
    "float64": "<f8", "complex128": "<c16", "int64": "<i8", "uint8": "|u1", "bool": "|b1",
}  # fmt: skip
"""The dtypes there are, and how numpy writes them in little-endian order."""

ENCODED_FIELDS = {"dtype", "shape", "data"}

MAX_ENCODED_DIMENSIONS = 16


class ArrayFormatError(Exception):
    """This is no encoded array; the message says what is wrong with it."""


def decode_array(value: dict[str, Any]) -> NDArray[Any]:
    """The array of an object with `dtype`, `shape` and `data`. Raises NotEncoded."""
    if value.keys() != ENCODED_FIELDS:
        raise ArrayFormatError("an encoded array has dtype, shape and data, and nothing else")
    dtype, shape = _dtype(value["dtype"]), _shape(value["shape"])
    data = _bytes(value["data"])
    needed = math.prod(shape) * dtype.itemsize
    if len(data) != needed:
        raise ArrayFormatError(
            f"its data has {len(data):,} bytes, and the shape {list(shape)} of {value['dtype']} "
            f"needs {needed:,}"
        )
    if dtype == np.bool_ and data.translate(None, b"\0\1"):
        raise ArrayFormatError("a bool is a byte 0 or 1")
    return np.frombuffer(data, dtype=dtype).reshape(shape)


def _dtype(name: object) -> "np.dtype[Any]":
    if not isinstance(name, str) or name not in DTYPES:
        raise ArrayFormatError(f"its dtype is none of {', '.join(DTYPES)}")
    return np.dtype(DTYPES[name])


def _shape(shape: object) -> tuple[int, ...]:
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise ArrayFormatError("its shape is no list of whole numbers")
    if len(shape) > MAX_ENCODED_DIMENSIONS:
        raise ArrayFormatError(f"its shape has more than {MAX_ENCODED_DIMENSIONS} dimensions")
    return tuple(shape)


def _bytes(data: object) -> bytes:
    try:
        return base64.b64decode(data, validate=True)  # type: ignore[arg-type]
    except (binascii.Error, TypeError, ValueError):
        raise ArrayFormatError("its data is not base64") from None


def encode_array(array: NDArray[Any]) -> dict[str, Any]:
    """An array of one of the DTYPES as an object for JSON."""
    plain = np.ascontiguousarray(array, dtype=DTYPES[array.dtype.name])
    data = base64.b64encode(plain.data).decode()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}
