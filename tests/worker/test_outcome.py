"""Values that cross processes: outcomes as JSON, throughput, metrics, and slots of a cluster."""

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from quantumtask.shared.task import Assignment, Blob, Failure, Problem, Result, TaskSpec
from quantumtask.worker.large_tasks import LargeTasks
from quantumtask.worker.outcome import SlotRequest, Value, decode_value, encode_value
from quantumtask.worker.telemetry import metrics
from quantumtask.worker.throughput import ThroughputMeter
from tests.support.cases import check_each

RESULT = Result('{"0": 1}', None, 5, "aer", "1.0", "stabilizer", 2.5)
WHOLE = replace(
    RESULT, memory="[]", warnings=("a", "b"), outputs="{}", precision="double", reason="r",
    data="{}", shape=(2, 3), registers=(("c", 1), ("d", 2)), compiled={"depth": 1}, threads=2,
    compile_ms=0.5,
)  # fmt: skip
FAILURE = Failure("compile_error", "wrong", (Problem("x", "y", 1, 2, "t", "h"), Problem("z", "w")))


def sent(value: Value) -> Value:
    """Return a value as another process receives it."""
    kind, fields = encode_value(value)
    return decode_value(kind, json.loads(json.dumps(fields)))


@pytest.mark.parametrize(
    "value", [RESULT, WHOLE, FAILURE, Failure("c", "m"), SlotRequest(2)], ids=type
)
def test_a_value_is_the_same_in_another_process(value: Value) -> None:
    assert sent(value) == value
    assert type(sent(value)) is type(value)


def test_a_slot_can_never_name_a_stored_result() -> None:
    stored = replace(RESULT, blob=Blob("of-another-task", 1, "digest"))
    kind, fields = encode_value(stored)
    assert "blob" not in fields
    hostile = {**fields, "blob": asdict(stored)["blob"]}
    value = decode_value(kind, hostile)
    assert isinstance(value, Result)
    assert value.blob is None


@pytest.mark.parametrize(
    ("kind", "fields"),
    [("Result", {"unheard": 1}), ("Failure", {"code": "c", "message": "m"}),
     ("Failure", {"code": "c", "message": "m", "problems": [{"unheard": 1}]}),
     ("Failure", {"code": "c", "message": "m", "problems": [], "more": 1}),
     ("SlotRequest", {"slots": 2, "more": 1})],
)  # fmt: skip
def test_a_value_with_other_fields_is_an_error(kind: str, fields: dict[str, Any]) -> None:
    with pytest.raises((TypeError, KeyError)):
        decode_value(kind, fields)


HOSTILE: dict[str, dict[str, Any]] = {
    "counts that are no text": {"counts": {"0": 1}},
    "counts that no database takes": {"counts": "\ud800"},
    "memory that is a list": {"memory": ["0"]},
    "data with U+0000": {"data": "\0"},
    "a seed that is a text": {"seed": "1"},
    "a huge seed": {"seed": 10**400},
    "a run time that is a list": {"run_ms": [1]},
    "a run time that is no number": {"run_ms": float("nan")},
    "a huge run time": {"run_ms": 10**400},
    "a run time below 0": {"run_ms": -1},
    "threads that are a text": {"threads": "2"},
    "huge threads": {"threads": 10**400},
    "a compilation time that is a text": {"compile_ms": "1"},
    "an engine that is null": {"engine": None},
    "a reason that is a list": {"reason": []},
    "a warning that is an object": {"warnings": [{}]},
    "a shape of texts": {"shape": ["1"]},
    "a register without a size": {"registers": [["c", None]]},
    "a description that is a list": {"compiled": []},
}


def test_a_hostile_result_is_an_error_before_it_reaches_the_database() -> None:
    kind, fields = encode_value(RESULT)

    def check(change: dict[str, Any]) -> None:
        with pytest.raises((TypeError, ValueError)):
            decode_value(kind, {**fields, **change})

    check_each(HOSTILE, check)


def test_a_slot_cannot_hide_the_size_of_a_result() -> None:
    kind, fields = encode_value(RESULT)
    value = decode_value(kind, {**fields, "size": 0})
    assert isinstance(value, Result)
    assert value.json_size == len(RESULT.counts)


def test_a_message_that_no_database_takes_is_written_with_escapes() -> None:
    assert sent(Failure("c", "a\0b \ud800 é")) == Failure("c", "a\\x00b \\ud800 é")


# Requests for more than a slot.


