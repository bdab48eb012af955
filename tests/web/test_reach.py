"""The page for people with a keyboard, a small screen, a large font, or a bad network."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.browser import findings_in_themes, open_page
from tests.support.services import BELL, Service

pytestmark = pytest.mark.xdist_group("web")

FOCUS = """() => {
  let element = document.activeElement;
  while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  const style = getComputedStyle(element);
  const box = element.closest('.cm-editor') ? getComputedStyle(document.activeElement) : style;
  return {
    name: element.ariaLabel ?? element.labels?.[0]?.innerText ?? element.innerText,
    isMarked: style.outlineStyle !== 'none' || box.boxShadow !== 'none',
  };
}"""
"""The name of what has the focus, and whether one can see that it has."""
WIDTHS = {"a phone": 390, "200 % of a laptop": 640}
NETWORK_ERRORS = ("Failed to load resource", "net::ERR_INTERNET_DISCONNECTED")


def press_tab(page: Page, times: int = 1) -> str:
    """Press Tab, and return the name of what then has the focus."""
    for _ in range(times):
        page.keyboard.press("Tab")
    focus = page.evaluate(FOCUS)
    assert focus["isMarked"], focus
    return str(focus["name"]).strip().partition("\n")[0]


def test_a_keyboard_writes_runs_and_reaches_everything(page: Page) -> None:
    open_page(page, "/")
    expect(page.get_by_role("textbox", name="Program in OpenQASM")).to_be_visible()
    order = [press_tab(page) for _ in range(8)]
    assert order == [
        "Skip to the content", "QuantumTask", "Try", "Tasks", "Service", "API",
        "Use the dark theme", "Example",
    ]  # fmt: skip
    assert press_tab(page) == "Program in OpenQASM"
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text('include "stdgates.inc"; qubit q; bit c; x q; c = measure q;')
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.get_by_text("The task is completed")).to_be_attached()
    expect(page.locator(".problems[data-old=false]")).to_contain_text("No problems")
    page.keyboard.press("Escape")  # Tab then leaves the editor in place of writing a tab
    assert press_tab(page) == "Drawing of the circuit"
    assert press_tab(page) == "curl"
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Python")).to_have_attribute("aria-selected", "true")
    names = [press_tab(page) for _ in range(14)]
    assert names[:2] == ["Copy", "The same in Python"]
    clouds = ["IonQ", "Copy", "Command for IonQ", "Copy", "script.py for IonQ"]
    assert names[2:7] == clouds
    assert names[7:10] == ["Run on", "Engine", "Shots"]
    assert names[-1] == "Run"


def test_the_skip_link_leads_past_the_navigation(page: Page) -> None:
    open_page(page, "/#/tasks")
    assert press_tab(page) == "Skip to the content"
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    assert press_tab(page) in ("Batches", "Run a circuit")


def test_no_page_scrolls_sideways(page: Page, service: Service) -> None:
    task = service.submit(BELL, name="n" * 50, tags=["t" * 50])
    service.finished(task)
    paths = ("", "tasks", f"tasks/{task}", "batches", "service", "service/devices/fake_manila")
    for path in paths:
        open_page(page, f"/#/{path}")
        for screen, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, screen)


def test_nothing_moves_for_people_who_ask_for_that(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_page(page, "/")
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter(each => {"
        "const {transitionDuration, animationName} = getComputedStyle(each);"
        "return transitionDuration !== '0s' || animationName !== 'none'}).length"
    )
    assert moving == 0


def test_a_page_says_that_the_service_is_away_and_goes_on_when_it_is_back(
    page: Page, service: Service, console: list[str]
) -> None:
    open_page(page, "/#/tasks")
    away = page.get_by_text("The service does not answer: it may be restarting.")
    page.context.set_offline(True)
    expect(away).to_be_visible()
    name = "while the page was away"
    service.submit(BELL, name=name)
    assert page.get_by_role("link", name=name).count() == 0
    page.context.set_offline(False)
    expect(page.get_by_role("link", name=name).first).to_be_visible()
    expect(away).to_have_count(0)
    console[:] = [each for each in console if not any(part in each for part in NETWORK_ERRORS)]


def test_a_page_is_left_before_its_editor_is_there(page: Page, service: Service) -> None:
    """The editor arrives after its page was left: no error is thrown."""
    held: list[Route] = []
    task = service.submit(BELL)
    page.route("**/ui/editor.js", lambda route: held.append(route))
    open_page(page, f"/#/tasks/{task}")
    expect(page.locator(".editor pre")).to_be_visible()
    for path in ("", "tasks", f"tasks/{task}", "", "tasks"):
        page.evaluate("path => { location.hash = `#/${path}` }", path)
    expect(page).to_have_title("Tasks · QuantumTask")
    for each in held:
        each.continue_()
    page.evaluate("import('/ui/editor.js').then(() => new Promise(requestAnimationFrame))")
    expect(page.locator(".editor")).to_have_count(0)


def test_the_program_can_be_read_while_the_editor_does_not_load(
    page: Page, service: Service, console: list[str]
) -> None:
    task = service.submit(BELL + "// a line that has to be scrolled" * 9)
    page.route("**/ui/editor.js", lambda route: route.abort())
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"/#/tasks/{task}")
    expect(page.get_by_text("a line that has to be scrolled").first).to_be_visible()
    expect(page.get_by_text("The editor could not be loaded.")).to_be_visible()
    assert findings_in_themes(page) == {}
    console[:] = [each for each in console if not any(part in each for part in NETWORK_ERRORS)]
