"""`GET /audit` shows an administrator who did what, a page at a time."""

import time
from typing import Any

from tests.support.secured_service import SecuredService
from tests.support.services import ENDLESS


def test_an_administrator_reads_the_log_by_pages_principal_action_and_time(
    secured: SecuredService,
) -> None:
    ada, root = secured.as_principal("ada"), secured.as_principal("root")
    began = time.time() - 1
    ids = [ada.post("/tasks", json={"circuit": ENDLESS}).json()["task_id"] for _ in range(3)]
    for task_id in ids:
        assert ada.post(f"/tasks/{task_id}/cancel").is_success

    def page(**query: Any) -> Any:
        query = {"since": began, "principal": "ada", "action": "cancel", **query}
        return root.get("/audit", params=query).json()

    first = page(limit=2)
    second = page(limit=2, cursor=first["next_cursor"])
    listed = [*first["records"], *second["records"]]
    assert [each["object_id"] for each in listed] == ids[::-1]
    assert listed[0].items() >= {
        "principal": "ada", "principal_project": "physics", "address": "127.0.0.1",
        "action": "cancel", "object_kind": "task", "project": "physics", "outcome": "cancelled",
    }.items()  # fmt: skip
    assert second["next_cursor"] is None
    nothing: Any = {"records": [], "next_cursor": None}
    assert page(principal="nobody") == page(action="revoke") == page(since=1e11) == nothing


def test_others_than_administrators_may_not_read_it(secured: SecuredService) -> None:
    for name in ("ada", "reader"):
        refused = secured.as_principal(name).get("/audit")
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert "role admin" in refused.json()["detail"]
