"""Tags of tasks and batches, replaced over HTTP."""

from typing import Any

import pytest

from tests.support.secured_service import SecuredService
from tests.support.services import BELL, Service


def make(service: Service, kind: str, *tags: str) -> str:
    if kind == "tasks":
        body: dict[str, Any] = {"circuit": BELL, "tags": tags}
        return str(service.http.post("/tasks", json=body).json()["task_id"])
    body = {"tasks": [{"circuit": BELL}], "tags": tags}
    return str(service.http.post("/batches", json=body).json()["batch_id"])


def test_replaced_tags_are_those_of_the_answer_and_of_lists(service: Service) -> None:
    for kind, name in (("tasks", "task_id"), ("batches", "batch_id")):
        each = make(service, kind, f"before-{kind}")
        path = f"/{kind}/{each}"
        answer = service.http.put(f"{path}/tags", json={"tags": [f"after-{kind}", f"after-{kind}"]})
        assert (answer.status_code, answer.json()) == (200, {name: each, "tags": [f"after-{kind}"]})
        assert service.http.get(path).json()["tags"] == [f"after-{kind}"]
        for tag, expected in ((f"after-{kind}", [each]), (f"before-{kind}", [])):
            listed = service.http.get(f"/{kind}", params={"tag": tag}).json()[kind]
            assert [item[name] for item in listed] == expected
        assert service.http.put(f"{path}/tags", json={"tags": []}).json()["tags"] == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "tags: field required"),
        ([], "body: must be a JSON object"),
        ({"tags": "a"}, "tags: input should be a valid list"),
        ({"tags": [""]}, "tags.0: string should have at least 1 character"),
        ({"tags": ["a" * 51]}, "tags.0: string should have at most 50 characters"),
        ({"tags": ["a"] * 21}, "tags: list should have at most 20 items"),
        ({"tags": ["a\n"]}, "tags.0: must not contain control characters"),
        ({"tags": [], "tag": 1}, "tag: no such field"),
    ],
)
def test_wrong_tags_are_refused(service: Service, body: Any, message: str) -> None:
    for kind in ("tasks", "batches"):
        answer = service.http.put(f"/{kind}/{make(service, kind)}/tags", json=body)
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith(message)


def test_tags_of_another_project_or_of_nothing_are_not_found(secured: SecuredService) -> None:
    bob, eve = secured.as_principal("bob"), secured.as_principal("eve")
    task = bob.post("/tasks", json={"circuit": BELL, "tags": ["mine"]}).json()["task_id"]
    for path in (f"/tasks/{task}", "/tasks/x", f"/batches/{task}"):
        answer = eve.put(f"{path}/tags", json={"tags": []})
        assert (answer.status_code, answer.json()["code"]) == (
            404, f"{'task' if 'task' in path else 'batch'}_not_found",
        )  # fmt: skip
    assert bob.get(f"/tasks/{task}").json()["tags"] == ["mine"]
    reader = secured.as_principal("reader")
    assert reader.put(f"/tasks/{task}/tags", json={"tags": []}).status_code == 403
