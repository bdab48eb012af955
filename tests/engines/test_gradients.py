"""Gradients of expectation values against difference quotients of the values."""

import json
from typing import Any

import numpy as np
import pytest

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, Result, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.support.http_queries import decode_array

SETTINGS = Settings()
STEP = 1e-5

CIRCUIT = """
include "stdgates.inc";
input float a;
input int n;
input float b;
qubit[4] q;
bit[2] c;
gate turned(x, y) r, s { rx(2*x) r; cu(x, y, 0.1, x - y) r, s; }
h q[0];
turned(a, b) q[0], q[1];
u(a, b, 0.3 - a) q[1];
ctrl @ u(b, 0.2, a) q[0], q[2];
cp(n*a) q[1], q[2];
rzz(a) q[0], q[1];
crx(b) q[2], q[0];
negctrl @ rxx(0.4*b) q[0], q[1], q[2];
for int k in [1:2] { ry(k*a + b) q[2]; }
p(a - b) q[2];
inv @ ryy(b) q[1], q[2];
pow(2) @ rz(a) q[1];
ctrl(2) @ rz(b) q[0], q[1], q[2];
swap q[0], q[2];
ccx q[0], q[1], q[2];
sxdg q[1];
pow(0.5) @ x q[1];
gphase(a);
c = measure q[0:1];
"""
OBSERVABLES = ["IZZI", "IXIY", [["IIIZ", 0.5], ["0+rl", 2.0], ["IYII", -1.0], ["ZIII", 3.0]]]
VALUES = {"a": 0.37, "n": 3, "b": -1.2}


def run(
    circuit: str,
    parameters: dict[str, Any],
    returns: list[str],
    engine: str = "auto",
    **options: Any,
) -> Result | Failure:
    texts = json.dumps(parameters), json.dumps({**options, "return": returns})
    spec = TaskSpec(circuit, 1, 1, parameters=texts[0], options=texts[1], engine=engine)
    outcome = execute(spec, SETTINGS)
    assert isinstance(outcome, Result | Failure)
    return outcome


def array(
    name: str, circuit: str, parameters: dict[str, Any], engine: str = "auto", **options: Any
) -> Any:
    result = run(circuit, parameters, [name], engine, **options)
    assert isinstance(result, Result), result
    return decode_array(json.loads(result.data or "")[name])


def test_gradients_are_the_limits_of_difference_quotients() -> None:
    expected = np.empty((3, 2))
    for column, name in enumerate("ab"):
        ends = [{**VALUES, name: VALUES[name] + step} for step in (STEP, -STEP)]
        high, low = (
            array("expectation_values", CIRCUIT, end, observables=OBSERVABLES) for end in ends
        )
        expected[:, column] = (high - low) / (2 * STEP)
    for engine in ("auto", "lightning", "quantumtask", "aer"):
        gradients = array("gradients", CIRCUIT, VALUES, engine, observables=OBSERVABLES)
        assert np.allclose(gradients, expected, atol=1e-8), engine


def test_gradients_of_a_sweep_have_its_shape_and_the_inputs_last() -> None:
    columns = [[each] for each in OBSERVABLES]
    points: dict[str, Any] = {"a": [0.1, 0.37, 0.0], "n": [1, 3, 2], "b": -1.2}
    swept = array("gradients", CIRCUIT, points, observables=columns)
    assert swept.shape == (3, 3, 2)
    for k in range(3):
        point = {"a": points["a"][k], "n": points["n"][k], "b": -1.2}
        single = array("gradients", CIRCUIT, point, observables=OBSERVABLES)
        assert np.allclose(swept[:, k], single, atol=1e-12)


def test_values_and_gradients_come_together() -> None:
    text = 'include "stdgates.inc"; input float x; qubit q; ry(x) q;'
    result = run(text, {"x": 0.4}, ["gradients", "expectation_values"], observables="Z")
    assert isinstance(result, Result)
    data = {name: decode_array(each) for name, each in json.loads(result.data or "").items()}
    assert data["expectation_values"] == pytest.approx(np.cos(0.4))
    assert data["gradients"] == pytest.approx([-np.sin(0.4)])
    assert (result.counts, result.engine, result.method) == ("{}", "lightning", "statevector")


HEAD = 'include "stdgates.inc"; input float x; qubit[2] q; bit c; '

REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (HEAD + "rx(sin(x)) q[0];", {"x": 0.5}, {}, "not a linear function of the inputs"),
    (HEAD + "rx(x*x) q[0];", {"x": 0.5}, {}, "not a linear function of the inputs"),
    (HEAD + "if (x > 1) { h q[0]; } rx(x) q[0];", {"x": 0.5}, {}, "the gates depend on an input"),
    (HEAD + "pow(x) @ h q[0];", {"x": 0.5}, {}, "the gates depend on an input"),
    (HEAD + "c = measure q[0]; h q[0]; rx(x) q[0];", {"x": 0.5}, {}, "after they are measured"),
    (HEAD + "rx(x) q[0];", {"x": 1e9}, {}, "an input is larger than 1,000,000"),
    (
        'include "stdgates.inc"; input array[float[64], 2] x; qubit[2] q; rx(x[0]) q[0];',
        {"x": [0.5, 1.0]},
        {},
        "declare an `input float` for each number",
    ),
    ('include "stdgates.inc"; qubit[2] q; h q;', {}, {}, "need an input of type float"),
    (HEAD + "rx(x) q[0];", {"x": 0.5}, {"precision": 0.1}, "precision: not together with"),
    (HEAD + "rx(x) q[0];", {"x": 0.5}, {"noise": "fake_manila"}, "noise: not together with"),
    (HEAD + "rx(x) q[0];", {"x": 0.5}, {"backend": "fake_manila"}, "backend: not together with"),
]


def test_what_has_no_exact_gradient_is_refused_with_the_reason() -> None:
    for circuit, parameters, options, reason in REFUSED:
        failure = run(circuit, parameters, ["gradients"], observables="ZZ", **options)
        assert isinstance(failure, Failure), circuit
        assert reason in failure.message, failure
    failure = run(REFUSED[5][0], {"x": 0.5}, ["gradients"], "stim", observables="ZZ")
    assert isinstance(failure, Failure)
    assert failure.code == "engine_unsuitable"
