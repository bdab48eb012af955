"""A request with a token has a principal; without one it is refused, where tokens are required."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from quantumtask.shared.principal import Principal, Role
from quantumtask.shared.token_store import TokenStore
from tests.support.secured_service import PHYSICS, SecuredService
from tests.support.services import BELL, ENDLESS, Service, until

CIRCUIT = {"circuit": BELL}
ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(secured: SecuredService) -> Iterator[TokenStore]:
    """The Store that the operator's commands open."""
    store = TokenStore(secured.settings)
    yield store
    store.close()


def refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def open_paths() -> list[str]:
    """Return the paths that need no token, as the documentation lists them."""
    text = (ROOT / "docs/security.md").read_text()
    listed = text.partition("These paths need no token:")[2].partition("`/metrics`")[0]
    return re.findall(r"`(/[^`]*)`", listed)


def test_the_paths_that_the_documentation_lists_need_no_token(secured: SecuredService) -> None:
    statuses = {path: secured.http.get(path).status_code for path in open_paths()}
    assert 401 not in statuses.values(), statuses
    for path in ("/", "/health", "/ready", "/login", "/openapi.json", "/docs", "/favicon.ico"):
        assert secured.http.get(path, follow_redirects=True).status_code == 200


def test_the_documentation_lists_every_path_that_needs_no_token(secured: SecuredService) -> None:
    document = secured.http.get("/openapi.json").json()["paths"]
    paths = {re.sub(r"{\w+}", "x", path) for path in document} - {*open_paths()}
    statuses = {path: secured.http.get(path).status_code for path in paths}
    assert {path for path, status in statuses.items() if status not in (401, 405)} == set()


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/tasks"), ("POST", "/tasks"), ("GET", "/metrics"), ("GET", "/queue"), ("GET", "/x")],
)
def test_every_other_request_without_a_token_is_refused(
    secured: SecuredService, method: str, path: str
) -> None:
    answer = secured.http.request(method, path)
    assert refusal(answer) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="quantumtask"'
    assert "quantumtask token create" in answer.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer qt_" + "a" * 43},
        {"X-API-Key": b"qt_" + b"\xe9" * 43},
        {"Authorization": "Basic YWRhOmFkYQ=="},
        {"X-API-Key": ""},
        {"X-API-Key": "qt_"},
    ],
    ids=["empty", "unknown", "not ASCII", "of another scheme", "empty key", "short key"],
)
def test_a_wrong_token_is_refused(secured: SecuredService, headers: dict[str, Any]) -> None:
    answer = secured.http.get("/tasks", headers=headers)
    assert refusal(answer) == (401, "unauthenticated")


def test_a_token_with_one_wrong_character_is_refused(secured: SecuredService) -> None:
    token = secured.tokens["ada"]
    for place in (3, 12, len(token) - 2):
        wrong = token[:place] + ("a" if token[place] != "a" else "b") + token[place + 1 :]
        answer = secured.http.get("/tasks", headers={"X-API-Key": wrong})
        assert refusal(answer) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "header", ["Authorization: Bearer ", "authorization: bearer ", "X-API-Key:"]
)
def test_a_token_is_sent_in_either_header(secured: SecuredService, header: str) -> None:
    name, _, scheme = header.partition(":")
    headers = {name: scheme.lstrip() + secured.tokens["ada"]}
    assert secured.http.get("/tasks", headers=headers).status_code == 200


def test_the_service_sets_owner_and_project_of_a_task(secured: SecuredService) -> None:
    ada = secured.as_principal("ada")
    task_id = ada.post("/tasks", json=CIRCUIT).json()["task_id"]
    task = ada.get(f"/tasks/{task_id}", params={"wait": 30}).json()
    assert (task["status"], task["owner"], task["project"]) == ("completed", "ada", PHYSICS)
    named = ada.post("/tasks", json={**CIRCUIT, "owner": "ada"})
    assert named.status_code == 200


def test_another_owner_is_refused(secured: SecuredService) -> None:
    for name in ("ada", "root"):
        client = secured.as_principal(name)
        answer = client.post("/tasks", json={**CIRCUIT, "owner": "eve"})
        assert refusal(answer) == (400, "invalid_request")
        assert f"owner: is always {name!r}" in answer.json()["detail"]
        batch = client.post("/batches", json={"tasks": [CIRCUIT, {**CIRCUIT, "owner": "eve"}]})
        assert batch.json()["detail"].startswith("tasks.1.owner: is always")


