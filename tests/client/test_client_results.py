"""Tests of the answers that the Python client reads: large ones, streams, older services."""

import base64
import json
import re
from typing import Any

import numpy as np
import pytest

from quantumtask import CircuitError, Result, ServiceError, TaskCancelled, TaskFailed
from tests.support.fake_service import Reply, error_reply, fake_service, json_reply
from tests.support.services import BELL

TASK = {"task_id": "t", "status": "completed", "state": "completed", "shots": 3}
SUBMITTED = json_reply({"task_id": "t", "status": "submitted"})
NOT_FOUND = error_reply(404, "not_found", "not found")


def result(**fields: Any) -> Result:
    with fake_service(SUBMITTED, json_reply({**TASK, "result": {}, **fields})) as (client, _):
        return client.submit(BELL).result()


def encode_array(array: Any, dtype: str) -> dict[str, Any]:
    values = np.asarray(array, dtype)
    data = base64.b64encode(values.tobytes()).decode()
    return {"dtype": dtype, "shape": values.shape, "data": data}


SWEEP: dict[str, Any] = {
    "shape": [2, 3],
    "registers": [{"name": "a", "size": 1}, {"name": "b", "size": 2}],
    "parameters": {"x": [[1], [2]], "y": [10, 20, 30], "z": 5},
    "result": [[{"00 0": k} for k in range(3)], [{"11 1": k} for k in range(3)]],
    "data": {
        "memory": encode_array([[[[k + 3 * r], [7]] for k in range(3)] for r in range(2)], "uint8"),
        "probabilities": encode_array(np.arange(48).reshape(2, 3, 8), "float64"),
        "statevector": encode_array(np.arange(24).reshape(2, 3, 4) * 1j, "complex128"),
        "expectation_values": encode_array(np.arange(24).reshape(4, 2, 3), "float64"),
        "standard_errors": encode_array(np.zeros((4, 2, 3)), "float64"),
    },
}


def test_an_element_of_a_sweep_is_a_result() -> None:
    sweep = result(**SWEEP)
    assert (sweep.shape, len(sweep), bool(sweep)) == ((2, 3), 2, True)
    element = sweep[1, -1]
    assert (element.shape, element.index, element.counts) == ((), (1, 2), {"11 1": 2})
    assert element.memory == ["10 1", "11 1"]
    assert element.parameters == {"x": 2, "y": 30, "z": 5}
    assert element.probabilities is not None
    assert element.probabilities.tolist() == [*range(40, 48)]
    assert element.statevector is not None
    assert element.statevector.tolist() == [20j, 21j, 22j, 23j]
    assert element.expectation_values is not None
    assert element.expectation_values.tolist() == [5, 11, 17, 23]
    assert [[e.index for e in row] for row in sweep][1] == [(1, 0), (1, 1), (1, 2)]
    assert sweep[1][2].counts == element.counts
    assert sweep.memory[0][1] == ["00 1", "11 1"]
    with pytest.raises(IndexError):
        sweep[2]
    with pytest.raises(TypeError, match="no sweep"):
        len(element)


def test_plain_lists_and_encoded_arrays_are_the_same_result() -> None:
    lists = result(data={"statevector": [[0.6, 0.0], [0.0, 0.8]], "expectation_values": 0.25})
    arrays = result(data={"statevector": encode_array([0.6, 0.8j], "complex128")})
    assert lists.statevector is not None
    assert arrays.statevector is not None
    assert lists.statevector.tolist() == arrays.statevector.tolist() == [0.6, 0.8j]
    assert lists.expectation_values is not None
    assert (lists.expectation_values.shape, float(lists.expectation_values)) == ((), 0.25)
    assert not arrays.statevector.flags.writeable


def test_a_large_result_is_fetched_from_its_own_url() -> None:
    head = {**TASK, "seed": 5, "result_url": "/tasks/t/result", "result": None, "data": None}
    data = {"task_id": "t", **SWEEP}
    with fake_service(SUBMITTED, json_reply(head), json_reply(data)) as (client, service):
        received = client.submit(BELL).result()
    assert (received.seed, received.shape, received[0, 1].counts) == (5, (2, 3), {"00 0": 1})
    assert service.requests[2].path == "/tasks/t/result"
    assert "application/vnd.quantumtask+json" in service.requests[2].headers["Accept"]


