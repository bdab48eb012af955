"""A browser logs in with a token: its cookie stands for the principal, on our own pages alone."""

import json
import re
from collections.abc import Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import pytest

from quantumtask.shared.audit_store import AuditStore
from quantumtask.shared.principal import Principal, Role
from quantumtask.shared.session_store import SessionStore
from quantumtask.shared.sessions import MAX_SESSIONS
from quantumtask.shared.settings import Settings
from tests.support import databases
from tests.support.response_models import check_responses
from tests.support.secured_service import PHYSICS, SecuredService
from tests.support.services import BELL, ENDLESS, TLS, Service, until
from tests.support.stores import FullStore

PAGE = {"X-Requested-With": "QuantumTask"}
TASK = {"circuit": BELL}


@pytest.fixture
def store(secured: SecuredService) -> Iterator[SessionStore]:
    store = SessionStore(secured.settings)
    yield store
    store.close()


@pytest.fixture(scope="module")
def http(secured: SecuredService) -> Iterator[httpx.Client]:
    """A client that keeps no cookie: a test sends the one that it means."""
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    with httpx.Client(base_url=secured.url, timeout=60, verify=TLS, cookies=no_cookies) as client:
        check_responses(client)
        yield client


def log_in(http: httpx.Client, token: str, **headers: str) -> httpx.Response:
    return http.post("/session", json={"token": token}, headers={**PAGE, **headers})


def cookie_of(answer: httpx.Response) -> str:
    """Return `name=value` of the cookie that an answer sets."""
    return answer.headers["set-cookie"].partition(";")[0]


def new_session(store: SessionStore, name: str = "browser", role: Role = Role.USER) -> str:
    """Return the cookie of a session of a new token."""
    principal = Principal(name, PHYSICS, role)
    _, token = store.create_token(principal)
    text, _ = store.create_session(principal, token.prefix)
    return f"quantumtask-session={text}"


def test_a_token_is_exchanged_for_a_cookie_that_scripts_cannot_read(
    http: httpx.Client,
    secured: SecuredService,
) -> None:
    answer = log_in(http, secured.tokens["ada"])
    assert answer.status_code == 200
    view = answer.json()
    assert view["principal"] == {"name": "ada", "project": PHYSICS, "role": "user"}
    assert view["expires_at"] > "2026"
    cookie = answer.headers["set-cookie"]
    assert set(cookie.split("; ")[1:]) == {"Max-Age=28800", "Path=/", "HttpOnly", "SameSite=Strict"}
    assert answer.headers["cache-control"] == "no-store"
    assert secured.tokens["ada"][11:] not in cookie
    reply = http.get("/principal", headers={"Cookie": cookie_of(answer)})
    assert reply.json() == view["principal"]
    shown = http.get("/session", headers={"Cookie": cookie_of(answer)}).json()
    assert shown == view


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Proto": "https"},
        {"Origin": "https://127.0.0.1", "Sec-Fetch-Site": "same-origin"},
    ],
    ids=["proxy", "browser"],
)
def test_over_https_the_cookie_is_of_this_host_alone(
    http: httpx.Client, secured: SecuredService, headers: dict[str, str]
) -> None:
    answer = log_in(http, secured.tokens["bob"], **headers)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-quantumtask-session=qs_")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict; Secure")
    reply = http.get("/principal", headers={"Cookie": f"other=1; {cookie_of(answer)}"})
    assert reply.json()["name"] == "bob"


def test_without_a_session_the_way_to_log_in_is_shown(
    http: httpx.Client, secured: SecuredService, service: Service
) -> None:
    expected = {"authentication": True, "openid": False, "principal": None, "expires_at": None}
    for headers in ({}, {"Cookie": "quantumtask-session=x"}, {"Authorization": "Bearer qt_"}):
        assert http.get("/session", headers=headers).json() == expected
    token = secured.as_principal("ada").get("/session").json()
    assert (token["principal"]["name"], token["expires_at"]) == ("ada", None)
    local = service.http.get("/session").json()
    assert (local["authentication"], local["principal"]["name"]) == (False, "local")
    answer = service.http.post("/session", json={"token": "any"}, headers=PAGE)
    assert (answer.json(), "set-cookie" in answer.headers) == (local, False)


WRONG_LOGINS = {
    "unknown token": (b'{"token": "qt_' + b"a" * 43 + b'"}', 401),
    "no token": (b'{"token": ""}', 400),
    "not a text": (b'{"token": 7}', 400),
    "not JSON": (b"token=qt_", 400),
    "unknown field": (b'{"token": "qt_", "role": "admin"}', 400),
    "a session's id": (b'{"token": "qs_' + b"a" * 43 + b'"}', 401),
    "not an ID token": (b'{"token": "a.b.c"}', 401),
    "too large": (b'{"token": "' + b"a" * 20_000 + b'"}', 400),
}


