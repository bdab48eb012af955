"""Displays and errors of the client: notebooks, tables, progress lines and elements."""

import copy
import io
import pickle
import re
import sys
import time
from typing import Any

import numpy as np
import pytest

from quantumtask.client import Result
from quantumtask.client.errors import (
    CircuitError,
    ClientError,
    Problem,
    ServiceError,
    TaskCancelled,
    TaskFailed,
    Unreachable,
    failure,
)
from quantumtask.client.progress import Progress
from quantumtask.client.results.decode import is_complete, result_from_json
from quantumtask.client.results.table import elements, labels, rows, scalars
from quantumtask.shared.quantity import quantity


def result(counts: Any = None, **fields: Any) -> Result:
    return Result("t", counts or {}, 10, **fields)


def html_cells(shown: Result, tag: str = "td") -> list[str]:
    return re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", shown._repr_html_())


# Notebooks.


def test_the_title_has_the_name_the_shots_and_the_engine() -> None:
    shown = result({"0": 1}, name="a & b", engine="aer", method="mps")._repr_html_()
    assert "<b>a &amp; b · 10 shots · aer (mps)</b>" in shown
    assert "<b>10 shots</b>" in result({"0": 1})._repr_html_()


def test_exact_values_have_no_shots_in_a_notebook_and_in_a_repr() -> None:
    exact = result(expectation_values=np.array([0.5]), engine="aer")
    sampled = result(expectation_values=np.array([0.5]), standard_errors=np.array([0.1]))
    sweep = result([{}, {}], shape=(2,), expectation_values=np.zeros((1, 2)))
    state = result(statevector=np.array([1, 0]))
    for each, title in (
        (exact, "exact values · aer"), (sampled, "sampled values"),
        (sweep, "sweep of shape (2,) · exact values"), (state, "exact values"),
        (result(), "result"),
    ):  # fmt: skip
        assert f"<b>{title}</b>" in each._repr_html_()
        assert "shot" not in repr(each)


def test_bars_have_a_caption_with_the_registers() -> None:
    registers = (("a", 1), ("c", 2), ("none", 0))
    assert ">counts of c a<" in result({"00 1": 1}, registers=registers)._repr_html_()
    shown = result(probabilities=np.array([0.5, 0.5]))._repr_html_()
    assert ">probabilities<" in shown
    assert shown.index(">probabilities<") < shown.index("<rect")


def test_the_longest_bar_is_the_most_frequent_outcome() -> None:
    shown = result({"0": 250, "1": 1000, "2": 0})._repr_html_()
    widths = [float(width) for width in re.findall(r"<rect [^>]*?width='([\d.]+)'", shown)]
    assert widths == [65, 260, 1]
    assert ">1,000</text>" in shown


@pytest.mark.parametrize(("number", "hidden"), [(24, 0), (25, 1)])
def test_twenty_four_bars_are_drawn(number: int, hidden: int) -> None:
    shown = result({f"{k:05b}": 100 - k for k in range(number)})._repr_html_()
    assert shown.count("<rect") == 24
    assert ("… and 1 more" in shown) == bool(hidden)


def test_probabilities_are_bars_and_zeros_are_not() -> None:
    shown = result(probabilities=np.array([0.5, 0, 0, 0.5]))._repr_html_()
    assert re.findall(r"text-anchor='end'[^>]*>([01]+)<", shown) == ["00", "11"]
    assert shown.count(">0.5</text>") == 2


def test_a_state_is_bars_and_a_table_of_its_largest_amplitudes() -> None:
    shown = result(statevector=np.array([0.6, 0, 0, 0.8j]), warnings=("a < b",))
    assert html_cells(shown) == ["00", "0.6", "0.36", "0°", "11", "0.8i", "0.64", "90°"]
    assert html_cells(shown, "th") == ["state", "amplitude", "probability", "phase"]
    assert shown._repr_html_().count("<rect") == 2
    assert "⚠ a &lt; b" in shown._repr_html_()
    many = result(statevector=np.full(32, 32**-0.5, complex))
    assert len(html_cells(many)) == 4 * 16
    assert "… and 16 more" in many._repr_html_()


def test_a_small_unitary_is_a_table_and_a_large_one_its_shape() -> None:
    small = result(unitary=np.array([[0.5 - 0.5j, 1j], [-1, 1e-17]]))
    assert html_cells(small) == ["0", "0.5 - 0.5i", "1i", "1", "-1", "0"]
    assert html_cells(result(unitary=np.eye(16)))[1] == "(16, 16)"
    sweep = result(shape=(2,), statevector=np.zeros((2, 4), complex))
    assert html_cells(sweep)[-2:] == ["state vector", "(2, 4)"]


def test_values_are_a_table_with_errors() -> None:
    shown = result(
        expectation_values=np.array([0.5, -1]), standard_errors=np.array([0.0123, 0]),
        observables=("<Z>", "X"),
    )  # fmt: skip
    assert html_cells(shown) == ["&lt;Z&gt;", "0.5 ± 0.012", "X", "-1"]


