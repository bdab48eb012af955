"""Administrators list, create and revoke tokens over HTTP; the others may not."""

from typing import Any

import httpx
import pytest

from quantumtask.shared.audit_store import AuditStore
from quantumtask.shared.principal import Principal, Role
from quantumtask.shared.session_store import SessionStore
from tests.support.secured_service import PHYSICS, SecuredService
from tests.support.services import Service

PAGE = {"X-Requested-With": "QuantumTask"}


@pytest.fixture
def root(secured: SecuredService) -> httpx.Client:
    return secured.as_principal("root")


def create(root: httpx.Client, **fields: object) -> httpx.Response:
    return root.post("/tokens", json={"name": "new", "project": PHYSICS, **fields})


def test_a_new_token_is_shown_once_and_works_until_it_is_revoked(
    secured: SecuredService, root: httpx.Client
) -> None:
    answer = create(root, role="read", lifetime_days=30)
    token = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert token["token"].startswith(token["prefix"])
    user = secured.with_headers(Authorization=f"Bearer {token['token']}")
    assert user.get("/principal").json() == {"name": "new", "project": PHYSICS, "role": "read"}
    listed = root.get("/tokens")
    assert token["token"] not in listed.text
    [shown] = [t for t in listed.json()["tokens"] if t["prefix"] == token["prefix"]]
    assert (shown["valid"], shown["expires_at"] > shown["created_at"]) == (True, True)
    revoked = root.delete(f"/tokens/{token['prefix']}")
    assert (revoked.json()["valid"], revoked.json()["revoked_at"] is None) == (False, False)
    assert user.get("/principal").status_code == 401
    assert root.delete(f"/tokens/{token['prefix']}").status_code == 404


WRONG: dict[str, dict[str, Any]] = {
    "no name": {"name": ""},
    "a control character": {"name": "a\nb"},
    "a project of all": {"project": "*"},
    "an unknown role": {"role": "god"},
    "no lifetime": {"lifetime_days": 0},
    "a lifetime of ever": {"lifetime_days": 1e9},
    "an unknown field": {"hash": "x"},
    "a name of spaces": {"name": "  "},
}


def test_a_wrong_field_is_refused(root: httpx.Client) -> None:
    before = root.get("/tokens").json()
    for name, fields in WRONG.items():
        assert create(root, **fields).status_code == 400, name
    assert root.get("/tokens").json() == before


def test_tokens_are_for_administrators(secured: SecuredService) -> None:
    prefix = secured.tokens["root"][:11]
    for name in ("ada", "eve", "reader"):
        client = secured.as_principal(name)
        for method, path in (
            ("GET", "/tokens"),
            ("POST", "/tokens"),
            ("DELETE", f"/tokens/{prefix}"),
        ):
            answer = client.request(method, path, json={"name": "new"})
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path


def test_a_session_creates_tokens_only_for_an_administrator_on_our_page(
    secured: SecuredService,
) -> None:
    store = SessionStore(secured.settings)

    def ask(role: Role, headers: dict[str, str]) -> int:
        principal = Principal("browser", PHYSICS, role)
        _, token = store.create_token(principal)
        text, _ = store.create_session(principal, token.prefix)
        headers = {"Cookie": f"quantumtask-session={text}", **headers}
        return secured.http.post("/tokens", json={"name": "new"}, headers=headers).status_code

    assert ask(Role.USER, PAGE) == 403
    assert ask(Role.ADMIN, {}) == 403
    assert ask(Role.ADMIN, PAGE) == 200
    store.close()


def test_the_text_of_a_name_revokes_nothing(root: httpx.Client) -> None:
    assert root.delete("/tokens/ada").status_code == 404
    assert root.delete("/tokens/qt_aaaaaaaa").status_code == 404


def test_the_first_token_is_created_in_the_terminal(service: Service) -> None:
    """Over HTTP, a page without a login could lock out the owner of the machine."""
    answer = service.http.post("/tokens", json={"name": "new"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "quantumtask token create" in answer.json()["detail"]
    assert service.http.get("/tokens").json() == {"tokens": []}


def test_creation_and_revocation_are_in_the_audit_log(
    secured: SecuredService, root: httpx.Client
) -> None:
    prefix = create(root).json()["prefix"]
    root.delete(f"/tokens/{prefix}")
    store = AuditStore(secured.settings)
    records = [r for r in store.audit_records(60) if r.object_id == prefix]
    store.close()
    assert [(r.action, r.principal, r.address) for r in records] == [
        ("revoke", "root", "127.0.0.1"),
        ("create", "root", "127.0.0.1"),
    ]
