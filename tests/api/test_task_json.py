"""Tasks as JSON: what each state has, sizes that are left out, times and the queue."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from quantumtask.api.serialization import task_json as view
from quantumtask.shared.queue_stats import ExpectedWait
from quantumtask.shared.task import (
    Failure,
    Problem,
    QueuePosition,
    Result,
    StateChange,
    Task,
    TaskState,
)

RESULT = Result('{"0": 3}', None, 5, "aer", "1.0", "stabilizer", 12.5, ("slow",))
WAITING = Task("t", 7, TaskState.SUBMITTED, 3, "n", ("a",), 1000.0, 0, None, None, None, None)
COMPLETED = replace(
    WAITING, state=TaskState.COMPLETED, attempt=1, started_at=1000.5, finished_at=1001.25,
    result=RESULT,
)  # fmt: skip
FAILED = replace(
    COMPLETED, state=TaskState.FAILED, result=None,
    failure=Failure("compile_error", "x" * 300, (Problem("unknown", "no such gate", 3, 5),)),
)  # fmt: skip


def fields(task: Task, **options: bool) -> Any:
    return json.loads(view.task_json(task, **options))


def test_a_waiting_task_is_pending_and_has_no_result() -> None:
    shown = fields(WAITING)
    assert (shown["status"], shown["state"], shown["attempt"]) == ("pending", "submitted", 0)
    assert (shown["waiting_ms"], shown["running_ms"]) == (None, None)
    assert (shown["owner"], shown["history"], shown["parameters"]) == (None, [], None)
    assert not {"result", "data", "errors", "queue", "options", "metadata"} & set(shown)


def test_a_running_task_has_the_time_that_it_waited() -> None:
    running = replace(WAITING, state=TaskState.RUNNING, started_at=1000.1234)
    shown = fields(running)
    assert (shown["status"], shown["state"]) == ("pending", "running")
    assert (shown["waiting_ms"], shown["running_ms"]) == (123.4, None)
    assert shown["started_at"] == "1970-01-01T00:16:40.123Z"


def test_a_completed_task_has_its_result_and_how_it_ran() -> None:
    shown = fields(COMPLETED)
    assert shown["result"] == {"0": 3}
    assert (shown["seed"], shown["engine"], shown["method"]) == (5, "aer", "stabilizer")
    assert shown["warnings"] == ["slow"]
    assert (shown["waiting_ms"], shown["running_ms"]) == (1237.5, 12.5)
    assert shown["result_url"] == "/tasks/t/result"
    assert not {"memory", "outputs", "data", "shape", "registers", "compiled"} & set(shown)


def test_a_clock_that_was_set_back_gives_no_negative_wait() -> None:
    early = replace(COMPLETED, finished_at=999.0)
    assert fields(early)["waiting_ms"] == 0


def test_a_failed_task_has_its_problems_and_the_time_it_ran() -> None:
    shown = fields(FAILED)
    assert (shown["error"], shown["error_code"]) == ("x" * 300, "compile_error")
    [problem] = shown["errors"]
    assert (problem["code"], problem["line"], problem["column"]) == ("unknown", 3, 5)
    assert shown["running_ms"] == 750
    cancelled = replace(WAITING, state=TaskState.CANCELLED, finished_at=1002.0)
    assert (fields(cancelled)["waiting_ms"], fields(cancelled)["running_ms"]) == (2000, 0)


def test_texts_of_a_result_are_part_of_the_answer_unchanged() -> None:
    result = replace(
        RESULT, memory='["0", "0"]', outputs='{"a": [1]}', data="{}", registers=(("c", 1),),
        shape=(2,), compiled={"depth": 1}, counts="[{}, {}]",
    )  # fmt: skip
    shown = fields(replace(COMPLETED, result=result))
    assert (shown["memory"], shown["outputs"], shown["data"]) == (["0", "0"], {"a": [1]}, {})
    assert (shown["shape"], shown["compiled"]) == ([2], {"depth": 1})
    assert shown["registers"] == [{"name": "c", "size": 1}]
    whole = json.loads(view.result_json(replace(COMPLETED, result=result), encoded=True))
    assert whole == {
        name: shown[name]
        for name in ("task_id", "shape", "registers", "compiled", "result", "memory", "outputs",
                     "data")
    }  # fmt: skip


def test_a_large_result_is_left_out_unless_it_is_asked_for() -> None:
    large = replace(RESULT, registers=(("c", 1),), data='{"a": "' + "x" * 70_000 + '"}')
    task = replace(COMPLETED, result=large)
    shown = fields(task)
    assert (shown["result"], shown["data"]) == (None, None)
    assert shown["result_bytes"] > 70_000
    assert fields(task, whole=True, encoded=True)["result"] == {"0": 3}
    assert view.is_inline(replace(large, registers=None))
    assert not view.is_inline(large)


@pytest.mark.parametrize(("size", "inline"), [(65_536, True), (65_537, False)])
def test_large_parameters_and_options_are_null(size: int, inline: bool) -> None:
    text = '"' + "x" * (size - 2) + '"'
    shown = fields(replace(WAITING, parameters=text, options=text, metadata='{"k": 1}'))
    assert (shown["parameters"] is None, shown["options"] is None) == (not inline, not inline)
    assert shown["metadata"] == {"k": 1}


def test_the_history_and_the_batch_are_part_of_a_task() -> None:
    changes = (
        StateChange("submit", TaskState.SUBMITTED, 1000.0, 0, None),
        StateChange("claim", TaskState.RUNNING, 1000.5, 1, "w"),
    )
    shown = fields(replace(WAITING, changes=changes, batch="b", item=3))
    assert [change["move"] for change in shown["history"]] == ["submit", "claim"]
    assert shown["history"][1]["at"] == "1970-01-01T00:16:40.500Z"
    assert (shown["history"][1]["worker"], shown["batch_id"], shown["item"]) == ("w", "b", 3)


def test_the_status_has_nothing_that_can_be_large() -> None:
    waiting = json.loads(view.status_json(WAITING))
    assert set(waiting) == {
        "task_id", "status", "state", "attempt", "submitted_at", "started_at", "finished_at",
    }  # fmt: skip
    failed = json.loads(view.status_json(FAILED))
    assert (len(failed["error"]), failed["error_code"]) == (200, "compile_error")
    completed = json.loads(view.status_json(COMPLETED))
    assert completed["result_bytes"] == RESULT.json_size
    assert "shape" not in completed
    single = replace(COMPLETED, result=replace(RESULT, registers=()))
    assert json.loads(view.status_json(single))["shape"] == []


@pytest.mark.parametrize(("starts_in_s", "at_least"), [(None, False), (30.0, True)])
def test_a_position_in_the_queue_has_the_time_of_the_start(
    starts_in_s: float | None, at_least: bool
) -> None:
    queue = fields(replace(WAITING, queue_position=QueuePosition(3, starts_in_s, at_least)))[
        "queue"
    ]
    assert (queue["position"], queue["at_least"]) == (3, at_least)
    if starts_in_s is None:
        assert queue["expected_start"] is None
    else:
        start = datetime.fromisoformat(queue["expected_start"]).timestamp()
        assert start - time.time() == pytest.approx(starts_in_s, abs=20)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, None), (0, "1970-01-01T00:00:00.000Z"), (0.9994, "1970-01-01T00:00:00.999Z"),
     (0.9996, "1970-01-01T00:00:01.000Z"), (1717171717.5, "2024-05-31T16:08:37.500Z")],
)  # fmt: skip
def test_a_time_is_rfc_3339_to_the_millisecond(seconds: float | None, text: str | None) -> None:
    assert view.format_time(seconds) == text
    if text:
        assert datetime.fromisoformat(text).tzinfo == UTC


def test_a_page_has_a_cursor_only_if_it_is_full() -> None:
    tasks = [WAITING, replace(WAITING, id="u", sequence=5)]
    assert json.loads(view.list_json(tasks, 2))["next_cursor"] == "5"
    page = json.loads(view.list_json(tasks, 3))
    assert (page["next_cursor"], [task["task_id"] for task in page["tasks"]]) == (None, ["t", "u"])
    assert json.loads(view.list_json([], 3)) == {"tasks": [], "next_cursor": None}


@pytest.mark.parametrize(("wait_s", "shown"), [(None, None), (1.23456, 1.235), (0.0, 0)])
def test_backends_get_the_queue_of_the_service(wait_s: float | None, shown: float | None) -> None:
    answer = json.loads(view.backends_json(b'{"backends": []}\n', ExpectedWait(4, wait_s)))
    assert answer == {"backends": [], "queue": {"waiting": 4, "expected_wait_s": shown}}


def test_short_answers_are_json() -> None:
    assert json.loads(view.task_submitted_json("t")) == {"task_id": "t", "status": "submitted"}
    assert json.loads(view.task_cancelled_json("t")) == {"task_id": "t", "status": "cancelled"}
