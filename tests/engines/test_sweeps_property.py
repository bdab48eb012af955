"""Properties of sweeps: NumPy's broadcasting; each element equals a task of its own."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import BroadcastableShapes, mutually_broadcastable_shapes

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, Result, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.support.http_queries import decode_array, encode_array
from tests.support.sizes import examples

SETTINGS = Settings()
CIRCUIT = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float a;\ninput array[float[64], 2] b;\n'
    "qubit[2] q;\nbit[2] c;\nry(a) q[0];\ncx q[0], q[1];\nrx(b[0]) q[0];\nry(b[1]) q[1];\n"
    "c = measure q;\n"
)
WORDS = ["ZZ", "XY", "0X", "IZ", "Z+"]

SHAPES = mutually_broadcastable_shapes(num_shapes=3, min_side=1, max_side=3, max_dims=3)


def run(parameters: dict[str, Any], **options: Any) -> Result:
    spec = TaskSpec(CIRCUIT, 50, 7, parameters=json.dumps(parameters), options=json.dumps(options))
    result = execute(spec, SETTINGS)
    assert isinstance(result, Result), result
    return result


def arrays(result: Result) -> dict[str, Any]:
    assert result.data is not None
    return {name: decode_array(array) for name, array in json.loads(result.data).items()}


def values(a: Any, b: Any, words: Any) -> tuple[tuple[int, ...], Any]:
    result = run({"a": a, "b": b}, observables=words)
    return result.shape or (), arrays(result)["expectation_values"]


def filled(shape: tuple[int, ...], seed: int) -> Any:
    return np.random.default_rng(seed).uniform(-3, 3, shape)


@settings(max_examples=examples(40), deadline=None)
@given(shapes=SHAPES, seed=st.integers(0, 2**32), packed=st.booleans())
def test_a_sweep_is_the_single_tasks_in_numpys_order(
    shapes: BroadcastableShapes, seed: int, packed: bool
) -> None:
    one, two, three = shapes.input_shapes
    a, b = filled(one, seed), filled((*two, 2), seed + 1)
    words = np.random.default_rng(seed).choice(WORDS, three)
    sent_a, sent_b = (encode_array(a), encode_array(b)) if packed else (a.tolist(), b.tolist())
    shape, result = values(sent_a, sent_b, words.tolist())
    assert shape == np.broadcast_shapes(one, two)
    assert result.shape == np.broadcast_shapes(one, two, three)
    whole_a = np.broadcast_to(a, result.shape)
    whole_b = np.broadcast_to(b, (*result.shape, 2))
    whole_words = np.broadcast_to(words, result.shape)
    for place in list(np.ndindex(result.shape))[:3]:
        single = values(float(whole_a[place]), whole_b[place].tolist(), str(whole_words[place]))
        assert single[0] == ()
        assert np.isclose(result[place], single[1], atol=1e-12)


@settings(max_examples=examples(25), deadline=None)
@given(
    one=st.lists(st.integers(1, 4), max_size=3).map(tuple),
    two=st.lists(st.integers(1, 4), max_size=3).map(tuple),
)
def test_what_numpy_does_not_broadcast_is_refused(
    one: tuple[int, ...], two: tuple[int, ...]
) -> None:
    parameters = {"a": filled(one, 1).tolist(), "b": filled((*two, 2), 2).tolist()}
    result = execute(TaskSpec(CIRCUIT, 1, parameters=json.dumps(parameters)), SETTINGS)
    try:
        shape = np.broadcast_shapes(one, two)
    except ValueError:
        assert isinstance(result, Failure)
        assert result.code == "shape_mismatch"
        assert str(list(one)) in result.message
        assert str(list(two)) in result.message
    else:
        assert isinstance(result, Result)
        assert (result.shape or ()) == shape


@settings(max_examples=examples(15), deadline=None)
@given(factors=st.lists(st.floats(-10, 10), min_size=5, max_size=5), seed=st.integers(0, 1000))
def test_an_observable_is_the_sum_of_its_terms(factors: list[float], seed: int) -> None:
    a, b = float(filled((), seed)), filled((2,), seed).tolist()
    terms = [list(term) for term in zip(WORDS, factors, strict=True)]
    _, each = values(a, b, WORDS)
    _, together = values(a, b, terms)
    assert np.isclose(together, np.dot(factors, each))


@pytest.mark.parametrize("returns", ["probabilities", "statevector", "unitary"])
def test_arrays_of_a_sweep_are_those_of_its_elements(returns: str) -> None:
    a, b = filled((3, 1), 5), filled((2, 2), 6)
    whole = arrays(run({"a": a.tolist(), "b": b.tolist()}, **{"return": [returns]}))[returns]
    for row, column in np.ndindex(3, 2):
        single = run({"a": float(a[row, 0]), "b": b[column].tolist()}, **{"return": [returns]})
        assert np.allclose(whole[row, column], arrays(single)[returns])


def test_counts_of_elements_that_are_equal_are_drawn_independently() -> None:
    result = run({"a": [1.0] * 400, "b": [0.5, 0.25]}, **{"return": ["counts"]})
    ones = np.array(
        [sum(n for k, n in each.items() if k[-1] == "1") for each in json.loads(result.counts)]
    )
    exact = arrays(run({"a": 1.0, "b": [0.5, 0.25]}, observables="I1"))["expectation_values"]
    variance = 50 * exact * (1 - exact)
    assert abs(ones.mean() - 50 * exact) < 5 * np.sqrt(variance / 400)
    assert 0.7 < ones.var() / variance < 1.35
    assert abs(np.corrcoef(ones[:-1], ones[1:])[0, 1]) < 0.25
