"""Lists of tasks and batches, as a terminal shows them."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quantumtask.cli.render import task_list
from quantumtask.client.progress import ProgressMeter, progress_text
from tests.support.rendered import cells, rendered


def ago(**times: float) -> str:
    return (datetime.now(UTC) - timedelta(**times)).isoformat()


def task(**fields: Any) -> dict[str, Any]:
    return {"task_id": "t1", "state": "submitted", "submitted_at": ago(seconds=4), **fields}


def batch(size: int, **states: int) -> dict[str, Any]:
    names = ("submitted", "running", "completed", "failed", "cancelled")
    numbers = {name: states.get(name, 0) for name in names}
    return {"batch_id": "b1", "size": size, "states": numbers, "submitted_at": ago(minutes=2)}


def test_an_empty_page_says_so() -> None:
    assert rendered(task_list.tasks({"tasks": []})) == ["No tasks."]
    assert rendered(task_list.batches({"batches": []})) == ["No batches."]


def test_a_page_has_a_row_for_each_task_and_the_option_for_the_next() -> None:
    first = task(state="completed", name="n", tags=["a", "b"], engine="aer", running_ms=12.34)
    second = task(task_id="t\x1b2", state="unheard of", submitted_at=ago(seconds=-9))
    lines = rendered(task_list.tasks({"tasks": [first, second], "next_cursor": "c\n1"}))
    assert lines[0].split() == ["task", "state", "age", "ran", "engine", "name", "tags"]
    assert lines[1].split() == ["t1", "completed", "4", "s", "12.3", "ms", "aer", "n", "a,", "b"]
    assert lines[2].split() == ["t�2", "unheard", "of", "0", "s"]
    assert lines[3] == "More: add --cursor c�1"


def test_columns_without_a_value_are_left_out() -> None:
    page = {"tasks": [task()], "next_cursor": None}
    assert cells(task_list.tasks(page)) == [["task", "state", "age"], ["t1", "submitted", "4", "s"]]
    assert "owner" in rendered(task_list.tasks({"tasks": [task(owner="ada")]}))[0]


def test_a_failed_task_has_its_reason_and_a_running_one_its_time_in_one_line_each() -> None:
    failed = task(state="failed", error="unknown gate `hh`: " + "x" * 300, batch_id="b", item=1)
    running = task(state="running", started_at=ago(seconds=90), batch_id="0190abcd-1234-7", item=3)
    lines = rendered(task_list.tasks({"tasks": [failed, running]}), width=80)
    assert "unknown gate `hh`: xxx" in lines[1]
    assert lines[1].endswith("…")
    assert "90." in lines[2]
    assert lines[2].endswith("item 3 of 0190abcd-1234")
    assert len(lines) == 3


def test_a_running_task_has_its_progress_as_far_as_it_is_known() -> None:
    for fraction, remaining_s, text in (
        (0.426, 77.4, "42 %, about 0:01:17 left"),
        (0.999, None, "99 %"),
        (None, 3.0, "about 0:00:03 left (estimate)"),
    ):
        progress = {"fraction": fraction, "remaining_s": remaining_s}
        page = {"tasks": [task(state="running", progress=progress)]}
        head, row = rendered(task_list.tasks(page))
        assert head.split() == ["task", "state", "progress", "age"]
        assert f"running  {text}" in row


def test_a_long_name_takes_no_second_line() -> None:
    page = {"tasks": [task(name="n" * 50, tags=["t" * 50], engine="lightning", error="e" * 99)]}
    for width in (60, 80, 120):
        assert len(rendered(task_list.tasks(page), width)) == 2


@pytest.mark.parametrize(
    ("ids", "short"),
    [
        (["0190abcd-1234-7aaa-8000-0"], ["0190abcd-1234"]),
        (["0190abcd-1234-7aaa", "0190abcd-1235-7aaa"], ["0190abcd-1234", "0190abcd-1235"]),
        (
            ["0190abcd-1234-7aab", "0190abcd-9999-7aaa", "0190abcd-1234-7aaa"],
            ["0190abcd-1234-7aab", "0190abcd-9999", "0190abcd-1234-7aaa"],
        ),
    ],
    ids=["one", "two times", "one time"],
)
def test_a_short_id_is_the_beginning_that_no_other_task_has(
    ids: list[str], short: list[str]
) -> None:
    tasks = [task(task_id=each) for each in ids]
    assert task_list.short_ids(tasks) == short
    page = rendered(task_list.tasks({"tasks": tasks}, short=True))
    assert [line.split()[0] for line in page[1:]] == short
    items = [task(task_id="0190abcd-1234-7aaa-8000-0", batch_id="b", item=0)]
    assert task_list.short_ids(items) == ["0190abcd-1234-7aaa-8000"]


def test_a_batch_has_a_bar_its_progress_and_what_failed() -> None:
    page = {"batches": [batch(1000, completed=450, failed=50, running=2, submitted=498)]}
    [head, row] = rendered(task_list.batches(page, remaining=[20.4]))
    assert head.split() == ["batch", "age", "progress", "details"]
    assert row.endswith("██████░░░░░░ 500/1,000, 20.4 s left  2 running, 50 failed")
    done = rendered(task_list.batches({"batches": [batch(3, completed=3)]}, remaining=[9.0]))
    assert done[1].endswith("████████████ 3/3")


def test_a_batch_takes_one_line_of_a_narrow_terminal() -> None:
    long = batch(1000, completed=450, failed=50, running=2, submitted=498)
    long |= {"batch_id": "0190abcd-1234-7aaa-8000-123456789abc", "name": "n" * 40, "tags": ["t"]}
    head, row = rendered(task_list.batches({"batches": [long]}, short=True, remaining=[20.0]), 90)
    assert head.split() == ["batch", "age", "progress", "name", "details"]
    assert row.startswith("0190abcd-1234-7aaa-8000  2 min  ")


def test_the_remaining_time_is_unknown_until_the_pace_was_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    meter = ProgressMeter()
    assert meter.remaining_s(10, 100) is None
    now = 1000.5
    assert meter.remaining_s(12, 100) is None
    now = 1004.0
    assert meter.remaining_s(10, 100) is None
    assert meter.remaining_s(30, 100) == 14
    assert progress_text(30, 100, 14.2) == "30 of 100 ended, about 0:00:14 left"
    assert progress_text(30, 100, None) == "30 of 100 ended"
    assert progress_text(9, 9, 0.0) == "9 of 9 ended"


@pytest.mark.parametrize(
    ("times", "age"),
    [({"seconds": 3.4}, "3 s"), ({"seconds": 61}, "1 min"), ({"minutes": 59.5}, "59 min"),
     ({"minutes": 61}, "1 h"), ({"hours": 23.9}, "23 h"), ({"days": 2.5}, "2 d")],
)  # fmt: skip
def test_an_age_has_one_unit(times: dict[str, float], age: str) -> None:
    assert task_list.since(ago(**times)) == age
