"""Arrays as JSON: bytes or lists, bit strings, and numbers that would lose digits."""

import base64
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from quantumtask.client.results.array_codec import (
    decode_amplitudes,
    decode_array,
    decode_reals,
    encode_array,
    pack,
    to_complexes,
    to_reals,
    unpack,
)


@pytest.mark.parametrize(
    ("array", "dtype"),
    [(np.array([0.5, -1]), "float64"), (np.array([[1, 2j]]), "complex128"),
     (np.array(7), "int64"), (np.array([True, False]), "bool"), (np.zeros((2, 0)), "float64"),
     (np.arange(6).reshape(2, 3)[:, ::-1], "int64"), (np.arange(4.0)[::2], "float64"),
     (np.array([1.5], np.float16), "float64"), (np.array([3], ">i2"), "int64"),
     (np.array([0.25], ">f8"), "float64"), (np.array([1j], np.complex64), "complex128"),
     (np.asfortranarray(np.arange(6.0).reshape(2, 3)), "float64"),
     (np.array([0.5, np.nan]), "float64"), (np.array([0.5], np.longdouble), "float64")],
)  # fmt: skip
def test_an_array_of_any_layout_comes_back_equal(array: Any, dtype: str) -> None:
    encoded = encode_array(array)
    decoded = decode_array(encoded)
    assert (encoded["dtype"], encoded["shape"]) == (dtype, list(array.shape))
    assert len(base64.b64decode(encoded["data"])) == array.size * np.dtype(dtype).itemsize
    np.testing.assert_array_equal(decoded, array)
    assert decoded.shape == array.shape
    assert not decoded.flags.writeable


@pytest.mark.skipif(np.longdouble is np.float64, reason="longdouble is float64 here")
def test_digits_that_float64_has_not_are_never_dropped() -> None:
    third = np.longdouble(1) / 3
    if third == np.float64(third):
        pytest.skip("longdouble has the digits of float64 here")
    with pytest.raises(ValueError, match="float64 cannot hold these"):
        encode_array(np.array([0.5, third]))
    with pytest.raises(ValueError, match="round them first"):
        to_reals("x", np.array([third]))


class Expression:
    """Number of another package that computes its value."""

    def numeric(self) -> float:
        return 0.75


@pytest.mark.parametrize(
    ("values", "expected"),
    [(1, 1.0), ([1, 2], [1.0, 2.0]), ([[True], [False]], [[1.0], [0.0]]),
     (np.array([1, 2], np.uint8), [1.0, 2.0]), ([Fraction(1, 2), 1], [0.5, 1.0]),
     ([Expression(), 1], [0.75, 1.0]), (np.float32(0.5), 0.5)],
)  # fmt: skip
def test_reals_are_float64_of_the_same_shape(values: Any, expected: Any) -> None:
    array = to_reals("x", values)
    assert array.dtype == np.float64
    assert array.tolist() == expected


@pytest.mark.parametrize(
    ("values", "words"),
    [([1j], "x: must be real numbers; got an array of complex128"), (["a"], "x: must be real"),
     ([Fraction(1, 2), 1j], "x: must be real; got the complex number"),
     ([None], "float")],
)  # fmt: skip
def test_what_is_not_real_is_refused(values: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        to_reals("x", values)


def test_complexes_are_complex128_and_nothing_else() -> None:
    assert to_complexes([1, 2j]).tolist() == [1, 2j]
    assert to_complexes(np.array([1j], np.complex64)).dtype == np.complex128
    assert to_complexes(np.array([1], np.uint8)).dtype == np.complex128
    with pytest.raises(TypeError, match="lists of one length"):
        to_complexes(["a", 1j])


def test_lists_and_bytes_are_the_same_numbers() -> None:
    reals = np.array([[0.5, 1], [2, -3]])
    np.testing.assert_array_equal(decode_reals(reals.tolist()), reals)
    np.testing.assert_array_equal(decode_reals(encode_array(reals)), reals)
    amplitudes = np.array([[0.5, 1j], [2, -3j]])
    pairs = [[[z.real, z.imag] for z in row] for row in amplitudes.tolist()]
    np.testing.assert_array_equal(decode_amplitudes(pairs), amplitudes)
    np.testing.assert_array_equal(decode_amplitudes(encode_array(amplitudes)), amplitudes)


@pytest.mark.parametrize(
    ("shots", "sizes"),
    [(["0", "1"], [1]), (["01 1", "10 0"], [1, 2]), (["1" * 9], [9]), (["0" * 8], [8]),
     (["1" + "0" * 16], [17]), (["101 0 11", "000 1 01"], [2, 1, 3]), ([], [3])],
)  # fmt: skip
def test_bit_strings_come_back_with_their_registers(shots: list[str], sizes: list[int]) -> None:
    packed = pack(shots)
    assert packed.dtype == np.uint8
    assert len(packed) == len(shots)
    assert unpack(packed, sizes) == shots


def test_shots_without_bits_are_empty_strings() -> None:
    assert pack(["", ""]).shape == (2, 0)
    assert unpack(pack(["", ""]), []) == ["", ""]


def test_memory_of_a_sweep_is_nested_by_its_shape() -> None:
    elements = [[pack(["00", "01"]), pack(["10", "11"])], [pack(["11", "11"]), pack(["00", "10"])]]
    assert unpack(np.array(elements), [1, 1]) == [
        [["0 0", "0 1"], ["1 0", "1 1"]],
        [["1 1", "1 1"], ["0 0", "1 0"]],
    ]
