"""Views of tasks: the heading, the parts of each state, and pages of tasks."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quantumtask.cli.render import task_view
from quantumtask.shared.installation import command_path
from tests.support.rendered import rendered


def task(**fields: Any) -> dict[str, Any]:
    return {"task_id": "t1", "status": "completed", "shots": 4, "result": {"0": 4}, **fields}


def ago(**times: float) -> str:
    return (datetime.now(UTC) - timedelta(**times)).isoformat()


def test_a_completed_task_is_its_heading_and_its_counts() -> None:
    head, facts, counts = rendered(task_view.task(task(state="completed", name="bell")))
    assert (head, facts) == ("completed  bell  t1", "4 shots")
    assert counts.split()[0] == "0"
    assert counts.endswith("4 100.0%")


def test_the_heading_of_an_older_service_has_the_status() -> None:
    assert task_view.heading(task()).plain == "completed  t1\n4 shots"


@pytest.mark.parametrize(
    ("fields", "facts"),
    [
        ({"waiting_ms": 0, "running_ms": 12.34}, "waited 0 ms · ran 12.3 ms"),
        ({"waiting_ms": None, "running_ms": 4000}, "ran 4.0 s"),
        ({"seed": 0}, "seed 0"),
        ({"attempt": 1}, ""),
        ({"attempt": 2}, "attempt 2"),
        ({"engine": "aer", "engine_version": "1.0"}, "aer 1.0"),
        ({"engine": "aer", "engine_version": "1", "method": "mps"}, "aer 1 (mps)"),
        (
            {"engine": "x", "engine_version": "1", "method": "m", "precision": "single",
             "reason": "the fastest"},
            "x 1 (m, single precision), the fastest",
        ),
        ({"engine": "x", "engine_version": "1", "precision": "double"}, "x 1"),
        ({"engine": "x\x1b", "engine_version": "1"}, "x� 1"),
    ],
)  # fmt: skip
def test_the_heading_has_what_is_known_of_the_run(fields: dict[str, Any], facts: str) -> None:
    assert task_view.heading(task(**fields)).plain.split("\n")[1] == " · ".join(
        filter(None, ["4 shots", facts])
    )


def test_a_waiting_task_has_its_position_and_the_command_to_fetch_it() -> None:
    queue = {"position": 1234, "at_least": False, "expected_start": ago(seconds=5)}
    lines = rendered(task_view.task(task(status="pending", state="submitted", queue=queue)))
    assert lines == [
        "submitted  t1",
        "4 shots · position 1,234 in the queue · starts in about 0 ms",
        f"Fetch it: {command_path()} result t1 --wait",
    ]


def test_a_position_behind_others_is_a_lower_bound() -> None:
    later = (datetime.now(UTC) + timedelta(minutes=10, seconds=1)).isoformat()
    queue = {"position": 3, "at_least": True, "expected_start": later}
    line = task_view.heading(task(status="pending", queue=queue)).plain
    assert "position 3 or later in the queue · starts in about 10.0 min or later" in line


def test_without_a_worker_the_heading_says_how_to_start_one() -> None:
    queue = {"position": 1, "at_least": False, "expected_start": None}
    line = task_view.heading(task(status="pending", queue=queue)).plain
    assert line.endswith(
        "no worker is running: start one with `quantumtask worker`, or read its log"
    )


def test_a_cancelled_task_is_its_heading() -> None:
    assert rendered(task_view.task(task(status="cancelled", state="cancelled"))) == [
        "cancelled  t1",
        "4 shots",
    ]


def test_a_failed_task_has_all_its_problems_with_places_and_hints() -> None:
    errors = [
        {"message": "unknown gate", "line": 3, "column": 5, "hint": "did you mean `h`?"},
        {"message": "never used", "severity": "warning", "line": 4, "column": None},
        {"message": "too\x07large", "line": None},
    ]
    assert rendered(task_view.task(task(status="failed", error="x", errors=errors)))[2:] == [
        "  line 3, column 5: unknown gate",
        "    hint: did you mean `h`?",
        "  line 4, column None: warning: never used",
        "  too�large",
    ]


@pytest.mark.parametrize("errors", [None, []])
def test_a_failed_task_without_problems_has_its_error(errors: Any) -> None:
    failed = task(status="failed", error="out of memory", errors=errors)
    assert rendered(task_view.task(failed))[2:] == ["  out of memory"]


def test_reasons_are_lines_without_indentation() -> None:
    problems: list[dict[str, Any]] = [
        {"message": "a", "line": 1, "column": 2, "hint": "b"},
        {"message": "c"},
    ]
    assert task_view.reasons(problems) == ["line 1, column 2: a", "hint: b", "c"]


def test_a_problem_is_marked_in_its_line_of_the_circuit() -> None:
    errors = [
        {"message": "unknown gate", "line": 2, "column": 1, "end_line": 2, "end_column": 3,
         "severity": "error", "hint": "did you mean `h`?"},
        {"message": "of an older service", "line": 3, "column": 9},
        {"message": "nowhere", "line": 4, "column": 1},
    ]  # fmt: skip
    failed = task(status="failed", error="x", errors=errors)
    assert rendered(task_view.task(failed, "qubit q;\nhh q;\nh\r\n"))[2:] == [
        "  line 2, column 1: unknown gate",
        "    2 | hh q;",
        "      | ^^",
        "    hint: did you mean `h`?",
        "  line 3, column 9: of an older service",
        "    3 | h",
        "      |  ^",
        "  line 4, column 1: nowhere",
        "    4 |",
        "      | ^",
    ]


@pytest.mark.parametrize(("shots", "words"), [(0, "0 shots"), (1, "1 shot"), (2, "2 shots")])
def test_one_shot_is_no_plural(shots: int, words: str) -> None:
    assert task_view.heading(task(shots=shots)).plain.split("\n")[1] == words


@pytest.mark.parametrize(("result", "shape"), [({}, []), ([{}, {}], [2])])
def test_exact_values_have_no_shots(result: Any, shape: list[int]) -> None:
    exact = task(result=result, shape=shape, data={"probabilities": [[0.5, 0.5]] * 2}, seed=1)
    assert task_view.heading(exact).plain.split("\n")[1] == "seed 1"
    assert task_view.heading(exact | {"memory": ["0"]}).plain.split("\n")[1] == "4 shots · seed 1"


def test_metadata_are_one_line_that_is_cut() -> None:
    short = rendered(task_view.task(task(metadata={"k": [1, "é"]})))
    assert short[2] == "metadata " + json.dumps({"k": [1, "é"]})
    long = rendered(task_view.task(task(metadata={"k": "x" * 500})), width=1000)
    assert len(long[2]) == len("metadata ") + 200
    assert long[2].endswith("x…")


def test_warnings_are_the_last_lines() -> None:
    lines = rendered(task_view.task(task(warnings=["slow", "a\x1bb"])))
    assert lines[-2:] == ["Warning: slow", "Warning: a�b"]


def test_a_sweep_is_shown_as_a_table() -> None:
    sweep = task(shape=[2], result=[{"0": 4}, {"1": 4}], parameters={"t": [1, 2]})
    assert rendered(task_view.task(sweep))[2:] == [
        "element  t  result",
        "0        1  0: 4",
        "1        2  1: 4",
    ]


@pytest.mark.parametrize(
    ("values", "kind", "shown"),
    [
        ([], "", ""),
        ([True, False, True], "bool", "true × 2, false × 1"),
        ([3, 4, 3], "int", "3 × 2, 4 × 1"),
        ([0.1234567, 2.0], "float", "0.123457 × 1, 2 × 1"),
        (["1", "0", "0"], "bit", "0 × 2, 1 × 1"),
        (["0101"], "bit[4]", "0101 × 1"),
        ([[1, 2], [1, 2]], "list[2]", "[1, 2] × 2"),
        ([None], "", "null × 1"),
        ([*range(7), 6], "int", "6 × 2, 0 × 1, 1 × 1, 2 × 1, 3 × 1, … and 2 more"),
        (["0" * 60], "bit[60]", "0" * 39 + "… × 1"),
    ],
)
def test_an_output_has_its_type_and_its_frequent_values(
    values: list[Any], kind: str, shown: str
) -> None:
    head, row = rendered(task_view.outputs({"out": values}))
    assert head.split() == ["output", "type", "values"]
    assert row.split() == ["out", *kind.split(), *shown.split()]


def test_a_sweep_has_no_table_of_all_outputs() -> None:
    swept = task(shape=[2], result=[{"0": 1}, {"1": 1}], outputs={"a": [[0], [1]]})
    assert rendered(task_view.task(swept))[-1] == "output variables of each element: add --json"


def test_outputs_stand_below_the_counts() -> None:
    lines = rendered(task_view.task(task(outputs={"a": [1, 1], "b\n": ["01", "10"]})))
    assert [line.split()[0] for line in lines[3:]] == ["output", "a", "b�"]


def test_a_submission_prints_the_command_that_fetches_it() -> None:
    assert rendered(task_view.submitted("a\x1bb")) == [
        "Submitted as a�b",
        f"Fetch it: {command_path()} result a�b --wait",
    ]
