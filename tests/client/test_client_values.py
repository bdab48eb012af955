"""Conversions of the client: numbers, sources, observables, chunks of a sweep."""

from collections import OrderedDict
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantumtask.client.batch import Outcome
from quantumtask.client.chunking import MAX_CHUNK_SIZE, join_results, split_sweep
from quantumtask.client.errors import failure
from quantumtask.client.json_numbers import holds_complex, to_json
from quantumtask.client.observables import column, names
from quantumtask.client.request import body, circuit_fields, parameters
from quantumtask.client.results.result import Result
from quantumtask.client.service_url import service_url

# Numbers.


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, None), ("a", "a"), (True, True), (2**70, 2**70), (0.1, 0.1), (np.int8(-3), -3),
     (np.float32(0.5), 0.5), (np.bool_(True), True), (np.str_("ab"), "ab"), (Decimal("0.5"), 0.5),
     (Fraction(1, 4), 0.25), (range(3), [0, 1, 2]), ((1, [2.0]), [1, [2.0]]),
     (np.array([[1, 2]]), [[1, 2]]), (np.array(1.5), 1.5), ({"a": np.int64(1)}, {"a": 1}),
     (OrderedDict({1: (2,)}), {"1": [2]}), ([], []), ({}, {})],
)  # fmt: skip
def test_a_value_becomes_json_of_the_same_value(value: Any, expected: Any) -> None:
    converted = to_json("x", value)
    assert converted == expected
    assert type(converted) is type(expected) or isinstance(converted, str)


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [(float("nan"), ValueError, "x: must be finite; got nan"),
     (np.float64("inf"), ValueError, "x: must be finite"),
     (Decimal("0.1"), ValueError, r"cannot hold 0\.1 \(Decimal\) exactly; round it with float"),
     (Fraction(1, 3), ValueError, r"cannot hold 1/3 \(Fraction\)"),
     (1j, TypeError, "x: must be real; got the complex number 1j"),
     (np.complex64(2), TypeError, "x: must be real"),
     (b"1", TypeError, "must be a number, a text or a list; got a bytes"),
     (NotImplemented, TypeError, "got a NotImplementedType"), ({1, 2}, TypeError, "got a set"),
     ({"a": [1, {"b": 1j}]}, TypeError, r"x\.a\.b: must be real"),
     ([0.5, [float("nan")]], ValueError, "x: must be finite")],
    ids=str,
)  # fmt: skip
def test_a_value_that_json_cannot_hold_is_refused_by_its_name(
    value: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        to_json("x", value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, False), (1.5, False), ("1j", False), (None, False), (1j, True), (np.complex64(1), True),
     (np.float32(1), False), (Fraction(1, 2), False), ([1, (2, 1j)], True), ([], False),
     (np.zeros(3), False), (np.zeros(3, complex), True), (np.array([1j], object), False)],
)  # fmt: skip
def test_a_complex_number_is_found_in_lists_and_arrays(value: Any, expected: bool) -> None:
    assert holds_complex(value) is expected


# Requests.


def test_a_source_is_a_text_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "circuit.qasm"
    file.write_bytes("\ufeffqubit q; // é".encode())
    assert circuit_fields("qubit q;")["circuit"] == "qubit q;"
    assert circuit_fields(file)["circuit"] == "qubit q; // é"
    with pytest.raises(OSError):
        circuit_fields(tmp_path / "missing.qasm")


@pytest.mark.parametrize("source", [None, 5, bytearray(b"qubit q;"), ["qubit q;"]])
def test_any_other_source_is_refused_with_its_type(source: Any) -> None:
    kind = type(source).__name__
    with pytest.raises(TypeError, match=f"a circuit is OpenQASM text, .*; this is a {kind}"):
        circuit_fields(source)


@pytest.mark.parametrize("name", ["bell.qasm", "../bell.QASM", "C:\\bell.txt", "my files/a.inc"])
def test_the_name_of_a_file_is_refused_with_the_way_to_pass_the_file(name: str) -> None:
    with pytest.raises(ValueError) as refusal:
        circuit_fields(name)
    assert str(refusal.value) == (
        f"{name!r} is the name of a file, and a circuit is OpenQASM text: "
        f"pass pathlib.Path({name!r})"
    )
    text = f'include "{name}";'
    assert circuit_fields(text)["circuit"] == text


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("shot", "shot: no such option; did you mean `shots`?"),
        ("parameter", "parameter: no such option; did you mean `parameters`?"),
        ("observable", "observable: no such option; did you mean `observables`?"),
        ("timeout_ms", "timeout_ms: no such option; did you mean `timeout_s`?"),
    ],
)
def test_an_unknown_option_is_refused_with_the_closest_name(option: str, words: str) -> None:
    unknown: Any = {option: 1}
    with pytest.raises(TypeError) as refusal:
        body("x", **unknown)
    assert str(refusal.value) == words


def test_an_option_that_is_like_no_other_is_refused_with_all_options() -> None:
    unknown: Any = {"xyz": 1}
    words = r"xyz: no such option; the options are backend, .* truncation"
    with pytest.raises(TypeError, match=words):
        body("x", **unknown)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("localhost:8000/docs", "http://localhost:8000"),
        ("http://lab:80/docs#/tasks/submit", "http://lab:80"),
        ("https://lab/quantum/docs/?a=b", "https://lab/quantum"),
        ("https://lab/openapi.json", "https://lab"),
        ("https://lab/docs/quantum", "https://lab/docs/quantum"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("  http://lab\n", "http://lab"),
    ],
)
def test_an_address_is_understood_as_people_write_it(address: str, url: str) -> None:
    assert service_url(address) == url


