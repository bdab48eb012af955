"""What the Python client makes of the service's answers: large, streamed, broken off, older."""

import base64
import json
import re
from typing import Any

import numpy as np
import pandas
import pytest

from quantumtask import CircuitError, Result, ServiceError, TaskCancelled, TaskFailed
from tests.support.fake_service import Reply, peer, refused, said
from tests.support.services import BELL

TASK = {"task_id": "t", "status": "completed", "state": "completed", "shots": 3}
SUBMITTED = said({"task_id": "t", "status": "submitted"})
NOT_FOUND = refused(404, "not_found", "not found")


def result(**fields: Any) -> Result:
    with peer(SUBMITTED, said({**TASK, "result": {}, **fields})) as (client, _):
        return client.submit(BELL).result()


def encoded(array: Any, dtype: str) -> dict[str, Any]:
    values = np.asarray(array, dtype)
    data = base64.b64encode(values.tobytes()).decode()
    return {"dtype": dtype, "shape": values.shape, "data": data}


SWEEP: dict[str, Any] = {
    "shape": [2, 3],
    "registers": [{"name": "a", "size": 1}, {"name": "b", "size": 2}],
    "parameters": {"x": [[1], [2]], "y": [10, 20, 30], "z": 5},
    "result": [[{"00 0": k} for k in range(3)], [{"11 1": k} for k in range(3)]],
    "data": {
        "memory": encoded([[[[k + 3 * r], [7]] for k in range(3)] for r in range(2)], "uint8"),
        "probabilities": encoded(np.arange(48).reshape(2, 3, 8), "float64"),
        "statevector": encoded(np.arange(24).reshape(2, 3, 4) * 1j, "complex128"),
        "expectation_values": encoded(np.arange(24).reshape(4, 2, 3), "float64"),
        "standard_errors": encoded(np.zeros((4, 2, 3)), "float64"),
    },
}


def test_an_element_of_a_sweep_is_a_result_of_its_own() -> None:
    sweep = result(**SWEEP)
    assert (sweep.shape, len(sweep), bool(sweep)) == ((2, 3), 2, True)
    one = sweep[1, -1]
    assert (one.shape, one.index, one.counts) == ((), (1, 2), {"11 1": 2})
    assert one.memory == ["10 1", "11 1"]
    assert one.parameters == {"x": 2, "y": 30, "z": 5}
    assert one.probabilities is not None
    assert one.probabilities.tolist() == [*range(40, 48)]
    assert one.statevector is not None
    assert one.statevector.tolist() == [20j, 21j, 22j, 23j]
    assert one.expectation_values is not None
    assert one.expectation_values.tolist() == [5, 11, 17, 23]
    assert [[e.index for e in row] for row in sweep][1] == [(1, 0), (1, 1), (1, 2)]
    assert sweep[1][2].counts == one.counts
    assert sweep.memory[0][1] == ["00 1", "11 1"]
    with pytest.raises(IndexError):
        sweep[2]
    with pytest.raises(TypeError, match="no sweep"):
        len(one)


def test_plain_lists_and_encoded_arrays_are_the_same_result() -> None:
    told = result(data={"statevector": [[0.6, 0.0], [0.0, 0.8]], "expectation_values": 0.25})
    sent = result(data={"statevector": encoded([0.6, 0.8j], "complex128")})
    assert told.statevector is not None
    assert sent.statevector is not None
    assert told.statevector.tolist() == sent.statevector.tolist() == [0.6, 0.8j]
    assert told.expectation_values is not None
    assert (told.expectation_values.shape, float(told.expectation_values)) == ((), 0.25)
    assert not sent.statevector.flags.writeable


def test_a_result_that_is_not_with_its_task_is_fetched_from_where_it_is() -> None:
    head = {**TASK, "seed": 5, "result_url": "/tasks/t/result", "result": None, "data": None}
    with peer(SUBMITTED, said(head), said({"task_id": "t", **SWEEP})) as (client, ours):
        found = client.submit(BELL).result()
    assert (found.seed, found.shape, found[0, 1].counts) == (5, (2, 3), {"00 0": 1})
    assert ours.asked[2].path == "/tasks/t/result"
    assert "application/vnd.quantumtask+json" in ours.asked[2].headers["Accept"]