def test_a_table_has_a_row_for_each_outcome_or_expectation_value() -> None:
    import pandas  # half a second that no other test needs

    assert list(result(result={"1": 2, "0": 1}).to_dataframe()["bits"]) == ["0", "1"]
    options = {"observables": ["Z", [["X", 0.5], ["Y", -1.0]]]}
    data = {"expectation_values": [[1.0, 2.0], [3.0, 4.0]], "standard_errors": [[0, 0], [0, 0]]}
    sweep = result(shape=[2], parameters={"x": [7, 8]}, options=options, data=data)
    table = sweep.to_dataframe()
    assert isinstance(table, pandas.DataFrame)
    assert list(table["observable"]) == ["Z", "0.5 X - 1 Y"] * 2
    assert list(table["x"]) == [7, 7, 8, 8]
    assert list(table["expectation_value"]) == [1, 3, 2, 4]


def test_a_notebook_shows_bars_and_escapes_names() -> None:
    html = result(result={"00": 1, "11": 2}, name="<script>")._repr_html_()
    assert html.count("<rect") == 2
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert "more" in result(result={f"{k:06b}": 1 for k in range(64)})._repr_html_()
    sweep = result(**SWEEP)._repr_html_()
    assert "sweep of shape (2, 3)" in sweep
    assert re.findall(r"<th[^>]*>(.*?)</th>", sweep)[:5] == ["element", "x", "y", "z", "[0]"]
    assert re.findall(r"<td[^>]*>(.*?)</td>", sweep)[:4] == ["0, 0", "1", "10", "5"]
    assert (
        "0.25 ± 0.01"
        in result(data={"expectation_values": [0.25], "standard_errors": [0.01]})._repr_html_()
    )


def test_a_repr_names_the_counts_and_the_engine() -> None:
    small = result(result={"1": 2, "0": 1}, engine="aer", method="stabilizer")
    assert repr(small) == "Result(counts={'0': 1, '1': 2}, 3 shots, aer stabilizer)"
    assert repr(result(**SWEEP)).startswith("Result(a sweep of shape (2, 3), memory of 3 shots, ")


# Streams


def lines(*items: dict[str, Any]) -> Reply:
    return (200, {}, "".join(json.dumps(item) + "\n" for item in items).encode())


def test_an_interrupted_batch_resumes_at_its_offset() -> None:
    receipt = json_reply({"batch_id": "b", "status": "submitted", "task_ids": ["s", "t", "u"]})
    failed = {"status": "failed", "error": "too large", "error_code": "out_of_memory"}
    wrong = {"code": "unknown_gate", "message": "no", "line": 2, "column": 4}
    first = lines({**TASK, "offset": 0, "item": 2, "result": {"1": 3}})
    second = lines(
        {**TASK, **failed, "offset": 1, "item": 0, "task_id": "s"},
        {**TASK, **failed, "offset": 2, "item": 1, "errors": [wrong]},
    )
    with fake_service(receipt, first, None, second) as (client, service):
        outcomes = list(client.batch([BELL] * 3))
    assert [request.path for request in service.requests[1:]] == [
        f"/batches/b/results?offset={offset}" for offset in (0, 1, 1)
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


def test_an_interrupted_event_stream_resumes_after_the_last_event() -> None:
    first = ": keep-alive\n\n" + event(3, "submitted") + event(8, "running") + "id: 9\ndata: {"
    second = event(11, "completed")
    with fake_service(SUBMITTED, (200, {}, first.encode()), None, (200, {}, second.encode())) as (
        client,
        service,
    ):
        states = [each.state for each in client.submit(BELL).events()]
    assert states == ["submitted", "running", "completed"]
    positions = [request.headers["Last-Event-ID"] for request in service.requests[1:]]
    assert positions == [None, "8", "8"]


# Older services


def test_a_result_of_an_older_service_is_complete() -> None:
    old = {**TASK, "result": {"0": 3}, "memory": ["0"] * 3, "outputs": {"x": [1, 1, 1]}}
    with fake_service(SUBMITTED, json_reply(old), json_reply(old)) as (client, service):
        task = client.submit(BELL, parameters={"x": np.array([1.5, 2.0])})
        received = task.result()
        assert task.status() == "completed"
    assert (received.counts, received.memory) == ({"0": 3}, ["0"] * 3)
    assert received.outputs == {"x": [1] * 3}
    assert service.requests[0].json == {"circuit": BELL, "parameters": {"x": [1.5, 2.0]}}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            error_reply(400, "invalid_request", "observables: no such field"),
            "cannot do `observables`",
        ),
        (NOT_FOUND, "cannot do this"),
    ],
)
def test_the_error_names_the_feature_that_an_older_service_lacks(answer: Reply, words: str) -> None:
    with fake_service(answer) as (client, _), pytest.raises(ServiceError, match=words) as refusal:
        client.submit(BELL, observables="ZZ")
    assert refusal.value.code == "service_too_old"
    assert "upgrade" in refusal.value.detail


