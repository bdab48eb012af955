"""Two projects on one service: each route of the OpenAPI document is called by the other one, too.

The cases are made from /openapi.json: a new route is part of the matrix without a change here.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.support.secured_service import SecuredService
from tests.support.services import BELL

Json = dict[str, Any]

UNKNOWN = "00000000-0000-7000-8000-000000000000"
OPEN = {"/health", "/ready", "/login", "/session"}
SHARED = {"/engines", "/backends", "/backends/{name}", "/validate", "/estimate", "/draw"}
"""Routes that know nothing of tasks."""
OTHERS = {"name": "simulator", "prefix": "qt_mVZ1rWq2"}
"""Values of the parameters that are no id of a task or a batch."""
ADMINISTRATORS = {"/audit", "/tokens", "/tokens/{prefix}"}
LOGIN = "/session"
"""The route for logins, which has rules of its own: `tests/api/test_sessions.py`."""


@dataclass(frozen=True)
class Tenant:
    """A principal with a client, and the ids of a task and a batch of the project."""

    http: httpx.Client
    ids: Json = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    """Everything by which an answer could be recognised as one about this tenant."""


@pytest.fixture(scope="module")
def tenants(secured: SecuredService) -> tuple[Tenant, Tenant]:
    return make_tenant(secured, "bob"), make_tenant(secured, "eve")


def make_tenant(service: SecuredService, name: str) -> Tenant:
    http = service.as_principal(name)
    labels = {"name": f"name-of-{name}", "tags": [f"tag-of-{name}"]}
    task = {"circuit": BELL, **labels}
    task_id = http.post("/tasks", params={"wait": 30}, json=task).json()["task_id"]
    batch = http.post("/batches", json={"tasks": [task], **labels}).json()
    http.get(f"/batches/{batch['batch_id']}", params={"wait": 30})
    ids = {"task_id": task_id, "batch_id": batch["batch_id"]}
    names = {*ids.values(), *batch["task_ids"], f"name-of-{name}", f"tag-of-{name}", f'"{name}"'}
    return Tenant(http, ids, names)


def operations(document: Json) -> Iterator[tuple[str, str]]:
    for path, methods in document["paths"].items():
        for method in methods:
            yield method.upper(), path


@pytest.fixture(scope="module")
def routes(secured: SecuredService) -> list[tuple[str, str]]:
    return list(operations(secured.http.get("/openapi.json").json()))


def of_an_id(routes: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(method, path) for method, path in routes if "_id}" in path]


def that_keep(routes: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the routes with an id that do not delete what other tests read."""
    return [(method, path) for method, path in of_an_id(routes) if method != "DELETE"]


def fill(path: str, ids: Json) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: ids[name[1]], path)


def answer(http: httpx.Client, method: str, path: str) -> tuple[int, str, str]:
    """Return status, media type and body; of a stream as far as it goes."""
    answer = http.request(method, path, json={"tags": []} if method == "PUT" else None)
    return answer.status_code, answer.headers.get("content-type", ""), answer.text


def test_the_document_has_routes_of_tasks_and_of_batches(routes: list[tuple[str, str]]) -> None:
    assert len(of_an_id(routes)) >= 9
    kinds = {name for _, path in routes for name in re.findall(r"\{(\w+)\}", path)}
    assert kinds == {"task_id", "batch_id", "name", "prefix"}, (
        "the matrix knows an id for each parameter"
    )


def test_an_id_of_another_project_is_answered_as_an_unknown_one(
    tenants: tuple[Tenant, Tenant], routes: list[tuple[str, str]]
) -> None:
    unknown = {"task_id": UNKNOWN, "batch_id": UNKNOWN}
    for caller, owner in (tenants, tenants[::-1]):
        for method, path in of_an_id(routes):
            for query in ("", "?wait=5", "?view=status"):
                foreign = answer(caller.http, method, fill(path, owner.ids) + query)
                absent = answer(caller.http, method, fill(path, unknown) + query)
                assert foreign == absent, f"{method} {path}{query}"
                refused = bool(query) and "no such query parameter" in foreign[2]
                assert foreign[0] == (400 if refused else 404), f"{method} {path}{query}: {foreign}"


