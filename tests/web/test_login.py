"""A browser logs in on the page, with a token or at a provider, and out again."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from quantumtask.shared.principal import Principal, Role
from quantumtask.shared.token_store import TokenStore
from tests.support.browser import serious_findings
from tests.support.openid_issuer import CLIENT_ID, running_issuer
from tests.support.secured_service import PHYSICS, SecuredService
from tests.support.services import BELL, until
from tests.web.conftest import open_new_page

pytestmark = pytest.mark.xdist_group("web")


@pytest.fixture
def login_page(browser: Browser, secured: SecuredService, console: list[str]) -> Iterator[Page]:
    """A page of a service that requires tokens, without a session."""
    with open_new_page(browser, secured.url, console) as page:
        yield page


def log_in(page: Page, token: str) -> None:
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Log in").click()


def test_a_person_logs_in_with_a_token_and_out_again(
    login_page: Page, secured: SecuredService
) -> None:
    """Without a session, no page asks for anything: the console stays empty."""
    login_page.goto("/#/service")
    expect(login_page).to_have_title("Log in · QuantumTask")
    assert serious_findings(login_page) == []
    log_in(login_page, f" {secured.tokens['ada']} ")
    expect(login_page).to_have_title("Service · QuantumTask")
    expect(login_page.get_by_text(f"ada · {PHYSICS}")).to_be_visible()
    assert login_page.evaluate("document.cookie") == ""
    assert secured.tokens["ada"] not in login_page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}])"
    )
    login_page.reload()
    expect(login_page).to_have_title("Service · QuantumTask")
    expect(login_page.get_by_role("heading", name="Tokens")).to_have_count(0)
    login_page.get_by_role("button", name="Log out").click()
    expect(login_page).to_have_title("Log in · QuantumTask")
    login_page.reload()
    expect(login_page).to_have_title("Log in · QuantumTask")


def test_a_wrong_token_is_refused_with_the_reason(login_page: Page, console: list[str]) -> None:
    login_page.goto("/#/login")
    log_in(login_page, "qt_wrong")
    expect(login_page.get_by_role("alert")).to_contain_text("the token is not valid")
    expect(login_page).to_have_title("Log in · QuantumTask")
    assert [each for each in console if "401" not in each] == []
    console.clear()


def test_a_page_whose_token_is_revoked_asks_for_a_login(
    login_page: Page, secured: SecuredService, console: list[str]
) -> None:
    store = TokenStore(secured.settings)
    text, token = store.create_token(Principal("guest", PHYSICS, Role.USER))
    login_page.goto("/#/service")
    log_in(login_page, text)
    expect(login_page.get_by_text(f"guest · {PHYSICS}")).to_be_visible()
    store.revoke_tokens(token.prefix, PHYSICS)
    store.close()
    expect(login_page.get_by_text("Your session has ended")).to_be_visible()
    log_in(login_page, secured.tokens["bob"])
    expect(login_page).to_have_title("Service · QuantumTask")
    expect(login_page.get_by_text(f"bob · {PHYSICS}")).to_be_visible()
    console.clear()  # the browser reports each refused request


def test_a_circuit_runs_in_a_session(login_page: Page, secured: SecuredService) -> None:
    login_page.goto("/")
    log_in(login_page, secured.tokens["ada"])
    expect(login_page.get_by_text(f"ada · {PHYSICS}")).to_be_visible()
    status = login_page.evaluate(
        """async (circuit) => (await fetch("/tasks", {
             method: "POST", headers: {"X-Requested-With": "page"}, body: JSON.stringify({circuit}),
           })).status""",
        BELL,
    )
    assert status == 200


def test_a_person_logs_in_at_the_provider(
    browser: Browser, console: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with running_issuer() as issuer:
        service = SecuredService(
            tmp_path_factory.mktemp("provider"),
            oidc_issuer=issuer.url,
            oidc_client_id=CLIENT_ID,
            oidc_groups="physics-staff=physics:user",
        )
        service.start_api()
        until(lambda: service.try_get("/health") == 200, 60, service.logs)
        try:
            with open_new_page(browser, service.url, console) as page:
                page.goto("/")
                page.get_by_role("link", name="Log in with your organisation").click()
                expect(page.get_by_text("ada · physics")).to_be_visible()
                expect(page).to_have_title("Try · QuantumTask")
                page.get_by_role("button", name="Log out").click()
                issuer.person = ("eve", "others")
                page.get_by_role("link", name="Log in with your organisation").click()
                expect(page.get_by_role("alert")).to_contain_text("none of your groups")
                assert serious_findings(page) == []
        finally:
            service.stop()
        console[:] = [each for each in console if "503" not in each]  # there is no worker