def test_a_body_has_only_what_was_asked_for() -> None:
    assert body("x") == {"circuit": "x"}
    assert body("x", shots=None, tags=[], parameters=None, returns=None) == {"circuit": "x"}
    shots: Any = np.int64(5)
    assert body("x", shots=shots, returns="counts", tags=("a",), parameters={}) == {
        "circuit": "x", "shots": 5, "return": ["counts"], "tags": ["a"], "parameters": {},
    }  # fmt: skip
    assert body("x", returns=("memory", "counts"))["return"] == ["memory", "counts"]


@pytest.mark.parametrize(("size", "encoded"), [(100, False), (101, True)])
def test_only_a_large_array_is_sent_as_bytes(size: int, encoded: bool) -> None:
    sent = parameters({"x": np.arange(size)})
    assert sent is not None
    assert isinstance(sent["x"], dict) == encoded
    if encoded:
        assert (sent["x"]["dtype"], sent["x"]["shape"]) == ("int64", [size])
    listed = parameters({"x": list(range(size))})
    assert listed == {"x": list(range(size))}


def test_complex_numbers_in_lists_are_one_array() -> None:
    sent = parameters({"z": [1, 2j]})
    assert sent is not None
    assert (sent["z"]["dtype"], sent["z"]["shape"]) == ("complex128", [2])
    with pytest.raises((TypeError, ValueError)):
        parameters({"z": [1j, "a"]})


# Observables.


@pytest.mark.parametrize(
    ("observables", "expected"),
    [(None, []), ([], []), ("ZZ", ["ZZ"]), (["ZZ", "XX"], ["ZZ", "XX"]),
     ([["ZZ", 1]], ["ZZ"]), ([["ZZ", 0.5], ["XI", -1.0]], ["0.5 ZZ - 1 XI"]),
     ([["Z", -2]], ["-2 Z"]), ([("Z", 1 / 3)], ["0.3333 Z"]),
     ([["ZZ", [["XX", 0.5]]], ["YY"]], ["ZZ", "0.5 XX", "YY"])],
)  # fmt: skip
def test_every_observable_has_a_name(observables: Any, expected: list[str]) -> None:
    assert list(names(observables)) == expected


@pytest.mark.parametrize(
    ("observables", "expected"),
    [(None, None), ("ZZ", "ZZ"), ([["ZZ", 0.5]], [["ZZ", 0.5]]), (["ZZ", "XX"], [["ZZ"], ["XX"]]),
     ([["ZZ", "XX"], ["YY", "II"]], [[["ZZ"], ["XX"]], [["YY"], ["II"]]]),
     ([[["ZZ", 1.0]], "X"], [[[["ZZ", 1.0]]], ["X"]])],
)  # fmt: skip
def test_observables_get_a_dimension_for_the_sweep(observables: Any, expected: Any) -> None:
    assert column(observables) == expected


# Chunks.


@pytest.mark.parametrize(
    ("length", "count"),
    [(1, 1), (15, 15), (16, 16), (17, 16), (1000, 16), (16 * MAX_CHUNK_SIZE, 16),
     (16 * MAX_CHUNK_SIZE + 1, 17)],
)  # fmt: skip
def test_chunks_are_neighbours_of_about_one_size(length: int, count: int) -> None:
    chunks = split_sweep({"t": range(length), "fixed": 3, "word": "01"})
    assert len(chunks) == count
    assert [value for chunk in chunks for value in chunk.parameters["t"]] == list(range(length))
    sizes = [len(chunk.parameters["t"]) for chunk in chunks]
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) <= MAX_CHUNK_SIZE
    assert [chunk.start for chunk in chunks] == [sum(sizes[:k]) for k in range(count)]
    assert chunks[-1].element(sizes[-1] - 1) == {"t": length - 1, "fixed": 3, "word": "01"}


@pytest.mark.parametrize(
    ("values", "lengths"),
    [({}, "none"), ({"a": 1, "b": "01", "c": np.array(2)}, "none"),
     ({"a": [1], "b": [1, 2]}, "1, 2"), ({"a": []}, "0")],
)  # fmt: skip
def test_a_sweep_needs_arrays_of_one_length(values: Any, lengths: str) -> None:
    with pytest.raises(ValueError, match=f"arrays of one length; the lengths are: {lengths}$"):
        split_sweep(values)


def test_results_of_chunks_have_the_index_and_the_parameters_of_the_sweep() -> None:
    chunks = split_sweep({"t": np.arange(20) / 2})
    sizes = [len(chunk.parameters["t"]) for chunk in chunks]
    outcomes = [
        Outcome(at, "t", Result("t", [{"0": 1}] * sizes[at], 1, shape=(sizes[at],)))
        for at in (3, 0)
    ]
    results = list(join_results(chunks, outcomes))
    assert [result.index for result in results] == [
        (chunks[at].start + k,) for at in (3, 0) for k in range(sizes[at])
    ]
    assert all(result.parameters == {"t": result.index[0] / 2} for result in results)
    error = failure("out_of_memory", "too large", [])
    with pytest.raises(type(error), match="too large"):
        list(join_results(chunks, [Outcome(0, "t", error)]))
