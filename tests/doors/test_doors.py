"""Rules that every route of every door keeps; the cases are made from the routes of the doors."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from quantumtask.doors.registry import OPENERS
from quantumtask.shared.access import enabled_doors
from quantumtask.shared.door_names import DOOR_NAMES
from quantumtask.shared.settings import Settings, SettingsError, load_settings
from tests.doors.protocols import DOORS, PROTOCOLS, ROUTES, path_of
from tests.support.secured_service import SecuredService
from tests.support.services import Service

PROBLEM = "application/problem+json"


def send(
    http: httpx.Client,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> httpx.Response:
    return http.request(method, path, headers=dict(headers or {}), **more)


def test_every_door_has_a_name_in_the_setting_and_credentials_in_these_tests() -> None:
    assert tuple(OPENERS) == DOOR_NAMES == tuple(PROTOCOLS) == tuple(door.name for door in DOORS)


def test_doors_are_open_on_loopback_and_closed_elsewhere_unless_a_setting_says_so() -> None:
    assert enabled_doors(Settings()) == DOOR_NAMES
    assert enabled_doors(Settings(host="0.0.0.0")) == ()
    assert enabled_doors(Settings(host="0.0.0.0", published="127.0.0.1:8000")) == DOOR_NAMES
    assert enabled_doors(Settings(host="0.0.0.0", doors="all")) == DOOR_NAMES
    assert enabled_doors(Settings(host="0.0.0.0", doors=DOOR_NAMES[0])) == DOOR_NAMES[:1]
    assert enabled_doors(Settings(doors="none")) == ()


def test_the_name_of_no_door_stops_the_service_with_the_names_of_all() -> None:
    with pytest.raises(SettingsError) as error:
        load_settings({"QUANTUMTASK_DOORS": "ionq,azure"})
    assert str(error.value) == (
        f"QUANTUMTASK_DOORS: must be auto, all, none, or a list of these: {', '.join(DOOR_NAMES)}; "
        "got 'azure'"
    )


def test_a_closed_door_is_an_unknown_path(start: Any) -> None:
    closed: Service = start(doors="none", slots=1)
    for door in DOORS:
        answer = closed.http.get(path_of(door, door.routes[0]))
        assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM), door.name


def test_every_route_needs_credentials_but_those_that_say_so(secured: SecuredService) -> None:
    anonymous = secured.with_headers()
    for door, route in ROUTES:
        path = path_of(door, route)
        for headers in ({}, PROTOCOLS[door.name].headers("qt_unknown"), {"Authorization": "x"}):
            status = send(anonymous, route.method, path, headers).status_code
            assert (status == 401) is not route.is_open, f"{route.method} {path}: {status}"


def test_a_request_without_credentials_is_answered_with_the_header_of_the_door(
    secured: SecuredService,
) -> None:
    anonymous = secured.with_headers()
    for door in DOORS:
        route = next(route for route in door.routes if not route.is_open)
        [(name, value)] = PROTOCOLS[door.name].headers("qt_...").items()
        message = send(anonymous, route.method, path_of(door, route)).json()["message"]
        assert f"a token is required: send `{name}: {value}`." in message


def test_a_token_is_known_at_every_door(secured: SecuredService) -> None:
    anonymous = secured.with_headers()
    for door, route in ROUTES:
        headers = PROTOCOLS[door.name].headers(secured.tokens["ada"])
        path = path_of(door, route)
        status = send(anonymous, route.method, path, headers).status_code
        assert status not in (401, 403), f"{route.method} {path}: {status}"


def test_the_role_read_writes_at_no_door(secured: SecuredService) -> None:
    anonymous = secured.with_headers()
    for door, route in ROUTES:
        headers = PROTOCOLS[door.name].headers(secured.tokens["reader"])
        path = path_of(door, route)
        status = send(anonymous, route.method, path, headers).status_code
        assert (status == 403) is not (route.reads or route.is_open), f"{route.method} {path}"


def test_with_authentication_off_any_credentials_do(service: Service) -> None:
    for door, route in ROUTES:
        path = path_of(door, route)
        for headers in ({}, PROTOCOLS[door.name].headers("anything")):
            status = send(service.http, route.method, path, headers).status_code
            assert status not in (401, 403), f"{route.method} {path}: {status}"


def test_an_unknown_path_and_a_wrong_method_are_answered_in_the_form_of_the_door(
    service: Service,
) -> None:
    for door in DOORS:
        absent = service.http.get(f"{door.root}/no/such/path")
        assert absent.status_code == 404
        assert absent.headers["content-type"] != PROBLEM
        wrong = service.http.patch(path_of(door, door.routes[0]))
        assert wrong.status_code == 405
        assert wrong.headers["allow"] == door.routes[0].method


def test_a_session_of_a_browser_opens_no_door(secured: SecuredService) -> None:
    browser = secured.with_headers()
    login = browser.post(
        "/session", json={"token": secured.tokens["ada"]}, headers={"X-Requested-With": "page"}
    )
    assert login.status_code == 200
    for door, route in ROUTES:
        if not route.is_open:
            answer = send(browser, route.method, path_of(door, route))
            assert answer.status_code == 401, f"{route.method} {route.path}"


def test_requests_at_a_door_are_counted_by_their_route(service: Service) -> None:
    door, route = ROUTES[0]
    service.http.request(route.method, path_of(door, route))
    assert f'route="{door.root}{route.path}"' in service.http.get("/metrics").text
