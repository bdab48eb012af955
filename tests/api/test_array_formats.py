"""The array codecs and bit-string formatters of slot, API and client agree with each other."""

import base64
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from quantumtask.api.serialization.array_json import Registers, list_pieces
from quantumtask.client.results import array_codec as client_codec
from quantumtask.engines.sampling.bitstrings import BitstringFormatter
from quantumtask.openqasm.inputs.array_codec import decode_array, encode_array
from quantumtask.openqasm.program.program import Register
from quantumtask.shared.errors import ResultDamaged
from quantumtask.shared.output_kinds import ARRAY_BYTE_ORDER, ARRAY_DTYPES

SHAPES = ((), (1,), (3,), (2, 3), (0, 2), (2, 0), (2, 1, 2), (3, 4, 5))

REGISTERS = (
    (),
    (("c", 1),),
    (("c", 8),),
    (("a", 3), ("b", 2)),
    (("a", 1), ("b", 9), ("c", 1), ("d", 64)),
)


def to_lists(data: str, registers: Registers, piece: int = 7) -> bytes:
    pieces = (data[at : at + piece].encode() for at in range(0, len(data), piece))
    return b"".join(list_pieces(pieces, registers))


def array_of(dtype: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    numbers = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    return (numbers * (1.5 + 0.25j) if dtype == "complex128" else numbers * 1.5).astype(dtype)


def registers_of(pairs: tuple[tuple[str, int], ...]) -> list[Register]:
    return [Register(name, size) for name, size in pairs]


def as_pairs(array: np.ndarray[Any, Any]) -> Any:
    """An array as JSON writes it: a complex number as a list of two."""
    if array.dtype.kind == "c":
        return np.stack((array.real, array.imag), axis=-1).tolist()
    return array.tolist()


@pytest.mark.parametrize("dtype", ARRAY_DTYPES)
def test_each_dtype_has_the_byte_order_of_the_format(dtype: str) -> None:
    order: Any = ARRAY_BYTE_ORDER
    assert np.dtype(ARRAY_DTYPES[dtype]) == np.dtype(dtype).newbyteorder(order)
    data = base64.b64decode(encode_array(np.ones(1, dtype))["data"])
    assert data == np.ones(1, dtype).astype(ARRAY_DTYPES[dtype]).tobytes()


def test_the_client_sends_only_dtypes_of_the_format() -> None:
    assert set(client_codec.DTYPES.values()) <= ARRAY_DTYPES.keys()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ARRAY_DTYPES)
def test_the_client_reads_each_array_that_a_slot_writes(dtype: str, shape: tuple[int, ...]) -> None:
    array = array_of(dtype, shape)
    decoded = client_codec.decode_array(json.loads(json.dumps(encode_array(array))))
    assert (decoded.dtype, decoded.shape) == (array.dtype, array.shape)
    assert (decoded == array).all()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", client_codec.DTYPES.values())
def test_a_slot_reads_each_array_that_the_client_writes(dtype: str, shape: tuple[int, ...]) -> None:
    array = array_of(dtype, shape)
    for layout in (array, array.copy(order="F"), array.astype(array.dtype.newbyteorder(">"))):
        decoded = decode_array(json.loads(json.dumps(client_codec.encode_array(layout))))
        assert (decoded.dtype, decoded.shape) == (array.dtype, array.shape)
        assert (decoded == array).all()


@pytest.mark.parametrize("piece", [1, 7, 1000])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_the_api_lists_each_array_that_a_slot_writes(
    dtype: str, shape: tuple[int, ...], piece: int
) -> None:
    array = array_of(dtype, shape)
    data = json.dumps({"probabilities": encode_array(array), "other": encode_array(-array)})
    listed = json.loads(to_lists(data, (), piece))
    assert listed == {"probabilities": as_pairs(array), "other": as_pairs(-array)}


def test_no_array_is_an_empty_object_and_half_an_array_is_damage() -> None:
    assert to_lists("{}", ()) == b"{}"
    with pytest.raises(ResultDamaged):
        to_lists(json.dumps({"x": encode_array(np.ones(9))})[:-20], ())


@given(arrays.arrays(np.float64, (5,), elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_all_codecs_keep_each_bit_of_a_number(array: np.ndarray[Any, Any]) -> None:
    encoded = encode_array(array)
    assert client_codec.encode_array(array) == encoded
    assert client_codec.decode_array(encoded).tobytes() == decode_array(encoded).tobytes()
    (listed,) = json.loads(to_lists(json.dumps({"x": encoded}), ())).values()
    assert np.array(listed).tobytes() == array.tobytes()


@pytest.mark.parametrize("pairs", REGISTERS)
@pytest.mark.parametrize("sweep", [(), (2,), (2, 2)])
def test_slot_api_and_client_write_a_shot_as_the_same_bit_string(
    pairs: tuple[tuple[str, int], ...], sweep: tuple[int, ...]
) -> None:
    total = sum(size for _, size in pairs)
    outcomes = sorted({0, 1 % (1 << total), (1 << total) // 3, (1 << total) - 1})
    texts = BitstringFormatter(registers_of(pairs)).format(outcomes)
    packed = client_codec.pack(texts)
    assert [int.from_bytes(shot.tobytes()) for shot in packed] == outcomes
    memory = np.broadcast_to(packed, (*sweep, *packed.shape))
    expected = np.broadcast_to(np.array(texts, object), (*sweep, len(texts))).tolist()
    assert client_codec.unpack(memory, [size for _, size in pairs]) == expected
    if total:
        data = json.dumps({"memory": encode_array(memory)})
        assert json.loads(to_lists(data, pairs)) == {"memory": expected}