def test_a_role_has_a_highest_priority(secured: SecuredService) -> None:
    urgent = {**CIRCUIT, "priority": 1}
    answer = secured.as_principal("ada").post("/tasks", json=urgent)
    assert refusal(answer) == (403, "forbidden")
    assert "priority: must be at most 0 for the role user; got 1" in answer.json()["detail"]
    assert secured.as_principal("ada").post("/tasks", json={**CIRCUIT, "priority": -1}).is_success
    assert secured.as_principal("root").post("/tasks", json={**CIRCUIT, "priority": 10}).is_success


def test_the_role_read_neither_submits_nor_cancels(secured: SecuredService) -> None:
    reader, ada = secured.as_principal("reader"), secured.as_principal("ada")
    task_id = ada.post("/tasks", json=CIRCUIT).json()["task_id"]
    batch_id = ada.post("/batches", json={"tasks": [CIRCUIT]}).json()["batch_id"]
    assert reader.get(f"/tasks/{task_id}").json()["owner"] == "ada"
    assert reader.post("/validate", json=CIRCUIT).json()["valid"]
    assert reader.post("/estimate", json=CIRCUIT).is_success
    assert reader.post("/draw", json=CIRCUIT).is_success
    for path in ("/tasks", "/batches", f"/tasks/{task_id}/cancel", f"/batches/{batch_id}/cancel"):
        answer = reader.post(path, json=CIRCUIT)
        assert refusal(answer) == (403, "forbidden"), path


def test_members_of_a_project_see_and_cancel_the_tasks_of_each_other(
    secured: SecuredService,
) -> None:
    task_id = (
        secured.as_principal("ada").post("/tasks", json={"circuit": ENDLESS}).json()["task_id"]
    )
    bob = secured.as_principal("bob")
    assert task_id in {task["task_id"] for task in bob.get("/tasks").json()["tasks"]}
    assert bob.post(f"/tasks/{task_id}/cancel").json()["status"] == "cancelled"


def test_a_new_token_works_at_once_and_a_revoked_one_no_longer_after_five_seconds(
    secured: SecuredService, store: TokenStore
) -> None:
    text, token = store.create_token(Principal("guest", PHYSICS, Role.USER))
    guest = secured.with_headers(Authorization=f"Bearer {text}")
    assert guest.get("/tasks").status_code == 200
    store.revoke_tokens(token.prefix, PHYSICS)
    revoked_at = time.monotonic()
    until(lambda: guest.get("/tasks").status_code == 401, 10)
    assert time.monotonic() - revoked_at < 5


def test_an_expired_token_is_refused(secured: SecuredService, store: TokenStore) -> None:
    text, _ = store.create_token(Principal("guest", PHYSICS, Role.USER), lifetime_s=0.001)
    answer = secured.http.get("/tasks", headers={"X-API-Key": text})
    assert refusal(answer) == (401, "unauthenticated")


def test_a_stream_ends_when_its_token_is_revoked(
    secured: SecuredService, store: TokenStore
) -> None:
    text, token = store.create_token(Principal("guest", PHYSICS, Role.USER))
    guest = secured.with_headers(Authorization=f"Bearer {text}")
    batch = guest.post("/batches", json={"tasks": [{"circuit": ENDLESS}] * 2}).json()
    with guest.stream("GET", f"/batches/{batch['batch_id']}/events") as stream:
        lines = stream.iter_lines()
        assert next(lines)
        store.revoke_tokens(token.prefix, PHYSICS)
        until(lambda: guest.get("/tasks").status_code == 401, 10)
        secured.as_principal("ada").post(f"/batches/{batch['batch_id']}/cancel")
        assert "cancelled" not in "".join(lines)


def test_no_log_and_no_answer_shows_a_token(secured: SecuredService) -> None:
    ada = secured.as_principal("ada")
    ada.get("/tasks", params={"limit": "x"})
    ada.get(f"/tasks/{secured.tokens['ada']}")
    answers: list[Any] = [ada.get(path).text for path in ("/metrics", "/queue", "/tasks")]
    shown = "".join(answers) + "".join(p.read_text() for p in secured.folder.rglob("*.log"))
    secrets = [token[11:] for token in secured.tokens.values()]
    assert not re.search("|".join(map(re.escape, secrets)), shown)


def test_a_principal_can_ask_who_it_is(secured: SecuredService) -> None:
    expected = {"name": "ada", "project": PHYSICS, "role": "user"}
    assert secured.as_principal("ada").get("/principal").json() == expected


def test_without_authentication_the_sender_is_the_local_administrator(service: Service) -> None:
    """A token that is sent all the same changes nothing."""
    expected = {"name": "local", "project": "default", "role": "admin"}
    assert service.http.get("/principal").json() == expected
    answer = service.http.get("/principal", headers={"Authorization": "Bearer qt_"})
    assert answer.json() == expected
    named = service.submit(BELL, owner="anyone", priority=10)
    assert service.get(named)["owner"] == "anyone"