def test_a_table_has_a_row_for_each_outcome_or_expectation_value() -> None:
    assert list(result(result={"1": 2, "0": 1}).to_dataframe()["bits"]) == ["0", "1"]
    options = {"observables": ["Z", [["X", 0.5], ["Y", -1.0]]]}
    data = {"expectation_values": [[1.0, 2.0], [3.0, 4.0]], "standard_errors": [[0, 0], [0, 0]]}
    sweep = result(shape=[2], parameters={"x": [7, 8]}, options=options, data=data)
    table = sweep.to_dataframe()
    assert isinstance(table, pandas.DataFrame)
    assert list(table["observable"]) == ["Z", "0.5 X - 1 Y"] * 2
    assert list(table["x"]) == [7, 7, 8, 8]
    assert list(table["expectation_value"]) == [1, 3, 2, 4]


def test_a_notebook_shows_bars_and_nothing_that_a_name_could_smuggle_in() -> None:
    shown = result(result={"00": 1, "11": 2}, name="<script>")._repr_html_()
    assert shown.count("<rect") == 2
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown
    assert "more" in result(result={f"{k:06b}": 1 for k in range(64)})._repr_html_()
    sweep = result(**SWEEP)._repr_html_()
    assert "sweep of shape (2, 3)" in sweep
    assert re.findall(r"<th[^>]*>(.*?)</th>", sweep)[:5] == ["element", "x", "y", "z", "result"]
    assert re.findall(r"<td[^>]*>(.*?)</td>", sweep)[:4] == ["0, 0", "1", "10", "5"]
    assert (
        "0.25 ± 0.01"
        in result(data={"expectation_values": [0.25], "standard_errors": [0.01]})._repr_html_()
    )


def test_a_result_tells_what_it_is() -> None:
    few = result(result={"1": 2, "0": 1}, engine="aer", method="stabilizer")
    assert repr(few) == "Result(counts={'0': 1, '1': 2}, 3 shots, aer stabilizer)"
    assert repr(result(**SWEEP)).startswith("Result(a sweep of shape (2, 3), memory of 3 shots, ")


# Streams


def lines(*told: dict[str, Any]) -> Reply:
    return (200, {}, "".join(json.dumps(one) + "\n" for one in told).encode())


def test_a_batch_that_breaks_off_goes_on_where_it_was() -> None:
    made = said({"batch_id": "b", "status": "submitted", "task_ids": ["s", "t", "u"]})
    failed = {"status": "failed", "error": "too large", "error_code": "out_of_memory"}
    wrong = {"code": "unknown_gate", "message": "no", "line": 2, "column": 4}
    first = lines({**TASK, "offset": 0, "item": 2, "result": {"1": 3}})
    second = lines(
        {**TASK, **failed, "offset": 1, "item": 0, "task_id": "s"},
        {**TASK, **failed, "offset": 2, "item": 1, "errors": [wrong]},
    )
    with peer(made, first, None, second) as (client, ours):
        outcomes = list(client.batch([BELL] * 3))
    assert [asked.path for asked in ours.asked[1:]] == [
        f"/batches/b/results?offset={had}" for had in (0, 1, 1)
    ]
    assert [outcome.index for outcome in outcomes] == [2, 0, 1]
    assert outcomes[0].result().counts == {"1": 3}
    assert isinstance(outcomes[1].error, TaskFailed)
    with pytest.raises(CircuitError) as failure:
        outcomes[2].result()
    assert (failure.value.line, failure.value.column) == (2, 4)


def event(number: int, state: str) -> str:
    data = {"task_id": "t", "state": state, "at": "now", "attempt": 1, "move": "m"}
    return f"id: {number}\nevent: {state}\ndata: {json.dumps(data)}\n\n"


def test_events_that_break_off_go_on_behind_the_last_one_seen() -> None:
    first = ": beat\n\n" + event(3, "submitted") + event(8, "running") + "id: 9\ndata: {"
    second = event(11, "completed")
    with peer(SUBMITTED, (200, {}, first.encode()), None, (200, {}, second.encode())) as (
        client,
        ours,
    ):
        states = [each.state for each in client.submit(BELL).events()]
    assert states == ["submitted", "running", "completed"]
    assert [asked.headers["Last-Event-ID"] for asked in ours.asked[1:]] == [None, "8", "8"]