def test_the_same_routes_answer_to_their_own_project(
    tenants: tuple[Tenant, Tenant], routes: list[tuple[str, str]]
) -> None:
    for tenant in tenants:
        for method, path in that_keep(routes):
            status, _, body = answer(tenant.http, method, fill(path, tenant.ids))
            expected = {200} if method == "GET" else {200, 409}  # it has ended already
            assert status in expected, f"{method} {path}: {status} {body}"


def test_no_list_and_no_statistic_shows_another_project(
    tenants: tuple[Tenant, Tenant], routes: list[tuple[str, str]]
) -> None:
    lists = [path for method, path in routes if method == "GET" and "{" not in path]
    assert {"/tasks", "/batches", "/queue"} <= set(lists)
    for caller, other in (tenants, tenants[::-1]):
        for path in [*lists, "/metrics"]:
            for query in ("", *(f"?{q}={name}" for q in ("name", "tag") for name in other.names)):
                shown = caller.http.get(path + query).text
                assert not [name for name in other.names if name in shown], f"{path}{query}"
    own = tenants[0].http.get("/tasks").text
    assert tenants[0].ids["task_id"] in own


def test_lists_of_two_projects_are_disjoint_and_an_administrator_sees_both(
    secured: SecuredService, tenants: tuple[Tenant, Tenant]
) -> None:
    def listed(http: httpx.Client, kind: str) -> set[str]:
        page = http.get(f"/{kind}", params={"limit": 100}).json()[kind]
        return {item.get("task_id") or item["batch_id"] for item in page}

    for kind in ("tasks", "batches"):
        one, other = (listed(tenant.http, kind) for tenant in tenants)
        assert one
        assert other
        assert not one & other
        assert one | other <= listed(secured.as_principal("root"), kind)


def test_an_administrator_reaches_every_route_of_both(
    secured: SecuredService, tenants: tuple[Tenant, Tenant], routes: list[tuple[str, str]]
) -> None:
    root = secured.as_principal("root")
    for tenant in tenants:
        for method, path in that_keep(routes):
            assert answer(root, method, fill(path, tenant.ids))[0] in {200, 409}, path


def test_every_route_needs_a_token_but_those_that_say_so(
    secured: SecuredService, tenants: tuple[Tenant, Tenant], routes: list[tuple[str, str]]
) -> None:
    document = secured.http.get("/openapi.json").json()
    for method, path in routes:
        filled = fill(path, {**tenants[0].ids, **OTHERS})
        status = secured.http.request(method, filled).status_code
        is_open = "security" not in document["paths"][path][method.lower()]
        assert is_open == (path in OPEN), path
        expected = 403 if path == LOGIN and method != "GET" else 200
        assert status == (expected if is_open else 401), f"{method} {path}"


def test_the_role_read_writes_by_no_route(
    secured: SecuredService, tenants: tuple[Tenant, Tenant], routes: list[tuple[str, str]]
) -> None:
    reader = secured.as_principal("reader")
    for method, path in routes:
        filled = fill(path, {**tenants[0].ids, **OTHERS})
        answered = reader.request(method, filled, content=json.dumps({"circuit": BELL}))
        writes = method != "GET" and path not in SHARED  # a login without its header, too
        refused = writes or path in ADMINISTRATORS
        assert (answered.status_code == 403) is refused, f"{method} {path}: {answered.text}"


def test_the_other_routes_answer_both_and_name_neither(
    tenants: tuple[Tenant, Tenant], routes: list[tuple[str, str]]
) -> None:
    body = json.dumps({"circuit": BELL})
    for method, path in routes:
        if path in SHARED:
            filled = fill(path, {**OTHERS})
            shown = [tenant.http.request(method, filled, content=body) for tenant in tenants]
            assert [each.status_code for each in shown] == [200, 200], path
            names = tenants[0].names | tenants[1].names
            assert not [name for name in names for each in shown if name in each.text], path


def test_a_foreign_batch_is_not_followed_by_its_stream_either(
    tenants: tuple[Tenant, Tenant],
) -> None:
    one, other = tenants
    for path in (
        "/batches/{batch_id}/events",
        "/batches/{batch_id}/results",
        "/tasks/{task_id}/events",
    ):
        with other.http.stream("GET", fill(path, one.ids)) as stream:
            assert stream.status_code == 404, path