def test_a_wrong_login_sets_no_cookie(http: httpx.Client) -> None:
    for name, (body, status) in WRONG_LOGINS.items():
        answer = http.post("/session", content=body, headers=PAGE)
        assert (answer.status_code, "set-cookie" in answer.headers) == (status, False), name


HOSTILE = {
    "a form of another page": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "an old browser": {"Origin": "https://evil.example"},
    "a page of a neighbour": {"Sec-Fetch-Site": "same-site", **PAGE},
    "a frame": {"Origin": "null", **PAGE},
    "no header": {"Sec-Fetch-Site": "same-origin"},
    "an empty header": {"X-Requested-With": ""},
    "a link": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
               "Sec-Fetch-Dest": "document"},
}  # fmt: skip


def test_a_request_that_another_page_may_have_caused_changes_nothing(
    http: httpx.Client, secured: SecuredService, store: SessionStore
) -> None:
    """`SameSite` alone would not stop the pages of a neighbour, such as another port."""
    cookie = new_session(store, role=Role.ADMIN)
    ada = secured.as_principal("ada")
    task_id = ada.post("/tasks", json={"circuit": ENDLESS}).json()["task_id"]
    requests = [
        ("POST", "/tasks"), ("POST", "/batches"), ("POST", f"/tasks/{task_id}/cancel"),
        ("POST", "/validate"), ("POST", "/session"), ("DELETE", "/session"),
    ]  # fmt: skip
    for name, headers in HOSTILE.items():
        for method, path in requests:
            if path == "/validate" and name in ("no header", "an empty header"):
                continue
            answer = http.request(
                method, path, headers={**headers, "Cookie": cookie}, content=json.dumps(TASK)
            )
            assert answer.status_code == 403, f"{name}: {method} {path}"
    assert http.get("/session", headers={"Cookie": cookie}).json()["principal"]
    assert ada.get(f"/tasks/{task_id}").json()["status"] == "pending"
    own = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", **PAGE}
    assert http.post(f"/tasks/{task_id}/cancel", headers=own).status_code == 200


def test_a_session_may_do_what_its_token_may_and_no_more(
    http: httpx.Client, secured: SecuredService, store: SessionStore
) -> None:
    def ask(cookie: str, method: str, path: str) -> int:
        headers = {"Cookie": cookie, **PAGE}
        return http.request(method, path, headers=headers, json=TASK).status_code

    reader, user = new_session(store, "r", Role.READ), new_session(store, "u")
    assert ask(reader, "POST", "/tasks") == 403
    assert ask(reader, "GET", "/tasks") == 200
    assert ask(user, "POST", "/tasks") == 200
    eve = secured.as_principal("eve").post("/tasks", json=TASK).json()["task_id"]
    assert ask(user, "GET", f"/tasks/{eve}") == 404


def test_a_session_in_the_header_of_a_token_is_no_token(
    http: httpx.Client, store: SessionStore
) -> None:
    text = new_session(store).partition("=")[2]
    for headers in ({"Authorization": f"Bearer {text}"}, {"X-API-Key": text}):
        assert http.get("/tasks", headers=headers).status_code == 401


def test_a_wrong_token_beside_a_good_cookie_is_refused(
    http: httpx.Client, store: SessionStore
) -> None:
    headers = {"Cookie": new_session(store), "Authorization": "Bearer qt_wrong"}
    assert http.get("/tasks", headers=headers).status_code == 401


def test_a_forged_cookie_is_refused(
    http: httpx.Client, secured: SecuredService, store: SessionStore
) -> None:
    good = new_session(store)
    assert http.get("/tasks", headers={"Cookie": good}).status_code == 200
    for wrong in (good[:-1] + ("a" if good[-1] != "a" else "b"), good[:-1], good + "a", good[:40],
                  f"quantumtask-session={secured.tokens['ada']}", "quantumtask-session=",
                  "quantumtask-session=\xe9", good.upper()):  # fmt: skip
        answer = http.get("/tasks", headers={b"Cookie": wrong.encode("latin-1")})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), wrong