def test_large_tasks_start_in_their_order_when_their_slots_are_free() -> None:
    first, second = (Assignment(name, 1, "w", 0, 1.0, TaskSpec("")) for name in ("a", "b"))
    tasks = LargeTasks()
    assert (tasks.reserved, tasks.take_first(4, others_wait=False)) == (0, None)
    tasks.add(first, SlotRequest(2))
    tasks.add(second, SlotRequest(1))
    assert tasks.reserved == 2
    assert tasks.take_first(1, others_wait=False) is None
    assert tasks.take_first(2, others_wait=False) == (first, (2, True))
    assert tasks.take_first(1, others_wait=True) == (second, (1, False))


def test_a_large_task_that_lost_its_lease_reserves_nothing() -> None:
    task = Assignment("a", 1, "w", 0, 1.0, TaskSpec(""))
    tasks = LargeTasks()
    tasks.add(task, SlotRequest(2))
    tasks.remove(task)
    assert tasks.reserved == 0
    tasks.add(task, SlotRequest(2))
    assert (tasks.take_all(), tasks.take_all()) == ([task], [])


# Throughput.


def test_throughput_is_unknown_before_tasks_have_waited_long_enough() -> None:
    meter = ThroughputMeter()
    meter.record(0, 1000, waiting=False)
    meter.record(100, 1000, waiting=True)
    assert meter.rate() is None
    meter.record(100.4, 400, waiting=True)
    assert meter.rate() is None
    meter.record(100.5, 100, waiting=True)
    assert meter.rate() == pytest.approx(1000)


def test_time_in_which_nothing_waits_does_not_count() -> None:
    meter = ThroughputMeter()
    meter.record(0, 0, waiting=True)
    meter.record(1, 200, waiting=False)
    meter.record(1000, 5, waiting=True)
    assert meter.rate() == pytest.approx(200)
    assert meter.rate() == pytest.approx(200)


def test_a_new_measurement_counts_one_half() -> None:
    meter = ThroughputMeter()
    for now, work in ((0, 0), (1, 100)):
        meter.record(now, work, waiting=True)
    assert meter.rate() == pytest.approx(100)
    meter.record(2, 300, waiting=True)
    assert meter.rate() == pytest.approx(200)
    meter.record(3, 0, waiting=True)
    assert meter.rate() == pytest.approx(200)


# Metrics.


def shown(name: str) -> float:
    """Return the value of a sample on the page of metrics; 0 if it is not there."""
    text, _ = metrics.render_metrics("text/plain")
    for line in text.decode().splitlines():
        if line.startswith(name + " "):
            return float(line.rpartition(" ")[2])
    return 0.0


def assignment(submitted_at: float, claimed_at: float) -> Assignment:
    return Assignment("t", 1, "w", 0, 1.0, TaskSpec("x"), submitted_at, claimed_at)


def test_a_result_is_counted_under_its_engine_and_an_unknown_engine_under_other() -> None:
    names = ['quantumtask_task_run_seconds_sum{engine="aer"}',
             'quantumtask_task_wait_seconds_sum{engine="other"}',
             'quantumtask_tasks_finished_total{code="",state="completed"}']  # fmt: skip
    before = [shown(name) for name in names]
    metrics.completed(assignment(10, 12), RESULT)
    metrics.completed(assignment(10, 14), replace(RESULT, engine="hostile\n"))
    after = [shown(name) for name in names]
    assert [b - a for a, b in zip(before, after, strict=True)] == pytest.approx([0.0025, 4, 2])


def test_a_clock_that_was_set_back_gives_no_negative_wait() -> None:
    name = 'quantumtask_task_wait_seconds_sum{engine="none"}'
    before = shown(name)
    metrics.failed(assignment(10, 5), FAILURE)
    assert shown(name) == before


def test_codes_of_hostile_slots_make_no_series_of_their_own() -> None:
    def count(code: str) -> float:
        return shown(f'quantumtask_tasks_finished_total{{code="{code}",state="failed"}}')

    other, compile_errors = count("other"), count("compile_error")
    for code in ("Compile", "a" * 41, "a b", 'x"y', ""):
        metrics.failed(assignment(0, 0), Failure(code, "m"))
    metrics.failed(assignment(0, 0), FAILURE)
    assert (count("other") - other, count("compile_error") - compile_errors) == (5, 1)
    for number in range(300):
        letters = "".join(chr(97 + int(digit)) for digit in str(number))
        metrics.failed(assignment(0, 0), Failure(f"made_up_{letters}", "m"))
    text, _ = metrics.render_metrics("text/plain")
    series = [line for line in text.decode().splitlines() if 'state="failed"' in line]
    assert len(series) < 220
    assert count("other") - other >= 105


def test_a_claim_without_tasks_counts_only_its_duration() -> None:
    names = ("quantumtask_claim_tasks_count", "quantumtask_claim_duration_seconds_count")
    before = [shown(name) for name in names]
    metrics.claimed(0, 0.001)
    metrics.claimed(3, 0.001)
    assert [shown(name) - b for name, b in zip(names, before, strict=True)] == [1, 2]
