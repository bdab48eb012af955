"""Pictures of results, read back from the text of an SVG."""

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantumtask.client import Result, results
from tests.support.lazy_import import lazy_import

pytestmark = pytest.mark.xdist_group("matplotlib")  # one process imports it

matplotlib, figure = lazy_import("matplotlib"), lazy_import("matplotlib.figure")
plot = lazy_import("quantumtask.client.results.plot")


def result(counts: Any = None, **fields: Any) -> Result:
    return Result("t", counts or {}, 10, **fields)


def texts(task_result: Result, folder: Path) -> list[str]:
    """Return all texts of the picture of a result."""
    file = folder / "picture.svg"
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        plot.draw(task_result, file)
    return re.findall(r"<text[^>]*>([^<]*)</text>", file.read_text("utf-8"))


def test_few_counts_have_their_number_above_each_bar(tmp_path: Path) -> None:
    shown = texts(result({"11": 2500, "00": 7}, name="$bell"), tmp_path)
    assert [shown.index(text) for text in ("00", "11")] == [0, 1]
    assert {"7", "2,500", "outcome", "shots", "$bell"} <= set(shown)


def test_many_counts_have_no_numbers_and_the_rest_is_told(tmp_path: Path) -> None:
    counts = {f"{k:06b}": 90 if k < 32 else 15 for k in range(40)}
    shown = texts(result(counts), tmp_path)
    assert "outcome (not shown: 8 less frequent ones, 4.0% together)" in shown
    assert "011111" in shown
    assert not {"100000", "90"} & set(shown)


def test_probabilities_are_named_by_their_bits(tmp_path: Path) -> None:
    shown = texts(result(probabilities=np.array([0.25, 0, 0.75, 1e-13])), tmp_path)
    assert {"00", "10", "0.25", "0.75", "probability"} <= set(shown)
    assert not {"01", "11"} & set(shown)


def test_values_have_the_names_of_their_observables(tmp_path: Path) -> None:
    values: dict[str, Any] = {
        "expectation_values": np.array([0.5, -1]), "standard_errors": np.array([0.1, 0]),
    }  # fmt: skip
    shown = texts(result(observables=("ZZ", "XI"), **values), tmp_path)
    assert {"ZZ", "XI", "observable", "expectation value"} <= set(shown)
    assert {"[0]", "[1]"} <= set(texts(result(**values), tmp_path))


def test_a_curve_is_drawn_over_the_parameter_of_the_sweep(tmp_path: Path) -> None:
    values = np.array([[1.0, 0, -1], [0, 1, 0]])
    sweep = result(
        shape=(3,), expectation_values=values, observables=("Z", "X"),
        parameters={"theta_1$": [0.0, 1.5, 3.0], "n": 7, "word": "abc"},
    )  # fmt: skip
    assert {"theta_1$", "expectation value", "Z", "X"} <= set(texts(sweep, tmp_path))


def test_one_curve_has_its_name_at_the_axis(tmp_path: Path) -> None:
    sweep = result(shape=(2,), expectation_values=np.array([0.0, 1.0]), observables=("Z",))
    shown = texts(sweep, tmp_path)
    assert {"expectation value of Z", "element of the sweep"} <= set(shown)


def test_two_swept_parameters_leave_the_index_as_the_axis(tmp_path: Path) -> None:
    sweep = result([{"0": 1}, {"1": 1}], shape=(2,), parameters={"a": [1, 2], "b": [3, 4]})
    assert {"element of the sweep", "share of shots", "0", "1"} <= set(texts(sweep, tmp_path))


def test_at_most_ten_outcomes_of_a_sweep_are_curves(tmp_path: Path) -> None:
    counts = [{f"{k:04b}": 16 - k for k in range(16)}] * 2
    shown = set(texts(result(counts, shape=(2,)), tmp_path))
    assert {f"{k:04b}" for k in range(10)} <= shown
    assert not {f"{k:04b}" for k in range(10, 16)} & shown


def test_probabilities_of_a_sweep_are_curves(tmp_path: Path) -> None:
    sweep = result([], shape=(2,), probabilities=np.array([[1.0, 0], [0.5, 0.5]]))
    assert {"probability", "outcome"} <= set(texts(sweep, tmp_path))


@pytest.mark.parametrize(
    ("task_result", "words"),
    [
        (result(), "there are no counts, probabilities, amplitudes or expectation values"),
        (result(unitary=np.eye(2)), "measure a qubit"),
        (result([{}, {}], shape=(2,)), "there are no counts"),
        (result([[{"0": 1}]], shape=(1, 1)), "a sweep of 2 dimensions is not a curve"),
        (result(probabilities=np.array([0.0])), "declares no bits to measure into"),
    ],
)
def test_what_has_no_picture_says_why(task_result: Result, words: str, tmp_path: Path) -> None:
    with pytest.raises(plot.NoPicture, match=words):
        plot.draw(task_result, tmp_path / "picture.svg")
    assert not (tmp_path / "picture.svg").exists()


@pytest.mark.parametrize(("suffix", "head"), [(".png", b"\x89PNG"), (".pdf", b"%PDF")])
def test_the_suffix_decides_the_format(suffix: str, head: bytes, tmp_path: Path) -> None:
    file = tmp_path / f"picture{suffix}"
    plot.draw(result({"0": 1}), file)
    assert file.read_bytes().startswith(head)


def test_a_folder_that_is_missing_is_an_error_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        plot.draw(result({"0": 1}), tmp_path / "missing" / "picture.png")


def test_a_state_has_its_basis_states_and_the_scale_of_the_phase(tmp_path: Path) -> None:
    shown = texts(result(statevector=np.array([0.6, 0, 0, 0.8j])), tmp_path)
    assert {"00", "11", "probability", "phase in degrees", "180"} <= set(shown)
    assert "01" not in shown


def test_a_result_is_drawn_into_axes() -> None:
    axes = figure.Figure().add_subplot()
    assert result({"0": 3}).plot(axes) is axes
    assert axes.get_ylabel() == "shots"
    with pytest.raises(ValueError, match="no counts, probabilities, amplitudes"):
        result().plot(axes)


def test_without_matplotlib_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    # An earlier test may have imported the module.
    monkeypatch.delitem(sys.modules, "quantumtask.client.results.plot", raising=False)
    monkeypatch.delattr(results, "plot", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        result({"0": 3}).plot()
