"""Arrays in JSON: base64 of little-endian bytes, with dtype and shape."""

import base64
import binascii
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.shared.output_kinds import ARRAY_DTYPES

ENCODED_FIELDS = {"dtype", "shape", "data"}
"""The fields of an encoded array."""

MAX_ENCODED_DIMENSIONS = 16
"""Most dimensions of an encoded array."""


MAX_ENCODED_ELEMENTS = 2**31
"""Largest product of the sizes of an encoded array, also of one that is empty by a size of 0."""


class ArrayFormatError(Exception):
    """A JSON object that is not an encoded array; the message names the field and the rule."""


def decode_array(value: dict[str, Any]) -> NDArray[Any]:
    """Return the array of an object with `dtype`, `shape` and `data`.

    Raises:
        ArrayFormatError: The object is not an encoded array.
    """
    if value.keys() != ENCODED_FIELDS:
        raise ArrayFormatError("an encoded array must have exactly dtype, shape and data")
    dtype, shape = _decode_dtype(value["dtype"]), _decode_shape(value["shape"])
    data = _decode_data(value["data"])
    expected = math.prod(shape) * dtype.itemsize
    if len(data) != expected:
        raise ArrayFormatError(
            f"data has {len(data):,} bytes; the shape {list(shape)} of {value['dtype']} "
            f"needs {expected:,}"
        )
    if dtype == np.bool_ and data.translate(None, b"\0\1"):
        raise ArrayFormatError("each byte of a bool must be 0 or 1")
    return np.frombuffer(data, dtype=dtype).reshape(shape)


def _decode_dtype(name: object) -> "np.dtype[Any]":
    if not isinstance(name, str) or name not in ARRAY_DTYPES:
        raise ArrayFormatError(f"dtype must be one of {', '.join(ARRAY_DTYPES)}")
    return np.dtype(ARRAY_DTYPES[name])


def _decode_shape(shape: object) -> tuple[int, ...]:
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise ArrayFormatError("shape must be a list of integers that are at least 0")
    if len(shape) > MAX_ENCODED_DIMENSIONS:
        raise ArrayFormatError(f"shape must have at most {MAX_ENCODED_DIMENSIONS} dimensions")
    if math.prod(n or 1 for n in shape) > MAX_ENCODED_ELEMENTS:
        raise ArrayFormatError(
            f"the sizes in shape, 0 left out, must have a product of at most "
            f"{MAX_ENCODED_ELEMENTS:,}; got {shape!s:.80}"
        )
    return tuple(shape)


def _decode_data(data: object) -> bytes:
    try:
        return base64.b64decode(data, validate=True)  # type: ignore[arg-type]
    except (binascii.Error, TypeError, ValueError):
        raise ArrayFormatError("data must be base64") from None


def encode_array(array: NDArray[Any]) -> dict[str, Any]:
    """Return an array, of a dtype in ARRAY_DTYPES, as an object for JSON."""
    contiguous = np.ascontiguousarray(array, dtype=ARRAY_DTYPES[array.dtype.name])
    data = base64.b64encode(contiguous.data).decode()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}
