"""Numbers at the ends of their types: each has a result or a clear code, never `engine_error`."""

import json
from typing import Any

import pytest

from quantumtask.api.schemas.requests import SubmitRequest, parse_task
from quantumtask.shared.errors import QuantumTaskError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure
from quantumtask.worker.slots.execute import execute

BELL = (
    'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; '
    "c = measure q;"
)
ANGLE = (
    'OPENQASM 3.0; include "stdgates.inc"; input float x; qubit q; bit c; rx(x) q; c = measure q;'
)
HUGE, TINY = 2**62, 5e-324


def delayed(duration: str) -> str:
    return BELL.replace("cx", f"delay[{duration}] q[0]; cx")


def array(*shape: int) -> dict[str, Any]:
    return {"parameters": {"x": {"dtype": "float64", "shape": shape, "data": ""}}}


def thermal(t1: float, t2: float, gate: float) -> dict[str, Any]:
    times = {"one_qubit": gate, "two_qubit": gate}
    return {"noise": {"thermal": {"t1_us": t1, "t2_us": t2, "gate_ns": times}}}


def code_of(circuit: str, **options: Any) -> str:
    body = json.dumps({"circuit": circuit, "shots": 10, **options}).replace('"1e400"', "1e400")
    try:
        value = execute(parse_task(SubmitRequest, body.encode()), Settings(slots=1))
    except QuantumTaskError as error:
        return error.code
    return value.code if isinstance(value, Failure) else "completed"


@pytest.mark.parametrize("shape", [(HUGE,), (HUGE, 4), (HUGE, 0), (0, HUGE), (2**31, 2**31, 0)])
def test_a_shape_of_huge_sizes_is_a_bad_parameter(shape: tuple[int, ...]) -> None:
    assert code_of(ANGLE, **array(*shape)) == "bad_parameter"


@pytest.mark.parametrize("precision", [1e300, 1e308, 1.0, 1e-2])
def test_a_precision_of_any_size_is_honoured(precision: float) -> None:
    assert code_of(BELL, observables="ZZ", precision=precision) == "completed"


@pytest.mark.parametrize("precision", [TINY, 1e-300, "1e400"])
def test_a_precision_that_no_number_of_shots_reaches_is_refused(precision: Any) -> None:
    assert code_of(BELL, observables="ZZ", precision=precision) == "invalid_request"


@pytest.mark.parametrize("times", [(TINY, TINY, TINY), (TINY, TINY, 1e308), (1e308, 1e308, TINY)])
def test_noise_with_extreme_times_runs(times: tuple[float, float, float]) -> None:
    assert code_of(BELL, **thermal(*times)) == "completed"


@pytest.mark.parametrize("number", ["1e400", ".5e999", "1_0e400"])
def test_a_number_beyond_the_largest_float_is_called_too_large(number: str) -> None:
    assert code_of(BELL.replace("h q[0]", f"rx({number}) q[0]")) == "number_too_large"
    assert code_of(delayed(f"{number}ns")) == "number_too_large"
    assert code_of(ANGLE, parameters={"x": "1e400"}) == "invalid_request"


@pytest.mark.parametrize(
    ("duration", "code"),
    [
        ("5e-324ns", "completed"),
        ("1s", "completed"),
        ("1.1e6s", "backend_unsuitable"),
        ("1e308s", "backend_unsuitable"),
    ],
)
def test_delays_on_a_device_have_a_limit(duration: str, code: str) -> None:
    assert code_of(delayed(duration), backend="fake_manila") == code
    assert code_of(delayed(duration)) == "completed"