@pytest.mark.parametrize("number", [12, 13])
def test_twelve_rows_of_a_table_are_shown(number: int) -> None:
    values = result(expectation_values=np.zeros(number))
    assert len(html_cells(values)) == 2 * 12
    assert ("… and 1 more" in values._repr_html_()) == (number > 12)
    sweep = result([{"0": 1}] * number, shape=(number,), parameters={"t": list(range(number))})
    assert html_cells(sweep)[-3:] == ["11", "11", "0: 1"]
    assert ("… and 1 more elements" in sweep._repr_html_()) == (number > 12)


def test_few_observables_of_a_sweep_are_columns_and_many_one_text() -> None:
    few = result(
        shape=(2,), expectation_values=np.array([[0.5, 1], [0, -1]]), observables=("ZZ", "X<")
    )
    assert html_cells(few, "th") == ["element", "ZZ", "X&lt;"]
    assert html_cells(few) == ["0", "0.5", "0", "1", "1", "-1"]
    many = result(shape=(1,), expectation_values=np.arange(7.0).reshape(7, 1))
    assert html_cells(many, "th") == ["element", "result"]
    assert html_cells(many)[1] == "0, 1, 2, 3, …"
    counts = result([{f"{k:03b}": 9 - k for k in range(6)}], shape=(1,))
    assert html_cells(counts)[1] == "000: 9, 001: 8, 010: 7, 011: 6, …"
    shares = result(shape=(1,), probabilities=np.array([[0.25, 0.75]]))
    assert html_cells(shares)[1] == "1: 0.75, 0: 0.25"


# Texts and tables.


def test_a_repr_has_few_values_and_the_shapes_of_arrays() -> None:
    assert repr(result(expectation_values=np.array(0.5))) == ("Result(expectation_values=0.5)")
    assert repr(result(probabilities=np.zeros(16))) == "Result(probabilities=<(16,)>)"
    many = repr(result({f"{k:04b}": 1 + (k == 9) for k in range(10)}))
    assert many.startswith("Result(counts={'1001': 2, '0000': 1,")
    assert "… 2 more}" in many
    assert repr(result({"0": 1}, _memory=["0"])) == (
        "Result(counts={'0': 1}, memory of 10 shots, 10 shots)"
    )
    unmeasured = result({}, warnings=("nothing is measured",))
    assert repr(unmeasured).endswith("warning: nothing is measured)")


def test_rows_of_probabilities_have_the_value_and_of_nothing_the_index() -> None:
    assert rows(result(probabilities=np.array([0.25, 0.75]))) == [
        {"value": 0, "probability": 0.25},
        {"value": 1, "probability": 0.75},
    ]
    assert rows(result()) == [{}]
    grid = result([[{"0": 1}, {"1": 2}]], shape=(1, 2), parameters={"x": 3})
    assert rows(grid) == [
        {"i0": 0, "i1": 0, "x": 3, "bits": "0", "count": 1},
        {"i0": 0, "i1": 1, "x": 3, "bits": "1", "count": 2},
    ]


def test_labels_are_names_only_if_each_value_has_one() -> None:
    values = np.zeros(2)
    assert labels(result(expectation_values=values, observables=("Z", "X"))) == ["Z", "X"]
    assert labels(result(expectation_values=values, observables=("Z",))) == ["[0]", "[1]"]
    assert labels(result(observables=("Z",))) == ["Z"] or labels(result()) == []


def test_scalars_are_the_parameters_of_one_value() -> None:
    parameters = {"x": 1, "bits": "01", "list": [1], "array": np.zeros(2), "zero": np.float64(2)}
    assert scalars(result(parameters=parameters)) == {"x": 1, "bits": "01", "zero": 2}
    assert scalars(result()) == {}


# Elements.


def test_negative_and_short_indices_are_those_of_numpy() -> None:
    grid = result([[{"0": 3 * i + j} for j in range(3)] for i in range(2)], shape=(2, 3))
    assert grid[-1, -1].counts == grid[1, 2].counts == {"0": 5}
    assert (grid[1].shape, grid[1].index, grid[1][2].index) == ((3,), (1,), (1, 2))
    assert [element.index for element in elements(grid)][-1] == (1, 2)
    assert len(grid) == 2
    assert bool(result([], shape=(0,)))
    for index in (2, -3, (0, 3), (0, 0, 0)):
        with pytest.raises(IndexError, match=r"index"):
            grid[index]


def test_a_single_result_has_no_elements_but_is_true() -> None:
    single = result({"0": 1})
    assert single
    for use in (len, lambda r: r[0], list):
        with pytest.raises(TypeError, match="single circuit has no"):
            use(single)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([5, 6], 6), ([[5], [6]], 5), (7, 7), ("01", "01"), ([[1, 2], [3, 4], [5, 6]], 6)],
)  # fmt: skip
def test_an_element_has_the_parameters_that_were_broadcast(values: Any, expected: Any) -> None:
    shape = (3, 2) if values == [[1, 2], [3, 4], [5, 6]] else (2, 2)
    grid = result(shape=shape, parameters={"x": values})
    at = (2, 1) if shape == (3, 2) else (0, 1)
    assert grid[at].parameters == {"x": expected}


