"""Deletion of tasks and batches by their project, over HTTP and from the client."""

import pytest

from quantumtask.client import Client, ServiceError
from tests.support.services import BELL, ENDLESS, Service


def test_a_deleted_task_is_gone_with_its_result(service: Service) -> None:
    task_id = service.run(BELL)["task_id"]
    path = f"/tasks/{task_id}"
    deleted = service.http.delete(path)
    assert (deleted.status_code, deleted.json()) == (
        200, {"task_id": task_id, "status": "deleted"}
    )  # fmt: skip
    for each in (path, path + "/result", path + "/circuit", path + "?wait=1"):
        assert service.http.get(each).json()["code"] == "task_not_found"
    assert service.http.delete(path).status_code == 404
    assert service.http.get("/tasks", params={"id": task_id}).json()["tasks"] == []


def test_a_large_result_is_deleted_with_its_task(service: Service) -> None:
    body = {"circuit": BELL, "shots": 200_000, "memory": True}
    task = service.http.post("/tasks?wait=30", json=body).json()
    assert service.http.get(task["result_url"]).status_code == 200
    assert service.http.delete(f"/tasks/{task['task_id']}").status_code == 200
    assert service.http.get(task["result_url"]).json()["code"] == "task_not_found"


def test_what_has_not_ended_is_not_deleted_and_the_answer_says_what_to_do(service: Service) -> None:
    with Client(service.url) as client:
        task, batch = client.submit(ENDLESS), client.batch([ENDLESS])
        for kind, each in (("tasks", task), ("batches", batch)):
            with pytest.raises(ServiceError) as refusal:
                each.delete()
            assert refusal.value.code == "task_not_finished"
            assert refusal.value.detail.endswith(f"cancel with POST /{kind}/{each.id}/cancel first")
            each.cancel()
        [item] = batch.known["task_ids"]
        with pytest.raises(ServiceError) as refusal:
            client.task(item).delete()
        assert refusal.value.code == "task_in_batch"
        assert refusal.value.detail.endswith(f"DELETE /batches/{batch.id}")
        batch.delete()
        task.delete()
        for gone in (lambda: client.task(task.id), lambda: client.task(item)):
            with pytest.raises(ServiceError, match="not found"):
                gone()
        with pytest.raises(ServiceError, match="batch not found"):
            client.find_batch(batch.id)
