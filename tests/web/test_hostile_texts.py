"""Texts of users are never markup or script, wherever the page shows them."""

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import open_page
from tests.support.services import Service

pytestmark = pytest.mark.xdist_group("web")

PAYLOADS = [
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "\"><svg onload=window.hacked=1>",
    "'-window.hacked=1-'",
    "javascript:window.hacked=1",
    "{{constructor.constructor('window.hacked=1')()}}",
    "</textarea><iframe srcdoc=x>",
    "<b>bold</b>",
]  # fmt: skip
TRACES = "script:not([src]), img[src=x], svg[onload], iframe, b"
"""Elements that only a payload could make."""

EXPECTED = "Failed to load resource"
"""Message of Chromium about a response with an error; the page itself shows the error."""


def programs(payload: str) -> list[str]:
    """A program with the payload in comments, strings and names, and programs that fail on it."""
    return [
        f"// {payload}\nqubit q; bit c; c = measure q; // {payload}",
        f'pragma {payload}\nqubit q; bit c; c = measure q;',
        f"qubit q; {payload} q;",
        f'include "{payload.replace(chr(34), chr(39))}"; qubit q;',
    ]  # fmt: skip


def is_harmless(page: Page) -> bool:
    traces = page.evaluate(
        "selector => [document, ...[...document.querySelectorAll('*')].map(e => e.shadowRoot)]"
        ".filter(Boolean).flatMap(root => [...root.querySelectorAll(selector)]).length",
        TRACES,
    )
    return traces == 0 and page.evaluate("window.hacked") is None


def test_names_tags_errors_and_programs_show_as_text(
    page: Page, service: Service, console: list[str]
) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    labels = [text[:50] for text in PAYLOADS]
    tasks = [
        service.submit(program, name=label, tags=[label, f"2{label}"[:50]], owner=label,
                       metadata={label: label})
        for payload, label in zip(PAYLOADS, labels, strict=True)
        for program in programs(payload)
    ]  # fmt: skip
    for task in tasks:
        service.finished(task)
    open_page(page, "/#/service")
    assert is_harmless(page)
    for task, label in zip(tasks[:: len(programs(""))], labels, strict=True):
        page.evaluate("id => { location.hash = `#/tasks/${id}` }", task)
        expect(page.locator("main").get_by_text(label).first).to_be_visible()
        assert is_harmless(page), label
    page.evaluate("location.hash = '#/tasks'")
    expect(page.get_by_text(labels[-1]).first).to_be_visible()
    assert is_harmless(page)
    for payload in PAYLOADS[:3]:
        for path in (f"/#/{payload}", f"/#/tasks/{quote(payload, safe='')}",
                     f"/#/tasks?name={quote(payload)}&tag={quote(payload)}"):  # fmt: skip
            page.goto(path)
            expect(page.locator("main h1")).to_be_visible()
            assert is_harmless(page), path
    assert dialogs == []
    console[:] = [each for each in console if not each.startswith(EXPECTED)]


def test_the_editor_its_problems_and_a_failure_show_as_text(page: Page, console: list[str]) -> None:
    page.goto("/")
    editor = page.get_by_role("textbox", name="Program in OpenQASM")
    for payload in PAYLOADS:
        editor.focus()
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.insert_text(f"// {payload}\nqubit q; \n{payload} q;")
        with page.expect_response("**/tasks?*"):
            page.keyboard.press("ControlOrMeta+Enter")
        expect(page.get_by_text("The task is failed")).to_be_attached()
        expect(page.locator(".problems[data-old=false]")).to_contain_text("error")
        assert is_harmless(page), payload
    page.locator(".cm-lint-marker").first.hover()
    assert is_harmless(page)
    console[:] = [each for each in console if not each.startswith(EXPECTED)]