def test_values_of_a_sweep_are_broadcast_over_observables() -> None:
    sweep = result(shape=(3,), expectation_values=np.arange(6.0).reshape(2, 3))
    assert sweep[1].expectation_values is not None
    assert sweep[1].expectation_values.tolist() == [1, 4]
    column = result(shape=(3,), expectation_values=np.arange(2.0).reshape(2, 1))
    assert column[1].expectation_values is not None
    assert column[1].expectation_values.ravel().tolist() == [0, 1]


# JSON.


@pytest.mark.parametrize(
    ("body", "complete"),
    [({}, False), ({"result": None}, False), ({"result": {}}, True),
     ({"result": {}, "data": None}, True),
     ({"result": {}, "data": None, "result_url": "/x"}, False),
     ({"result": {}, "data": {}, "result_url": "/x"}, True)],
)  # fmt: skip
def test_a_result_is_complete_if_nothing_was_left_out(body: Any, complete: bool) -> None:
    assert is_complete(body) is complete


def test_a_task_that_ended_without_a_result_raises_its_error() -> None:
    with pytest.raises(TaskCancelled, match="task t was cancelled"):
        result_from_json({"task_id": "t", "status": "cancelled"})
    with pytest.raises(TaskFailed) as failed:
        result_from_json({"task_id": "t", "status": "failed", "error": "no memory"})
    assert (failed.value.code, failed.value.detail, failed.value.task_id) == (
        "failed", "no memory", "t",
    )  # fmt: skip
    errors = [{"code": "c", "message": "m", "line": 2, "column": 3, "field_of_a_newer_one": 1}]
    body = {"task_id": "t", "status": "failed", "error": "x", "error_code": "y", "errors": errors}
    with pytest.raises(CircuitError) as wrong:
        result_from_json(body)
    assert wrong.value.problems == (Problem("c", "m", line=2, column=3),)
    assert (wrong.value.line, wrong.value.column, wrong.value.code) == (2, 3, "y")


# Errors.

ERRORS = [
    Unreachable("http://x"),
    ServiceError("queue_full", "busy", 429),
    failure("out_of_memory", "too large", [], "t"),
    failure("compile_error", "wrong", [{"code": "c", "message": "m", "line": 1}], "t"),
    TaskCancelled("t"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_every_error_has_a_code_and_a_detail(error: ClientError) -> None:
    assert isinstance(error, ClientError)
    assert error.code and error.detail == str(error)


def test_an_error_of_a_circuit_without_problems_has_no_line() -> None:
    error = CircuitError("c", "d")
    assert (error.line, error.column, error.problems) == (None, None, ())
    assert type(failure("c", "d", [])) is TaskFailed


# Progress lines.


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_line_is_replaced_and_erased_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()
    monkeypatch.setattr(sys, "stderr", out)
    now = time.monotonic()
    with Progress(None) as progress:
        assert progress.visible
        progress.show("too early")
        assert out.getvalue() == ""
        monkeypatch.setattr(time, "monotonic", lambda: now + 3725.5)
        progress.show("running now")
        progress.show("too soon after it")
        monkeypatch.setattr(time, "monotonic", lambda: now + 3725.9)
        progress.show("ended")
    first, second, erased, *_ = out.getvalue().split("\r")[1:]
    assert first == "running now  1:02:05"
    assert second == "ended  1:02:05".ljust(len(first))
    assert erased.strip() == ""
    assert out.getvalue().endswith("\r")


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_without_a_terminal_there_is_no_line(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    with Progress(None) as progress:
        assert not progress.visible
        progress.show("anything")
    assert not Progress(False).visible


def test_a_notebook_has_its_line_in_its_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    assert Progress(None).visible


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 shots"), (1, "1 shot"), (2, "2 shots"), (9999, "9999 shots"), (10_000, "10,000 shots")],
)
def test_only_one_has_the_singular(number: int, words: str) -> None:
    assert quantity(number, "shot") == words


def test_a_result_can_be_pickled_and_copied() -> None:
    original = result({"0": 1}, expectation_values=np.array([0.5]), parameters={"x": [1, 2]})
    for duplicate in (pickle.loads(pickle.dumps(original)), copy.deepcopy(original)):
        assert repr(duplicate) == repr(original)
        assert duplicate.parameters == original.parameters


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_can_be_pickled_and_copied(error: ClientError) -> None:
    """As `multiprocessing` and `concurrent.futures` do with the error of a child."""
    for duplicate in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(duplicate) is type(error)
        assert str(duplicate) == str(error)
        assert vars(duplicate) == vars(error)
