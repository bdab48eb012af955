"""Two projects at every door: each route of a job is called by the other project, too."""

from dataclasses import dataclass

import httpx
import pytest

from quantumtask.api.http.door import Door, DoorRoute
from tests.doors.protocols import DOORS, PROTOCOLS, ROUTES, Ids, of_a_job, path_of
from tests.support.secured_service import SecuredService


@dataclass(frozen=True)
class Tenant:
    """A principal with a client for each door, and the ids of its jobs there."""

    name: str
    clients: dict[str, httpx.Client]
    jobs: dict[str, list[Ids]]


@pytest.fixture(scope="module")
def tenants(secured: SecuredService) -> tuple[Tenant, Tenant]:
    return make_tenant(secured, "bob"), make_tenant(secured, "eve")


def make_tenant(service: SecuredService, name: str) -> Tenant:
    clients, jobs = {}, {}
    for door in DOORS:
        protocol, token = PROTOCOLS[door.name], service.tokens[name]
        clients[door.name] = service.with_headers(**protocol.headers(token))
        both = service.with_headers(**{**protocol.headers(token), "X-API-Key": token})
        jobs[door.name] = protocol.submit(both, name)
    return Tenant(name, clients, jobs)


def answer(
    tenant: Tenant, door: Door, route: DoorRoute, ids: Ids | None = None
) -> tuple[int, str, str]:
    bodies = PROTOCOLS[door.name].bodies.items()
    body = next((make(tenant.name) for end, make in bodies if route.path.endswith(end)), None)
    path = path_of(door, route, ids)
    answer = tenant.clients[door.name].request(route.method, path, json=body)
    return answer.status_code, answer.headers.get("content-type", ""), answer.text


def test_a_job_of_another_project_is_answered_as_an_unknown_one(
    tenants: tuple[Tenant, Tenant],
) -> None:
    for caller, owner in (tenants, tenants[::-1]):
        for door, route in ROUTES:
            for ids in owner.jobs[door.name] if of_a_job(door, route) else ():
                foreign = answer(caller, door, route, ids)
                assert foreign == answer(caller, door, route), f"{route.method} {route.path}"
                assert foreign[0] == 404, f"{route.method} {route.path}: {foreign}"


def test_the_same_routes_answer_to_their_own_project(tenants: tuple[Tenant, Tenant]) -> None:
    for tenant in tenants:
        for door, route in ROUTES:
            if of_a_job(door, route) and route.method != "DELETE":
                may_lack = PROTOCOLS[door.name].may_lack(route.path)
                for ids in tenant.jobs[door.name]:
                    status = answer(tenant, door, route, ids)[0]
                    ended = route.path.endswith(PROTOCOLS[door.name].refused_at_the_end or "?")
                    expected = {200, 204, *([404] if may_lack else []), *([409] if ended else [])}
                    assert status in expected, f"{route.path}: {status}"


def test_no_list_shows_another_project(tenants: tuple[Tenant, Tenant]) -> None:
    for caller, other in (tenants, tenants[::-1]):
        for door, route in ROUTES:
            if route.method == "GET" and "{" not in route.path:
                shown = answer(caller, door, route)[2]
                names = [f"name-of-{other.name}"]
                names += [each for ids in other.jobs[door.name] for each in ids.values()]
                assert not [name for name in names if name in shown], route.path
    for door, route in ROUTES:
        if route.method == "GET" and route.path in PROTOCOLS[door.name].lists:
            assert "name-of-bob" in answer(tenants[0], door, route)[2], door.name


def test_an_administrator_reads_the_jobs_of_both(
    secured: SecuredService, tenants: tuple[Tenant, Tenant]
) -> None:
    root = {
        door.name: secured.with_headers(**PROTOCOLS[door.name].headers(secured.tokens["root"]))
        for door in DOORS
    }
    for tenant in tenants:
        for door, route in ROUTES:
            if of_a_job(door, route) and route.reads:
                for ids in tenant.jobs[door.name]:
                    status = root[door.name].request("GET", path_of(door, route, ids)).status_code
                    may_lack = PROTOCOLS[door.name].may_lack(route.path)
                    assert status == 200 or (may_lack and status == 404), route.path
