"""The API and the slot accept the same options."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quantumtask.api.schemas.requests import SubmitRequest, parse_task
from quantumtask.engines.outputs.output_spec import parse_output_spec
from quantumtask.shared.errors import RequestError, ResourceError
from quantumtask.shared.output_kinds import COMPILE_MODES, OUTPUT_KINDS
from quantumtask.shared.task import TaskSpec
from quantumtask.shared.task_options import MAX_DIMENSIONS, MIN_PRECISION
from tests.support.services import BELL, Service

WORDS = st.text("IXYZ01+-rl", min_size=1, max_size=3) | st.sampled_from(["", "ZQ", "z"])
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.just(10**400)
TERMS = st.tuples(WORDS, NUMBERS | st.booleans() | st.none()).map(list)
ARRAYS = st.recursive(
    WORDS | st.lists(TERMS, max_size=3), lambda items: st.lists(items, max_size=3)
)
RATES = st.fixed_dictionaries(
    {},
    optional={
        "one_qubit": NUMBERS | st.booleans() | st.floats(0, 1),
        "two_qubit": st.floats(0, 1) | st.none() | st.just("0.1"),
    },
)
THERMAL = st.fixed_dictionaries(
    {"t1_us": st.floats(0, 10), "t2_us": st.floats(0, 10)}, optional={"gate_ns": RATES}
)
NOISE = st.fixed_dictionaries(
    {},
    optional={
        "depolarizing": RATES | st.none(),
        "thermal": THERMAL | st.none(),
        "readout": st.just({"zero_as_one": 0.1}) | RATES,
        "idle": st.booleans() | st.none() | st.just(1),
    },
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "observables": ARRAYS | NUMBERS,
        "precision": NUMBERS | st.sampled_from([0, 0.1, MIN_PRECISION, 1e-9, True, "0.1", None]),
        "return": st.lists(st.sampled_from([*OUTPUT_KINDS, "count", 7]), max_size=7)
        | WORDS
        | st.none(),
        "noise": NOISE | st.just("fake_manila") | st.lists(st.nothing()) | NUMBERS | st.none(),
        "compile": st.sampled_from([*COMPILE_MODES, "Auto", 1, None]),
    },
)


def nest(word: str, dimensions: int) -> Any:
    """Return an array of one observable with this number of dimensions."""
    return word if not dimensions else [nest(word, dimensions - 1)]


def submitted(options: dict[str, Any]) -> TaskSpec | None:
    """Return the task that the API makes of a body; None if it refuses the body."""
    try:
        return parse_task(SubmitRequest, json.dumps({"circuit": BELL, **options}).encode())
    except RequestError:
        return None


def slot_accepts(options: str | None) -> bool:
    try:
        parse_output_spec(options, 1024, memory=False)
    except ResourceError:
        return False
    return True


@given(OPTIONS)
@example({"observables": nest("ZZ", MAX_DIMENSIONS)})
@example({"observables": nest("ZZ", MAX_DIMENSIONS + 1)})
@example({"observables": nest("ZZ", 16)})
@example({"observables": "ZZ", "precision": 1e-9})
@example({"observables": "ZZ", "precision": MIN_PRECISION})
@settings(deadline=None)
def test_the_slot_accepts_what_the_api_accepts_and_nothing_else(options: dict[str, Any]) -> None:
    spec = submitted(options)
    assert slot_accepts(spec.options if spec else json.dumps(options)) == (spec is not None)


@pytest.mark.parametrize(
    ("options", "detail"),
    [
        ({"observables": nest("ZZ", 9)}, "observables: must have at most 8 dimensions"),
        ({"observables": nest("ZZ", 16)}, "observables: must have at most 8 dimensions"),
        (
            {"observables": "ZZ", "precision": 1e-9},
            "precision: must be 0 (exact), or at least 0.0001; got 1e-09",
        ),
        ({"precision": 0.1}, "precision: only allowed together with `observables`"),
        ({"observables": ["ZZ", ["ZZ"]]}, "observables: must be an array; got items of the shapes"),
        ({"observables": "ZQ"}, "observables: 'ZQ' must be letters of I X Y Z 0 1 + - r l"),
        ({"return": ["statevectors"]}, "return: must be a list of any of counts, memory"),
        ({"return": ["expectation_values"]}, "return: `expectation_values` requires `observables`"),
        ({"return": ["gradients"]}, "return: `gradients` requires `observables`"),
        (
            {"return": ["counts"], "observables": "ZZ"},
            "return: `observables` require `expectation_values` or `gradients`",
        ),
        (
            {"return": ["gradients"], "observables": "ZZ", "precision": 0.1},
            "precision: not together with `gradients`",
        ),
    ],
)
def test_a_wrong_option_is_refused_at_submission(
    service: Service, options: dict[str, Any], detail: str
) -> None:
    answer = service.http.post("/tasks", json={"circuit": BELL, **options})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["detail"].startswith(detail)


def test_an_array_of_eight_dimensions_runs(service: Service) -> None:
    body = service.run(BELL, observables=nest("ZZ", MAX_DIMENSIONS))
    assert body["status"] == "completed"
    values = body["data"]["expectation_values"]
    for _ in range(MAX_DIMENSIONS):
        [values] = values
    assert values == pytest.approx(1.0)
