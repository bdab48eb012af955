"""ID tokens of a provider of OpenID Connect are tokens of principals."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest

from quantumtask.api.service import openid
from quantumtask.shared.access import check_access
from quantumtask.shared.errors import Unauthenticated, Unavailable
from quantumtask.shared.settings import SettingsError, load_settings
from tests.support.openid_issuer import CLIENT_ID, Issuer, running_issuer
from tests.support.secured_service import SecuredService
from tests.support.services import BELL

GROUPS = "hpc-admins=default:admin,physics-staff=physics:user,students=physics:read"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def service(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredService]:
    """A service on loopback with no other setting of authentication than the provider's."""
    running = SecuredService(
        tmp_path_factory.mktemp("openid"),
        slots=1,
        oidc_issuer=issuer.url,
        oidc_client_id=CLIENT_ID,
        oidc_groups=GROUPS,
    )
    running.start()
    yield running
    running.stop()


def ask(service: SecuredService, token: str, path: str = "/principal") -> httpx.Response:
    return service.http.get(path, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize(
    ("groups", "project", "role"),
    [
        (["physics-staff"], "physics", "user"),
        (["students", "others"], "physics", "read"),
        (["students", "physics-staff"], "physics", "user"),
        (["physics-staff", "hpc-admins"], "default", "admin"),
    ],
)
def test_a_group_gives_project_and_role(
    service: SecuredService, issuer: Issuer, groups: list[str], project: str, role: str
) -> None:
    """The first group of the setting counts, in any order of the groups in the token."""
    answer = ask(service, issuer.sign("ada", *groups))
    assert answer.json() == {"name": "ada", "project": project, "role": role}


def test_tasks_belong_to_the_person_who_sent_them(service: SecuredService, issuer: Issuer) -> None:
    headers = {"Authorization": f"Bearer {issuer.sign('grace', 'physics-staff')}"}
    body = {"circuit": BELL}
    task = service.http.post("/tasks", params={"wait": 30}, json=body, headers=headers).json()
    assert (task["owner"], task["project"], task["status"]) == ("grace", "physics", "completed")
    assert service.as_principal("eve").get(f"/tasks/{task['task_id']}").status_code == 404
    assert service.as_principal("bob").get(f"/tasks/{task['task_id']}").status_code == 200


def test_a_person_of_no_known_group_is_refused(service: SecuredService, issuer: Issuer) -> None:
    for groups in ([], ["others"]):
        answer = ask(service, issuer.sign("ada", *groups))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    absent = ask(service, issuer.sign("ada", groups=None))
    assert absent.status_code == 403


WRONG: dict[str, dict[str, Any]] = {
    "expired": {"exp": int(time.time()) - 3600},
    "for another client": {"aud": "another"},
    "of another issuer": {"iss": "http://127.0.0.1:1"},
    "not valid yet": {"nbf": int(time.time()) + 3600},
    "without an end": {"exp": None},
    "without a subject": {"sub": None},
    "without an audience": {"aud": None},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_claim_is_refused(service: SecuredService, issuer: Issuer, name: str) -> None:
    answer = ask(service, issuer.sign("ada", "physics-staff", **WRONG[name]))
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), answer.text


def test_a_token_without_a_good_signature_is_refused(
    service: SecuredService, issuer: Issuer
) -> None:
    good = issuer.sign("ada", "physics-staff")
    claims = jwt.decode(good, options={"verify_signature": False})
    head, _, signature = good.split(".")
    others = issuer.sign("eve", "physics-staff").split(".")
    forged = [
        ".".join((head, others[1], signature)),
        jwt.encode(claims, "", algorithm="none", headers={"kid": issuer.key_id}),
        jwt.encode(claims, "x" * 40, algorithm="HS256", headers={"kid": issuer.key_id}),
        f"{head}.{others[1]}.",
        "a.b.c",
        "..",
    ]
    for token in forged:
        assert ask(service, token).status_code == 401, token
    assert ask(service, good).status_code == 200


def test_the_keys_are_fetched_once_for_many_tokens(service: SecuredService, issuer: Issuer) -> None:
    assert ask(service, issuer.sign("ada", "students")).status_code == 200
    before = len(issuer.fetches)
    for number in range(20):
        assert ask(service, issuer.sign(f"ada{number}", "students")).status_code == 200
        assert ask(service, "a.b.c").status_code == 401
    assert len(issuer.fetches) == before


def test_a_new_key_of_the_provider_is_found(monkeypatch: Any) -> None:
    monkeypatch.setattr(openid, "_MIN_PAUSE_S", 0.0)
    with running_issuer() as issuer:
        keys = openid._Keys(issuer.url)
        first = issuer.key_id
        assert keys.find(first).key_id == first
        issuer.rotate()
        assert keys.find(issuer.key_id).key_id == issuer.key_id
        with pytest.raises(Unauthenticated):
            keys.find(first)


def test_requests_that_come_together_wait_for_the_same_keys(issuer: Issuer) -> None:
    keys, before = openid._Keys(issuer.url), len(issuer.fetches)
    with ThreadPoolExecutor(8) as threads:
        ids = [key.key_id for key in threads.map(keys.find, [issuer.key_id] * 8)]
    assert ids == [issuer.key_id] * 8
    assert len(issuer.fetches) == before + 2  # the description of the provider, and its keys


def test_a_provider_that_does_not_answer_is_a_temporary_error() -> None:
    keys = openid._Keys("http://127.0.0.1:1")
    for _ in range(2):
        with pytest.raises(Unavailable, match="does not return its keys"):
            keys.find("key1")


def test_tokens_of_the_operator_work_beside_the_provider(service: SecuredService) -> None:
    assert service.as_principal("ada").get("/principal").json()["name"] == "ada"
    assert service.http.get("/tasks").status_code == 401


@pytest.fixture
def browser(service: SecuredService) -> Iterator[httpx.Client]:
    """A client with cookies that follows redirects, as a browser does."""
    with httpx.Client(base_url=service.url, follow_redirects=True, timeout=30) as client:
        yield client


def begin(browser: httpx.Client) -> dict[str, str]:
    """Begin a login; return the query with which the browser would go to the provider."""
    answer = browser.get("/login/openid", follow_redirects=False)
    assert answer.status_code == 303
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def finish(browser: httpx.Client, **query: str) -> str:
    """Come back from the provider; return the page's address."""
    answer = browser.get("/login/openid/callback", params=query, follow_redirects=False)
    assert (answer.status_code, answer.headers["cache-control"]) == (303, "no-store")
    return answer.headers["location"]


def test_a_person_logs_in_at_the_provider(
    browser: httpx.Client, service: SecuredService, issuer: Issuer
) -> None:
    assert browser.get("/session").json()["openid"] is True
    answer = browser.get("/login/openid")
    assert [str(step.url.path) for step in answer.history[:3]] == [
        "/login/openid",
        "/authorize",
        "/login/openid/callback",
    ]
    view = browser.get("/session").json()
    assert view["principal"] == {"name": "ada", "project": "physics", "role": "user"}
    page = {"X-Requested-With": "QuantumTask"}
    task = browser.post("/tasks", json={"circuit": BELL}, headers=page).json()
    assert service.as_principal("bob").get(f"/tasks/{task['task_id']}").json()["owner"] == "ada"
    set_cookie = answer.history[2].headers.get_list("set-cookie")
    assert "HttpOnly; SameSite=Strict" in set_cookie[0]
    assert [each for each in set_cookie if each.startswith("quantumtask-login=; Max-Age=0")]
    browser.delete("/session", headers=page)
    assert browser.get("/session").json()["principal"] is None
    form = dict(issuer.forms[-1][1])
    assert len(form["code_verifier"]) == 43
    assert form["redirect_uri"] == f"{service.url}/login/openid/callback"


def test_the_question_to_the_provider_has_all_that_protects_it(browser: httpx.Client) -> None:
    first, second = begin(browser), begin(browser)
    assert (first["response_type"], first["code_challenge_method"]) == ("code", "S256")
    assert first["scope"] == "openid profile"
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) == 43
        assert first[name] != second[name]
    cookie = next(each for each in browser.cookies.jar if each.name == "quantumtask-login")
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.value not in first.values()


