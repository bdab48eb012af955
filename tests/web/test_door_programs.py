"""The programs for other clouds on the page Try."""

import pytest
from playwright.sync_api import Page, expect

from quantumtask.shared.door_names import DOOR_NAMES
from tests.support.browser import findings_in_themes, open_page
from tests.support.door_programs import shown_command, shown_programs
from tests.support.services import Service

pytestmark = pytest.mark.xdist_group("web")

CARD = "Programs for other clouds"


def test_the_program_of_each_open_door_is_shown_with_its_command(
    page: Page, service: Service
) -> None:
    """The programs and the commands are those that test_pages.py of the doors runs."""
    open_page(page, "/")
    tabs = page.get_by_role("region", name=CARD).get_by_role("tab")
    assert service.http.get("/service").json()["doors"] == list(DOOR_NAMES)
    expect(tabs).to_have_count(len(DOOR_NAMES))
    programs = shown_programs()
    assert set(tabs.all_inner_texts()) == {each.title for each in programs.values()}
    for door, (title, text) in programs.items():
        tabs.get_by_text(title, exact=True).click()
        program = page.get_by_role("region", name=f"script.py for {title}")
        assert program.inner_text().strip() == text.strip()
        command = page.get_by_role("region", name=f"Command for {title}")
        assert command.inner_text().strip() == shown_command(door, service.url)


def test_the_card_of_programs_is_accessible_in_both_themes(page: Page) -> None:
    open_page(page, "/")
    page.get_by_role("region", name=CARD).get_by_role("tab").last.click()
    assert findings_in_themes(page) == {}


def test_where_no_door_is_open_no_program_is_shown(page: Page) -> None:
    page.route("**/service", lambda route: route.fulfill(json={"doors": []}))
    open_page(page, "/")
    expect(page.get_by_role("region", name=CARD)).to_have_count(0)


def test_a_door_that_the_page_does_not_know_has_its_command(page: Page) -> None:
    page.route("**/service", lambda route: route.fulfill(json={"doors": ["future"]}))
    open_page(page, "/")
    shown = page.get_by_role("region", name="Command for future")
    expect(shown).to_contain_text("quantumtask run --door future --url http://127.0.0.1:")
