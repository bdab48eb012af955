"""The page at / and what surrounds all of its pages."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import findings_in_themes, open_page
from tests.support.secured_service import SecuredService
from tests.support.services import Service

pytestmark = pytest.mark.xdist_group("web")

HTML = {"Accept": "text/html,*/*"}
PAGES = {"": "Try", "tasks": "Tasks", "service": "Service", "login": "Log in"}
MOST_BYTES = 200_000


def test_a_browser_gets_the_page_and_a_program_the_documentation(service: Service) -> None:
    page = service.http.get("/", headers=HTML)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert service.http.get("/").headers["location"] == "/docs"
    assert service.http.get("/ui/no-such-file").status_code == 404
    assert service.http.get("/ui/../secret").status_code == 404


def test_a_browser_gets_the_icon_without_a_token_where_an_answer_names_none(
    secured: SecuredService,
) -> None:
    answer = secured.with_headers().get("/favicon.ico")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")


def test_the_files_allow_nothing_else_and_are_cached_by_their_content(service: Service) -> None:
    text = service.http.get("/", headers=HTML).text
    for path in ("/", *re.findall(r'(?:src|href)="(/ui/[^"]+)"', text)):
        response = service.http.get(path, headers=HTML)
        assert response.status_code == 200, path
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert "unsafe" not in response.headers["content-security-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"
        again = service.http.get(path, headers={**HTML, "If-None-Match": response.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_the_first_page_is_small(page: Page, service: Service) -> None:
    paths: list[str] = []
    page.on("response", lambda response: paths.append(response.url.removeprefix(service.url)))
    page.goto("/")
    expect(page.get_by_role("textbox", name="Program in OpenQASM")).to_be_visible()
    sent = 0
    for path in {each for each in paths if each == "/" or each.startswith("/ui/")}:
        with service.http.stream("GET", path, headers=HTML) as response:
            sent += len(b"".join(response.iter_raw()))
    assert 20_000 < sent < MOST_BYTES


def test_each_page_has_a_link_a_title_and_an_address_that_can_be_opened(page: Page) -> None:
    page.goto("/")
    links = page.get_by_role("navigation", name="Pages")
    for path, title in list(PAGES.items())[:3]:
        link = links.get_by_role("link", name=title, exact=True)
        link.click()
        expect(page).to_have_title(f"{title} · QuantumTask")
        expect(link).to_have_attribute("aria-current", "page")
        assert page.url.endswith(f"#/{path}")
        page.reload()
        expect(page).to_have_title(f"{title} · QuantumTask")


def test_the_theme_is_that_of_the_system_until_one_is_chosen(page: Page) -> None:
    page.goto("/")
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(root).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Use the light theme").click()
    expect(root).to_have_attribute("data-theme", "light")
    page.reload()
    expect(root).to_have_attribute("data-theme", "light")


def test_no_page_has_a_serious_finding_of_axe(page: Page) -> None:
    findings = {}
    for path, title in PAGES.items():
        open_page(page, f"/#/{path}")
        expect(page).to_have_title(f"{title} · QuantumTask")
        if problems := findings_in_themes(page):
            findings[title] = problems
    assert findings == {}
