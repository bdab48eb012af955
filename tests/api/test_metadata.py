"""The metadata and the circuit of a task are returned as they were submitted."""

import json
import uuid
from typing import Any

import pytest

from quantumtask.client import Client, ServiceError
from quantumtask.shared.batch import NewBatch
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Submission, TaskSpec
from tests.support import databases
from tests.support.services import Service
from tests.support.stores import FullStore

ANY: dict[str, Any] = {
    "π": ["🚀", None, True, 1.5, {"deep": [[]]}], "": "\0", "n": 2**70,
}  # fmt: skip
TEXT = "OPENQASM 3.0;\r\n// π\t🚀\nqubit q;\n\n"


def test_metadata_of_a_task_is_kept_and_is_not_in_the_list(service: Service) -> None:
    body: dict[str, Any] = {"circuit": TEXT, "metadata": ANY, "name": str(uuid.uuid4())}
    task = service.http.post("/tasks?wait=30", json=body).json()
    assert task["metadata"] == ANY
    assert service.get(task["task_id"])["metadata"] == ANY
    [summary] = service.http.get("/tasks", params={"name": body["name"]}).json()["tasks"]
    assert "metadata" not in summary
    assert "metadata" not in service.http.post("/tasks?wait=30", json={"circuit": TEXT}).json()


def test_metadata_of_a_batch_is_kept_beside_that_of_its_tasks(service: Service) -> None:
    with Client(service.url) as client:
        items: list[dict[str, Any]] = [{"source": TEXT, "metadata": {"k": 1}}, {"source": TEXT}]
        batch = client.batch(items, metadata=ANY)
        assert batch.info(wait=30)["metadata"] == ANY
        assert [line.get("metadata") for line in sorted(batch.lines(), key=_item)] == [
            {"k": 1}, None,
        ]  # fmt: skip


def _item(line: dict[str, Any]) -> int:
    return int(line["item"])


@pytest.mark.parametrize(
    "metadata", [{"x": "a" * (16 * 1024 - 7)}, [1], "text", 7], ids=lambda m: type(m).__name__
)
def test_metadata_that_is_no_object_or_too_large_is_refused_by_name(
    service: Service, metadata: object
) -> None:
    body = {"circuit": TEXT, "metadata": metadata}
    for path, sent in (
        ("/tasks", body),
        ("/batches", {"tasks": [body]}),
        ("/batches", {"tasks": [{"circuit": TEXT}], "metadata": metadata}),
    ):
        answer = service.http.post(path, json=sent)
        assert answer.status_code == 400
        assert "metadata: " in answer.json()["detail"]


def test_metadata_of_16_kib_is_taken(service: Service) -> None:
    largest = {"x": "a" * (16 * 1024 - 8)}
    assert len(json.dumps(largest, separators=(",", ":"))) == 16 * 1024
    body = {"circuit": TEXT, "metadata": largest}
    assert service.http.post("/tasks?wait=30", json=body).json()["metadata"] == largest


def test_metadata_is_measured_in_bytes_and_not_in_escapes(service: Service) -> None:
    body = {"circuit": TEXT, "metadata": {"x": "π" * (8 * 1024 - 4)}}
    assert service.http.post("/tasks?wait=30", json=body).json()["metadata"] == body["metadata"]
    body = {"circuit": TEXT, "metadata": {"x": "π" * (8 * 1024 - 3)}}
    assert service.http.post("/tasks", json=body).status_code == 400


@pytest.mark.parametrize("number", ["1e400", "-1e400"])
def test_metadata_with_a_number_beyond_all_floats_is_refused(service: Service, number: str) -> None:
    item = f'{{"circuit": "qubit q;", "metadata": {{"a": [{number}]}}}}'
    for path, sent in (("/tasks", item), ("/batches", f'{{"tasks": [{item}]}}')):
        answer = service.http.post(path, content=sent)
        assert answer.status_code == 400
        assert "metadata: each number must be finite" in answer.json()["detail"]


def test_another_metadata_under_the_same_key_is_a_conflict(service: Service) -> None:
    for path in ("/tasks", "/batches"):
        key = {"Idempotency-Key": uuid.uuid4().hex}
        body = {"circuit": TEXT} if path == "/tasks" else {"tasks": [{"circuit": TEXT}]}
        codes = [
            service.http.post(path, json={**body, "metadata": {"k": k}}, headers=key).status_code
            for k in (1, 1, 2)
        ]
        assert codes == [200, 200, 409]


def test_the_circuit_of_a_task_comes_back_as_it_was_submitted(service: Service) -> None:
    with Client(service.url) as client:
        task = client.submit(TEXT)
        assert task.circuit() == TEXT
        task.result(30)
        assert client.task(task.id).circuit() == TEXT
    answer = service.http.get(f"/tasks/{task.id.upper()}/circuit")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.content == TEXT.encode()


@pytest.mark.parametrize("name", ["c9bfc842-258f-4d46-b25e-ceb4ba2e0acc", "nothing", "%2e%2e"])
def test_the_circuit_of_an_unknown_task_is_not_found(service: Service, name: str) -> None:
    answer = service.http.get(f"/tasks/{name}/circuit")
    assert (answer.status_code, answer.json()["detail"]) == (404, "task not found")
    with Client(service.url) as client, pytest.raises(ServiceError):
        client.task(name)


def test_metadata_and_circuits_are_in_both_databases(configured: Settings) -> None:
    store = FullStore(configured)
    spec = TaskSpec(TEXT, metadata='{"a": "π"}')
    store.submit([Submission("t", spec, 1.0), Submission("u", TaskSpec("x"), 1.0)])
    batched = Submission("v", spec, 1.0, batch="b", item=0)
    store.submit_batch(NewBatch("b", (batched,), metadata='{"b": 1}'))
    store.submit_batch(NewBatch("c", (Submission("w", spec, 1.0, batch="c", item=0),)))
    metadata = {
        name: task.metadata for name, task in store.read(ALL_PROJECTS, ["t", "u", "v"]).items()
    }
    assert metadata == {"t": spec.metadata, "u": None, "v": spec.metadata}
    batches = store.read_batches(ALL_PROJECTS, ["b", "c"])
    assert (batches["b"].metadata, batches["c"].metadata) == ('{"b": 1}', None)
    circuits = [store.read_circuit(ALL_PROJECTS, name) for name in ("t", "nothing")]
    assert circuits == [TEXT.encode(), None]
    databases.execute(configured, "DELETE FROM changes")
    databases.execute(configured, "DELETE FROM circuits")
    databases.execute(configured, "DELETE FROM tasks")  # as the version before removes them
    assert store.read_circuit(ALL_PROJECTS, "t") is None
    store.close()