def test_logging_out_ends_the_session_at_once(http: httpx.Client, secured: SecuredService) -> None:
    cookie = cookie_of(log_in(http, secured.tokens["reader"]))
    answer = http.delete("/session", headers={"Cookie": cookie, **PAGE})
    assert answer.json()["principal"] is None
    removed = answer.headers.get_list("set-cookie")
    assert [each.partition("=")[0] for each in removed] == [
        "__Host-quantumtask-session",
        "quantumtask-session",
    ]
    assert all("Max-Age=0" in each for each in removed)
    assert http.get("/tasks", headers={"Cookie": cookie}).status_code == 401
    again = http.delete("/session", headers={"Cookie": cookie, **PAGE})
    assert again.status_code == 200


def test_a_session_ends_with_its_token_and_so_do_its_streams(
    http: httpx.Client, store: SessionStore
) -> None:
    principal = Principal("guest", PHYSICS, Role.USER)
    text, token = store.create_token(principal)
    headers = {"Cookie": cookie_of(log_in(http, text)), **PAGE}
    batch = http.post("/batches", json={"tasks": [TASK]}, headers=headers).json()
    path = f"/batches/{batch['batch_id']}"
    with http.stream("GET", f"{path}/events", headers=headers) as stream:
        lines = stream.iter_lines()
        assert next(lines)
        store.revoke_tokens(token.prefix, PHYSICS)
        until(lambda: http.get("/tasks", headers=headers).status_code == 401, 5)
    shown = http.get("/session", headers=headers).json()
    assert shown["principal"] is None


def test_the_operator_ends_the_sessions_of_a_name(http: httpx.Client, store: SessionStore) -> None:
    cookie = new_session(store, "leaver")
    assert http.get("/tasks", headers={"Cookie": cookie}).status_code == 200
    assert [each.name for each in store.end_sessions("leaver", PHYSICS)] == ["leaver"]
    until(lambda: http.get("/tasks", headers={"Cookie": cookie}).status_code == 401, 5)


def test_many_wrong_tokens_of_an_address_are_slowed_down_and_a_good_one_is_not(
    http: httpx.Client, secured: SecuredService
) -> None:
    other_address = httpx.HTTPTransport(local_address="127.0.0.2")
    with httpx.Client(base_url=secured.url, transport=other_address) as attacker:
        statuses = [log_in(attacker, "wrong").status_code for _ in range(30)]
        assert (statuses[0], statuses[-1], set(statuses)) == (401, 429, {401, 429})
        refused = log_in(attacker, "wrong")
        assert refused.json()["code"] == "rate_exceeded"
        assert int(refused.headers["retry-after"]) >= 1
        assert log_in(attacker, secured.tokens["eve"]).status_code == 200
    assert log_in(http, "wrong").status_code == 401


def test_logins_and_logouts_are_in_the_audit_log(
    http: httpx.Client, secured: SecuredService
) -> None:
    cookie = cookie_of(log_in(http, secured.tokens["root"]))
    http.delete("/session", headers={"Cookie": cookie, **PAGE})
    store = AuditStore(secured.settings)
    records = store.audit_records(60, principal="root", project="default")
    store.close()
    prefix = secured.tokens["root"][:11]
    kinds = [(r.action, r.object_kind, r.outcome, r.address) for r in reversed(records)]
    assert kinds[-2:] == [
        ("login", "session", f"admin root by {prefix}", "127.0.0.1"),
        ("logout", "session", "admin root", "127.0.0.1"),
    ]


def test_neither_the_log_nor_the_database_has_the_id_of_a_session(
    http: httpx.Client, secured: SecuredService
) -> None:
    text = cookie_of(log_in(http, secured.tokens["ada"])).partition("=")[2]
    stored = repr(databases.ask(secured.settings, "SELECT * FROM sessions"))
    logged = "".join(path.read_text() for path in secured.folder.rglob("*.log"))
    assert text[:11] in stored
    assert not re.search(re.escape(text[11:]), stored + logged)


def test_a_principal_has_a_bounded_number_of_sessions(configured: Settings) -> None:
    store = FullStore(configured)
    ada, bob = (Principal(name, PHYSICS, Role.USER) for name in ("ada", "bob"))
    store.create_session(bob, None)
    created = []
    for _ in range(MAX_SESSIONS + 3):
        created.append(store.create_session(ada, None)[1])
        remaining = [each for each in store.sessions() if each.name == "ada"]
        assert created[-1] in remaining, "the session that was just created is there"
    assert len(remaining) == MAX_SESSIONS
    removed = [each for each in created if each not in remaining]
    assert max(each.created_at for each in removed) <= min(each.created_at for each in remaining)
    assert [each.name for each in store.end_sessions("bob")] == ["bob"]
    store.create_session(bob, None, lifetime_s=0.0)
    assert {each.name for each in store.sessions()} == {"ada"}, "an expired session is not listed"
    store.close()