def test_a_login_that_this_browser_did_not_begin_is_refused(
    browser: httpx.Client, service: SecuredService, issuer: Issuer
) -> None:
    with httpx.Client(base_url=service.url) as attacker:
        query = begin(attacker)
        code = dict(parse_qsl(urlsplit(issuer.authorize(query)).query))["code"]
    failed = "/#/login?error=failed"
    assert finish(browser, code=code, state=query["state"]) == failed, "no cookie"
    own = begin(browser)
    assert finish(browser, code=code, state=query["state"]) == failed, "another state"
    assert finish(browser, code=code, state=own["state"]) == failed, "a code of another login"
    assert finish(browser, code="unknown", state=own["state"]) == failed
    assert finish(browser, code="c", state="é") == failed
    assert finish(browser, error="access_denied", state=own["state"]) == "/#/login?error=refused"
    assert finish(browser) == "/#/login?error=refused"
    assert browser.get("/session").json()["principal"] is None


def test_an_id_token_of_another_login_or_without_rights_gives_no_session(
    browser: httpx.Client, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"nonce": "of another login"}, "failed"),
        ({"nonce": None}, "failed"),
        ({"aud": "another"}, "failed"),
        ({"groups": []}, "no_rights"),
    ]
    for claims, code in cases:
        monkeypatch.setattr(issuer, "claims", claims)
        answer = browser.get("/login/openid")
        assert answer.history[2].headers["location"] == f"/#/login?error={code}", claims
        assert browser.get("/session").json()["principal"] is None


def test_without_a_provider_the_login_says_so(secured: SecuredService) -> None:
    answer = secured.http.get("/login/openid")
    assert answer.headers["location"] == "/#/login?error=no_provider"
    answer = secured.http.get("/login/openid/callback", params={"code": "c", "state": "s"})
    assert answer.headers["location"] == "/#/login?error=failed"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"OIDC_ISSUER": "http://example.org"}, "OIDC_ISSUER must be a URL with https"),
        ({"OIDC_ISSUER": "https://example.org"}, "OIDC_CLIENT_ID and QUANTUMTASK_OIDC_GROUPS"),
        ({"OIDC_GROUPS": "staff=physics"}, "must be a group, a project and a role, as in"),
        ({"OIDC_GROUPS": "staff=physics:god"}, "must be a group, a project and a role, as in"),
        ({"OIDC_GROUPS": "staff=*:user"}, "must be a group, a project and a role, as in"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, str], message: str, tmp_path: Path) -> None:
    environment = {f"QUANTUMTASK_{name}": value for name, value in settings.items()}
    with pytest.raises(SettingsError, match=message):
        check_access(load_settings(environment, data_dir=tmp_path))
