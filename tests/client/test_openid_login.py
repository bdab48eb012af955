"""A person logs in at a provider of OpenID Connect: `quantumtask login`, and clients after it."""

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from quantumtask import Client
from quantumtask.client import ServiceError, openid
from quantumtask.client.credentials import (
    Login,
    credentials_file,
    load_credential,
    store_login,
    store_token,
)
from tests.support.command_line import Run, environment, quantumtask, read_terminal, start
from tests.support.openid_issuer import CLIENT_ID, USER_CODE, Issuer, running_issuer
from tests.support.secured_service import SecuredService
from tests.support.services import Service


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def secured_by_provider(
    issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SecuredService]:
    running = SecuredService(
        tmp_path_factory.mktemp("login"),
        slots=1,
        oidc_issuer=issuer.url,
        oidc_client_id=CLIENT_ID,
        oidc_groups="physics-staff=physics:user",
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, issuer: Issuer) -> Path:
    """A user without stored tokens, and a provider without questions."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("QUANTUMTASK_TOKEN", raising=False)
    issuer.forms.clear()
    issuer.errors.clear()
    return tmp_path


def log_in(service: Service, home: Path) -> Run:
    return quantumtask("login", "--device", url=service.url, XDG_CONFIG_HOME=str(home))


def ended_login(issuer: Issuer, refresh_token: str | None) -> Login:
    token = issuer.sign("ada", "physics-staff", exp=int(time.time()) - 100)
    return Login(issuer.url, CLIENT_ID, token, refresh_token)


def test_the_service_names_its_provider_to_everyone(
    secured_by_provider: SecuredService, issuer: Issuer, service: Service
) -> None:
    answer = secured_by_provider.http.get("/login").json()
    assert answer == {"issuer": issuer.url, "client_id": CLIENT_ID}
    assert service.http.get("/login").json() == {"issuer": None, "client_id": None}


def test_a_login_is_confirmed_in_a_browser(
    secured_by_provider: SecuredService, home: Path, issuer: Issuer
) -> None:
    issuer.errors[:] = ["authorization_pending", "authorization_pending"]
    done = log_in(secured_by_provider, home)
    assert done.stdout.splitlines() == [
        f"Open {issuer.url}/confirm in a browser, on any machine.",
        f"Enter the code {USER_CODE} and confirm the login.",
        f"{secured_by_provider.url}: you are ada, with the role user in project physics.",
    ], done.stderr
    assert issuer.forms[0] == (
        "/device",
        {"client_id": CLIENT_ID, "scope": "openid profile offline_access"},
    )
    assert [path for path, _ in issuer.forms] == ["/device", "/token", "/token", "/token"]
    assert credentials_file().stat().st_mode & 0o777 == 0o600
    assert set(json.loads(credentials_file().read_text())) == {secured_by_provider.url}
    with Client(secured_by_provider.url) as client:
        assert client.principal()["name"] == "ada"
    assert quantumtask("logout", url=secured_by_provider.url, XDG_CONFIG_HOME=str(home)).stdout
    assert load_credential(secured_by_provider.url) is None


def test_at_a_terminal_the_browser_is_the_default(
    secured_by_provider: SecuredService, home: Path
) -> None:
    variables = environment(secured_by_provider.url, XDG_CONFIG_HOME=str(home))
    screen, terminal = os.openpty()
    child = start(["login"], (terminal, terminal, terminal), variables)
    os.close(terminal)
    text = b"".join(iter(lambda: read_terminal(screen), b"")).decode()
    os.close(screen)
    assert child.wait(60) == 0, text
    assert f"Enter the code {USER_CODE}" in text
    assert isinstance(load_credential(secured_by_provider.url), Login)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("access_denied", "the login was refused in the browser"),
        ("expired_token", "the login was not confirmed in time"),
        ("invalid_grant", "invalid_grant"),
    ],
)
def test_a_login_that_the_provider_refuses_stores_nothing(
    secured_by_provider: SecuredService, home: Path, issuer: Issuer, error: str, message: str
) -> None:
    issuer.errors[:] = ["authorization_pending", error]
    done = log_in(secured_by_provider, home)
    assert (done.returncode, message in done.stderr) == (3, True), done.stderr
    assert not credentials_file().exists()


def test_slow_down_makes_the_pauses_longer_by_five_seconds(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    issuer.errors[:] = ["authorization_pending", "slow_down", "slow_down"]
    provider = openid.discover(issuer.url, CLIENT_ID)
    openid.wait_for_login(provider, openid.request_code(provider))
    assert pauses == [0.05, 0.05, 5.05, 10.05]


def test_a_login_without_confirmation_ends(issuer: Issuer) -> None:
    provider = openid.discover(issuer.url, CLIENT_ID)
    device = openid.DeviceCode("device1", USER_CODE, "", interval_s=1.0, lifetime_s=0.5)
    with pytest.raises(ServiceError, match="not confirmed in time"):
        openid.wait_for_login(provider, device)


def test_a_person_without_a_project_is_not_logged_in(
    secured_by_provider: SecuredService, home: Path, issuer: Issuer
) -> None:
    issuer.person = ("mallory", "others")
    done = log_in(secured_by_provider, home)
    issuer.person = ("ada", "physics-staff")
    assert (done.returncode, "none of your groups" in done.stderr) == (3, True), done.stderr
    assert not credentials_file().exists()


def test_a_client_refreshes_an_ended_token_once_for_all_threads(
    secured_by_provider: SecuredService, issuer: Issuer
) -> None:
    """Each refresh token of this provider works once, so that a second use would be refused."""
    before = ended_login(issuer, issuer.refresh_token)
    store_login(secured_by_provider.url, before)
    clients = [Client(secured_by_provider.url) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        names = pool.map(lambda number: clients[number % 4].principal()["name"], range(16))
        assert set(names) == {"ada"}
    for client in clients:
        client.close()
    assert [form["grant_type"] for _, form in issuer.forms] == ["refresh_token"]
    after = load_credential(secured_by_provider.url)
    assert isinstance(after, Login)
    assert after.refresh_token == issuer.refresh_token != before.refresh_token
    assert credentials_file().stat().st_mode & 0o777 == 0o600


def test_an_ended_login_is_an_error_and_can_be_renewed(
    secured_by_provider: SecuredService, home: Path, issuer: Issuer
) -> None:
    for refresh_token in ("unknown", None):
        store_login(secured_by_provider.url, ended_login(issuer, refresh_token))
        listed = quantumtask("list", url=secured_by_provider.url, XDG_CONFIG_HOME=str(home))
        assert listed.returncode == 3
        assert listed.stderr == (
            f"quantumtask: the login at {issuer.url} has ended. "
            "Then: quantumtask login, or QUANTUMTASK_TOKEN.\n"
        )
    assert log_in(secured_by_provider, home).returncode == 0


def test_a_script_still_sends_a_token(secured_by_provider: SecuredService, home: Path) -> None:
    done = quantumtask(
        "login",
        url=secured_by_provider.url,
        stdin=secured_by_provider.tokens["bob"],
        XDG_CONFIG_HOME=str(home),
    )
    assert "you are bob" in done.stdout
    assert load_credential(secured_by_provider.url) == secured_by_provider.tokens["bob"]


def test_a_service_without_a_provider_says_so(service: Service, home: Path) -> None:
    done = log_in(service, home)
    assert done.returncode == 3
    assert "has no provider of OpenID Connect: use --token" in done.stderr


@pytest.mark.parametrize(
    "url", ["http://sso.example.org", "ftp://127.0.0.1", "127.0.0.1", "file:///etc", ""]
)
def test_secrets_are_sent_only_by_https_or_on_this_machine(url: str) -> None:
    with pytest.raises(ServiceError, match="must have a URL with https"):
        openid.discover(url, CLIENT_ID)


def test_a_provider_of_another_name_is_refused(issuer: Issuer) -> None:
    with pytest.raises(ServiceError, match="not a provider of OpenID Connect of this name"):
        openid.discover(issuer.url.replace("127.0.0.1", "localhost"), CLIENT_ID)


def test_a_damaged_login_is_as_none() -> None:
    store_token("http://127.0.0.1:1", "qt_a")
    credentials_file().write_text('{"http://127.0.0.1:1": {"issuer": 1}}')
    assert load_credential("http://127.0.0.1:1") is None