# The version before


def test_an_older_service_answers_with_all_it_has() -> None:
    old = {**TASK, "result": {"0": 3}, "memory": ["0"] * 3, "outputs": {"x": [1, 1, 1]}}
    with peer(SUBMITTED, said(old), said(old)) as (client, ours):
        task = client.submit(BELL, parameters={"x": np.array([1.5, 2.0])})
        found = task.result()
        assert task.status() == "completed"
    assert (found.counts, found.memory, found.outputs) == ({"0": 3}, ["0"] * 3, {"x": [1] * 3})
    assert ours.asked[0].json == {"circuit": BELL, "parameters": {"x": [1.5, 2.0]}}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refused(400, "invalid_request", "observables: no such field"), "cannot do `observables`"),
        (NOT_FOUND, "cannot do this"),
    ],
)
def test_what_an_older_service_cannot_do_is_said(answer: Reply, words: str) -> None:
    with peer(answer) as (client, _), pytest.raises(ServiceError, match=words) as refusal:
        client.submit(BELL, observables="ZZ")
    assert refusal.value.code == "service_too_old"
    assert "upgrade" in refusal.value.detail


def test_without_batches_and_backends_an_older_service_is_named_as_such() -> None:
    with peer(NOT_FOUND, NOT_FOUND, NOT_FOUND) as (client, _):
        for call in (
            lambda: client.batch([BELL]),
            lambda: client.map(BELL, {"x": [1, 2]}),
            lambda: client.backends(),
        ):
            with pytest.raises(ServiceError, match="older than the client"):
                call()


def test_a_task_that_is_not_there_is_no_sign_of_an_old_service() -> None:
    gone = refused(404, "task_not_found", "task not found")
    with peer(gone) as (client, _), pytest.raises(ServiceError) as refusal:
        client.task("t")
    assert refusal.value.code == "task_not_found"


def test_an_older_service_has_no_events_but_a_history() -> None:
    def history(*states: str, status: str = "pending") -> Reply:
        changes = [{"state": s, "at": "now", "move": "m", "attempt": 1} for s in states]
        return said({**TASK, "status": status, "history": changes})

    with peer(
        SUBMITTED,
        NOT_FOUND,
        history("submitted"),
        history("submitted", "running"),
        history("submitted", "running", "cancelled", status="cancelled"),
        said({**TASK, "status": "cancelled"}),
    ) as (client, _):
        task = client.submit(BELL)
        assert [event.state for event in task.events()] == ["submitted", "running", "cancelled"]
        with pytest.raises(TaskCancelled):
            task.result()


# What is sent


def test_a_large_array_is_sent_as_its_bytes() -> None:
    angles = np.linspace(0, 1, 5000)
    with peer(SUBMITTED) as (client, ours):
        client.submit(
            BELL, parameters={"theta": angles, "z": 1j, "flag": np.True_}, returns="counts"
        )
    body = ours.asked[0].json
    assert body["parameters"]["theta"] == encoded(angles, "float64") | {"shape": [5000]}
    assert body["parameters"]["z"] == encoded(np.array([1j]), "complex128") | {"shape": []}
    assert body["parameters"]["flag"] is True
    assert body["return"] == ["counts"]


def test_a_map_is_one_request_of_neighbours() -> None:
    made = said({"batch_id": "b", "status": "submitted", "task_ids": ["t"] * 16})
    with peer(made) as (client, ours):
        client.map(BELL, {"x": range(100), "y": 7}, observables=["ZZ", [["XX", 0.5]]])
    tasks = ours.asked[0].json["tasks"]
    assert len(tasks) == 16
    assert [x for task in tasks for x in task["parameters"]["x"]] == [*range(100)]
    assert {task["parameters"]["y"] for task in tasks} == {7}
    assert tasks[0]["observables"] == [["ZZ"], [[["XX", 0.5]]]]


@pytest.mark.parametrize("values", [{}, {"x": 1}, {"x": [1, 2], "y": [1]}, {"x": []}])
def test_a_map_needs_arrays_of_one_length(values: dict[str, Any]) -> None:
    with peer() as (client, _), pytest.raises(ValueError, match="arrays of one length"):
        client.map(BELL, values)