def test_the_error_names_an_older_service_without_batches_and_backends() -> None:
    with fake_service(NOT_FOUND, NOT_FOUND, NOT_FOUND) as (client, _):
        for call in (
            lambda: client.batch([BELL]),
            lambda: client.map(BELL, {"x": [1, 2]}),
            lambda: client.backends(),
        ):
            with pytest.raises(ServiceError, match="older than the client"):
                call()


def test_an_unknown_task_is_no_sign_of_an_older_service() -> None:
    unknown = error_reply(404, "task_not_found", "task not found")
    with fake_service(unknown) as (client, _), pytest.raises(ServiceError) as refusal:
        client.task("t")
    assert refusal.value.code == "task_not_found"


def test_the_events_of_an_older_service_come_from_its_history() -> None:
    def history(*states: str, status: str = "pending") -> Reply:
        changes = [{"state": s, "at": "now", "move": "m", "attempt": 1} for s in states]
        return json_reply({**TASK, "status": status, "history": changes})

    with fake_service(
        SUBMITTED,
        NOT_FOUND,
        history("submitted"),
        history("submitted", "running"),
        history("submitted", "running", "cancelled", status="cancelled"),
        json_reply({**TASK, "status": "cancelled"}),
    ) as (client, _):
        task = client.submit(BELL)
        assert [event.state for event in task.events()] == ["submitted", "running", "cancelled"]
        with pytest.raises(TaskCancelled):
            task.result()


# Requests


def test_a_large_array_is_sent_as_its_bytes() -> None:
    angles = np.linspace(0, 1, 5000)
    with fake_service(SUBMITTED) as (client, service):
        client.submit(
            BELL, parameters={"theta": angles, "z": 1j, "flag": np.True_}, returns="counts"
        )
    body = service.requests[0].json
    assert body["parameters"]["theta"] == encode_array(angles, "float64") | {"shape": [5000]}
    assert body["parameters"]["z"] == encode_array(np.array([1j]), "complex128") | {"shape": []}
    assert body["parameters"]["flag"] is True
    assert body["return"] == ["counts"]


def test_a_map_is_one_request_with_neighbouring_elements_in_each_task() -> None:
    receipt = json_reply({"batch_id": "b", "status": "submitted", "task_ids": ["t"] * 16})
    with fake_service(receipt) as (client, service):
        client.map(BELL, {"x": range(100), "y": 7}, observables=["ZZ", [["XX", 0.5]]])
    tasks = service.requests[0].json["tasks"]
    assert len(tasks) == 16
    assert [x for task in tasks for x in task["parameters"]["x"]] == [*range(100)]
    assert {task["parameters"]["y"] for task in tasks} == {7}
    assert tasks[0]["observables"] == [["ZZ"], [[["XX", 0.5]]]]


@pytest.mark.parametrize("values", [{}, {"x": 1}, {"x": [1, 2], "y": [1]}, {"x": []}])
def test_a_map_needs_arrays_of_one_length(values: dict[str, Any]) -> None:
    with fake_service() as (client, _), pytest.raises(ValueError, match="arrays of one length"):
        client.map(BELL, values)
