"""Views of results: each part, sweeps, batches, and the limits of what is shown."""

from typing import Any

import numpy as np
import pytest

from quantumtask.cli.render import result_view, style
from quantumtask.client import Outcome, Result, TaskCancelled
from quantumtask.client.errors import failure
from tests.support.rendered import cells, rendered


def result(counts: Any = None, **fields: Any) -> Result:
    return Result("t", counts or {}, 10, **fields)


# One circuit.


def test_counts_are_bars_with_the_most_frequent_first() -> None:
    lines = rendered(result_view.result(result({"0": 1, "1": 3})))
    assert [line.split()[0] for line in lines] == ["1", "0"]
    assert [line.split()[-2:] for line in lines] == [["3", "75.0%"], ["1", "25.0%"]]
    bars = [line.count("█") for line in lines]
    assert bars[0] == style.BAR_WIDTH
    assert bars[1] in range(style.BAR_WIDTH // 3 - 1, style.BAR_WIDTH // 3 + 1)


def test_equal_counts_are_in_the_order_of_their_bits() -> None:
    lines = rendered(style.counts({"11": 2, "00": 2, "01": 2}))
    assert [line.split()[0] for line in lines] == ["00", "01", "11"]


@pytest.mark.parametrize(("number", "hidden"), [(20, 0), (21, 1), (40, 20)])
def test_only_twenty_counts_are_shown_and_the_rest_is_summed_up(number: int, hidden: int) -> None:
    counts = {f"{k:06b}": 100 if k < 20 else 1 for k in range(number)}
    lines = rendered(style.counts(counts))
    assert len(lines) == 20 + bool(hidden)
    if hidden:
        share = hidden / (2000 + hidden)
        shots = "1 shot" if hidden == 1 else f"{hidden} shots"
        assert lines[-1] == f"… and {hidden} more ({shots}, {share:.1%})"


def test_a_circuit_without_bits_says_so() -> None:
    assert rendered(style.counts({})) == ["no counts: the circuit declares no bits to measure into"]
    assert result_view._cell(result()) == "no counts: the circuit has no bits"


def test_probabilities_are_those_above_rounding_errors() -> None:
    view = result_view.result(result(probabilities=np.array([0.25, 1e-13, 0.0, 0.75])))
    assert cells(view) == [["bits", "probability"], ["00", "0.25"], ["11", "0.75"]]


def test_amplitudes_have_a_real_and_an_imaginary_part() -> None:
    vector = np.array([0.6, -0.8j, 0, 1e-14j])
    assert rendered(result_view.result(result(statevector=vector))) == [
        "bits  amplitude",
        "00    0.6 + 0i",
        "01    0 - 0.8i",
    ]


def test_a_state_of_one_amplitude_has_one_bit() -> None:
    view = result_view.result(result(probabilities=np.array([1.0])))
    assert cells(view)[1] == ["0", "1"]


@pytest.mark.parametrize(("qubits", "more"), [(4, 0), (5, 16)])
def test_the_sixteen_largest_amplitudes_are_shown(qubits: int, more: int) -> None:
    weights = np.arange(1, 2**qubits + 1, dtype=float)
    view = result_view.result(result(probabilities=weights / weights.sum()))
    lines = rendered(view)
    shown = [line.split()[0] for line in lines[1:17]]
    assert shown == [f"{k:0{qubits}b}" for k in range(2**qubits - 16, 2**qubits)]
    assert lines[17:] == ([f"… and {more} more: --json prints them"] if more else [])


def test_a_unitary_is_named_by_its_shape() -> None:
    [line] = rendered(result_view.result(result(unitary=np.eye(4, dtype=complex))))
    assert line == "unitary: a matrix of shape (4, 4); --json prints it"


def test_values_have_their_names_and_their_errors() -> None:
    values = result(
        expectation_values=np.array([1.0, 0.71, 1e-15]),
        standard_errors=np.array([0.0, 0.0214, 0.0]),
        observables=("ZZ", "X\x1bY", "0.5 Z + X"),
    )
    assert rendered(result_view.result(values)) == [
        "observable  expectation value",
        "ZZ          1",
        "X�Y         0.71 ± 0.021",
        "0.5 Z + X   0",
    ]


def test_values_without_names_have_their_position() -> None:
    lines = rendered(result_view.result(result(expectation_values=np.zeros(2))))
    assert [line.split()[0] for line in lines[1:]] == ["[0]", "[1]"]


@pytest.mark.parametrize(("number", "more"), [(30, None), (31, 1), (1500, 1470)])
def test_thirty_values_are_shown(number: int, more: int | None) -> None:
    lines = rendered(result_view.result(result(expectation_values=np.zeros(number))))
    assert len(lines) == 1 + 30 + (more is not None)
    if more is not None:
        assert lines[-1] == f"… and {more:,} more: --json prints them"


@pytest.mark.parametrize(
    ("compiled", "line"),
    [
        ({"depth": 3, "gates": {"cx": 1, "rz": 2}}, "compiled to depth 3: 1 cx, 2 rz"),
        ({"depth": 3, "gates": {"c\nx": 1}}, "compiled to depth 3: 1 c�x"),
        ({"depth": 1, "gates": {"x": 1}, "as_written": True}, "as written, of depth 1: 1 x"),
        ({"depth": 0}, "compiled to depth 0:"),
        ({"depth": 0, "gates": ["x"]}, "compiled to depth 0:"),
    ],
)
def test_the_last_line_has_the_gates_on_the_device(compiled: dict[str, Any], line: str) -> None:
    assert rendered(result_view.result(result({"0": 1}, compiled=compiled)))[-1] == line


# Sweeps.


def test_a_sweep_has_a_column_for_each_swept_parameter() -> None:
    sweep = result(
        [{"0": 4, "1": 6}, {"1": 10}], shape=(2,),
        parameters={"t": [0.5, 1], "fixed": 3, "word": "01"},
    )  # fmt: skip
    assert rendered(result_view.result(sweep)) == [
        "element  t    result",
        "0        0.5  1: 6, 0: 4",
        "1        1    1: 10",
    ]


def test_few_observables_of_a_sweep_are_columns() -> None:
    sweep = result(
        shape=(2,), parameters={"t": [0, 1]}, observables=("Z", "X"),
        expectation_values=np.array([[1, 0.5], [0, 0.25]]),
        standard_errors=np.array([[0, 0.1], [0, 0.1]]),
    )  # fmt: skip
    assert rendered(result_view.result(sweep)) == [
        "element  t  Z          X",
        "0        0  1          0",
        "1        1  0.5 ± 0.1  0.25 ± 0.1",
    ]


def test_many_observables_of_a_sweep_share_a_column() -> None:
    values = np.arange(10.0).reshape(5, 2)
    lines = cells(result_view.result(result(shape=(2,), expectation_values=values)))
    assert lines[0] == ["element", "result"]
    assert lines[1] == ["0", "0,", "2,", "4,", "6,", "…"]


def test_a_sweep_in_two_dimensions_has_two_indices() -> None:
    counts = [[{"0": 1}, {"1": 1}], [{"0": 2}, {"1": 2}]]
    lines = cells(result_view.result(result(counts, shape=(2, 2))))
    assert [line[0] for line in lines] == ["element", "0,0", "0,1", "1,0", "1,1"]


@pytest.mark.parametrize(("length", "more"), [(30, []), (31, ["… and 1 more"])])
def test_thirty_elements_are_shown(length: int, more: list[str]) -> None:
    lines = rendered(result_view.result(result([{"0": 1}] * length, shape=(length,))))
    assert len(lines) == 31 + len(more)
    assert [line.partition(":")[0] for line in lines[31:]] == more


def test_the_counts_of_an_element_are_the_four_most_frequent() -> None:
    four = {"00": 4, "01": 3, "10": 2, "11": 1}
    assert result_view._cell(result(four)) == "00: 4, 01: 3, 10: 2, 11: 1"
    five = {**{f"0{bits}": n for bits, n in four.items()}, "100": 1}
    assert result_view._cell(result(five)) == "000: 4, 001: 3, 010: 2, 011: 1, …"


@pytest.mark.parametrize("name", ["probabilities", "statevector", "unitary"])
def test_an_array_of_an_element_is_named_by_its_shape(name: str) -> None:
    sweep = result([], shape=(1,), **{name: np.ones((1, 2))})
    assert cells(result_view.result(sweep))[1] == ["0", name, "of", "shape", "(2,)"]


# Batches.


def test_a_batch_has_a_row_for_each_file_and_counts_the_completed() -> None:
    outcomes = [
        Outcome(0, "a", result({"0": 10})),
        Outcome(1, "b", failure("compile_error", "unknown\tgate", [])),
        Outcome(2, "c", TaskCancelled("c")),
        Outcome(3, "d", result([{}], shape=(1,))),
    ]
    files = ["bell.qasm", "wrong\n.qasm", "late.qasm", "sweep.qasm"]
    assert rendered(result_view.batch(files, outcomes)) == [
        "file         state      result",
        "bell.qasm    completed  0: 10",
        "wrong�.qasm  failed     unknown�gate",
        "late.qasm    cancelled  task c was cancelled",
        "sweep.qasm   completed  a sweep of shape (1,)",
        "2 of 4 completed",
    ]


# Durations and texts.


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0 ms"), (0.01234, "0.0123 ms"), (12.34, "12.3 ms"), (999, "999 ms"), (1000, "1.0 s"),
     (119_999, "120.0 s"), (120_000, "2.0 min"), (5_400_000, "90.0 min")],
)  # fmt: skip
def test_a_duration_has_the_unit_of_its_size(ms: float, text: str) -> None:
    assert style.duration(ms) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [("bell", "bell"), ("\x1b[31mred", "�[31mred"), ("a\nb\tc", "a�b�c"), ("é 量", "é 量"),
     (7, "7"), ("\u202egnp", "�gnp")],
)  # fmt: skip
def test_what_controls_a_terminal_is_replaced(text: object, shown: str) -> None:
    assert style.printable(text) == shown


def test_a_pipe_is_wide_and_takes_texts_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    style.console().print("[bold]" + "x" * 150 + " :smile:")
    assert capsys.readouterr().out == "[bold]" + "x" * 150 + " :smile:\n"
