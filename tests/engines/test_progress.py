"""Progress of runs: fractions of the work that never exceed it, and change no result."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from quantumtask.engines import run_sweep
from quantumtask.engines.outputs.output_spec import parse_output_spec
from quantumtask.engines.progress import RunProgress
from quantumtask.openqasm import compile_sweep
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result
from tests.support.sizes import examples

SETTINGS = Settings()
HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '
FEED_FORWARD = (
    "qubit[14] q; bit[14] c; h q; c[0] = measure q[0]; if (c[0]) { t q[1]; h q[1]; } "
    "c[1] = measure q[1]; reset q[0]; h q[0]; c[2] = measure q[0];"
)
LAYERS = "".join(f"rx(0.{k + 1}) q[{k}]; cx q[{k}], q[{k + 1}]; t q[{k}]; " for k in range(5))
WIDE = "qubit[20] q; bit[20] c; ry(0.3) q; " + LAYERS + "c = measure q;"
SMALL = "qubit[6] q; bit[6] c; " + LAYERS + "c = measure q;"
VALUES = ["ZZIIII", "XXIIII", "IIZIIX", [["IYIIII", 0.5], ["IIIIIZ", 2.0]]]
NOISE = {"one_qubit": 0.05}

RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "elements of a sweep": ("input float a; qubit q; bit c; rx(a) q; c = measure q;", {}),
    "histories": (FEED_FORWARD, {}),
    "branches that run in lockstep": (FEED_FORWARD.replace("14", "3"), {}),
    "shots with noise": (FEED_FORWARD.replace("14", "3"), {"noise": {"depolarizing": NOISE}}),
    "batches of Clifford shots": (
        "qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;",
        {"engine": "stim"},
    ),
    "gates": (WIDE, {"engine": "lightning"}),
    "gates and shots of a matrix product state": (
        SMALL,
        {"engine": "aer", "method": "matrix_product_state"},
    ),
    "gates of a truncated matrix product state": (
        SMALL,
        {"method": "matrix_product_state", "max_bond": 2},
    ),
    "observables": (
        SMALL,
        {"method": "pauli_propagation", "max_terms": 100, "observables": VALUES},
    ),
    "groups of terms": (SMALL, {"observables": VALUES, "precision": 0.1}),
    "groups of terms with noise": (
        SMALL,
        {"observables": VALUES, "noise": {"depolarizing": NOISE}},
    ),
    "terms": (SMALL, {"observables": VALUES}),
    "terms in all branches": (FEED_FORWARD, {"observables": "Z" * 14}),
    "gradients": (
        "input float a; qubit[2] q; rx(a) q[0]; cx q[0], q[1]; ry(2 * a) q[1];",
        {"observables": "ZZ", "return": ["gradients"]},
    ),
}


class Listener:
    """Keeps all that it is told."""

    def __init__(self) -> None:
        self.fractions: list[float] = []
        self.predictions: list[float] = []

    def on_fraction(self, fraction: float, /) -> None:
        self.fractions.append(fraction)

    def on_prediction(self, seconds: float, /) -> None:
        self.predictions.append(seconds)


def run(circuit: str, options: dict[str, Any], listener: Listener | None) -> Result:
    names = {name: options.get(name) for name in ("engine", "method")}
    others = {name: value for name, value in options.items() if name not in names}
    engine, method = names["engine"] or "auto", names["method"]
    spec = parse_output_spec(json.dumps(others), 200, False, engine, method)
    angles = [0.1, 0.2, 0.3, 0.4] if circuit.startswith("input") else None
    parameters = None if angles is None else json.dumps({"a": angles})
    sweep = compile_sweep(HEAD + circuit, SETTINGS, parameters, None)
    return run_sweep(
        sweep, spec, seed=5, settings=SETTINGS, engine=engine, method=method,
        progress=RunProgress(listener),
    )  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_the_fractions_of_a_run_grow_up_to_its_end_and_change_no_result(name: str) -> None:
    listener = Listener()
    watched = run(*RUNS[name], listener)
    assert replace(watched, run_ms=0.0) == replace(run(*RUNS[name], None), run_ms=0.0)
    fractions = listener.fractions
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == pytest.approx(1)
    assert max(fractions) <= 1
    parts = {fraction for fraction in fractions if 0 < fraction < 1}
    assert parts or name in ("branches that run in lockstep", "batches of Clifford shots")
    assert listener.predictions == []  # nobody waits for so short a run


def test_a_long_run_of_one_call_has_a_prediction_and_no_fraction() -> None:
    circuit = "qubit[20] q; bit[20] c; h q; c = measure q;"
    options = {"engine": "aer", "noise": {"depolarizing": NOISE}, "method": "statevector"}
    spec = parse_output_spec(json.dumps({"noise": options["noise"]}), 10**6, False, "aer", None)

    class Predicted(Exception):
        pass

    class Impatient(Listener):
        def on_prediction(self, seconds: float, /) -> None:
            assert self.fractions == [0]
            assert seconds > 2
            raise Predicted

    with pytest.raises(Predicted):
        run_sweep(
            compile_sweep(HEAD + circuit, SETTINGS, None, None), spec,
            seed=1, settings=SETTINGS, engine="aer", method="statevector",
            progress=RunProgress(Impatient()),
        )  # fmt: skip


LOOPS: st.SearchStrategy[list[Any]] = st.recursive(
    st.just([]), lambda inner: st.lists(inner, max_size=4), max_leaves=20
)


def count(loops: list[Any], progress: RunProgress, parts: bool) -> None:
    """Run loops within loops."""
    for number, inner in enumerate(progress.each(loops, len(loops))):
        if parts and number % 2:
            with progress.part(0, 2):
                count(inner, progress, parts)
            with progress.part(1, 2):
                progress.advance(1, 3)
        else:
            count(inner, progress, parts)


@given(loops=LOOPS, parts=st.booleans())
@hypothesis_settings(max_examples=examples(100), deadline=None)
def test_nested_loops_report_growing_fractions(loops: list[Any], parts: bool) -> None:
    listener = Listener()
    progress = RunProgress(listener)
    count(loops, progress, parts)
    progress.advance(1, 1)
    assert listener.fractions == pytest.approx(sorted(listener.fractions))
    assert all(0 <= fraction <= 1 for fraction in listener.fractions)
    assert listener.fractions[-1] == 1
