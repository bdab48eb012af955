"""Arrays in JSON: base64 of little-endian bytes with type and shape, or nested lists."""

import base64
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.client.json_numbers import to_json

Array = NDArray[Any]

DTYPES = {"f": "float64", "c": "complex128", "i": "int64", "b": "bool"}
"""Type of the bytes for each kind of NumPy array."""


def encode_array(array: Array) -> dict[str, Any]:
    """Encode an array of numbers or truth values as JSON that holds its bytes.

    Raises:
        ValueError: A number has more digits than float64 can hold.
    """
    dtype = DTYPES[array.dtype.kind]
    content = _exact(array, np.dtype(dtype))
    content = np.require(content, content.dtype.newbyteorder("<"), "C")
    data = base64.b64encode(content.tobytes()).decode("ascii")
    return {"dtype": dtype, "shape": list(array.shape), "data": data}


def to_reals(name: str, values: Any) -> Array:
    """Convert real numbers to float64, without a change of shape.

    Raises:
        TypeError: A value is complex, or is not a number.
        ValueError: A number has more digits than float64 can hold.
    """
    array = np.asarray(values)
    if array.dtype.kind == "O":
        reals = [_real(name, each) for each in array.ravel()]
        return np.array(reals, np.float64).reshape(array.shape)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name}: must be real numbers; got an array of {array.dtype}")
    if array.dtype.kind in "iu":
        return array.astype(np.float64)
    return _exact(array, np.dtype(np.float64))


def to_complexes(values: Any) -> Array:
    """Convert nested lists with complex numbers, or an array, to a complex array.

    Raises:
        TypeError: A value is not a number.
        ValueError: A number has more digits than float64 can hold.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "biufc":
        raise TypeError("complex numbers must be in lists of one length, or in an array")
    return array.astype(np.result_type(array.dtype, np.complex128))


def _real(name: str, value: Any) -> float:
    """Convert a number of any type to float, also a Qiskit expression without parameters."""
    numeric = getattr(value, "numeric", None)
    return float(to_json(name, value if numeric is None else numeric()))


def _exact(array: Array, dtype: np.dtype[Any]) -> Array:
    rounded = array.astype(dtype)
    if array.dtype.itemsize > dtype.itemsize and not np.array_equal(
        rounded, array, equal_nan=array.dtype.kind != "b"
    ):
        raise ValueError(f"{dtype} cannot hold these {array.dtype} exactly; round them first")
    return rounded


def decode_array(value: Mapping[str, Any]) -> Array:
    """Return the array of encoded bytes; the array is read-only."""
    dtype = np.dtype(str(value["dtype"])).newbyteorder("<")
    flat = np.frombuffer(base64.b64decode(value["data"]), dtype)
    return flat.reshape(tuple(value["shape"]))


def decode_reals(value: Any) -> Array:
    """Return real numbers, from bytes or from nested lists."""
    return decode_array(value) if isinstance(value, Mapping) else np.asarray(value, dtype=float)


def decode_amplitudes(value: Any) -> Array:
    """Return complex numbers, from bytes or from nested lists of [re, im]."""
    if isinstance(value, Mapping):
        return decode_array(value)
    pairs = np.asarray(value, dtype=float)
    values: Array = pairs[..., 0] + 1j * pairs[..., 1]
    return values


def pack(shots: Sequence[str]) -> Array:
    """Pack bit strings as uint8 [shots, bytes]: each shot is a big-endian integer.

    The last character of a string is the lowest bit. Blanks between registers do not count.
    """
    digits = np.frombuffer("".join(shots).replace(" ", "").encode(), np.uint8)
    bits = len(digits) // max(1, len(shots))
    rows = (digits & 1).reshape(len(shots), bits)
    packed = np.packbits(rows[:, ::-1], axis=1, bitorder="little")
    return np.ascontiguousarray(packed[:, ::-1])


def unpack(memory: Array, sizes: Sequence[int]) -> Any:
    """Unpack the bit strings of `pack`, nested as the leading dimensions.

    Args:
        memory: uint8 [..., shots, bytes].
        sizes: Sizes of the registers, in the order of declaration.
    """
    if memory.ndim > 2:
        return [unpack(each, sizes) for each in memory]
    total = sum(sizes)
    if not total:
        return ["" for _ in memory]
    texts = [f"{int.from_bytes(shot.tobytes()):0{total}b}" for shot in memory]
    ends = [sum(sizes[:k]) for k in range(len(sizes), -1, -1)]  # the last register stands first
    pieces = [slice(total - high, total - low) for high, low in itertools.pairwise(ends)]
    return [" ".join(text[piece] for piece in pieces) for text in texts]
