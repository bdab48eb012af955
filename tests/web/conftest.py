"""A browser for the tests of the page, and a page that fails its test with any error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.support.browser import PLAIN, open_browser
from tests.support.services import Service

TIMEOUT_MS = 30_000
SIZE = ViewportSize(width=1280, height=720)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser for all tests of this folder.

    It ends with them: as long as it runs, no other test of this process could run an event loop.
    """
    expect.set_options(timeout=TIMEOUT_MS)
    with open_browser() as running:
        yield running


@pytest.fixture
def console() -> Iterator[list[str]]:
    """The errors of the page. A test that provokes some clears the list."""
    errors: list[str] = []
    yield errors
    assert errors == []


@pytest.fixture(scope="package")
def reused_page(browser: Browser, service: Service) -> Iterator[Page]:
    """A page for all tests of the shared service: opening another one is half of a small test."""
    with open_context(browser, service.url) as context:
        yield context.new_page()


@pytest.fixture
def page(reused_page: Page, service: Service, console: list[str]) -> Iterator[Page]:
    """A page of the shared service, as a new visitor has it: no cookies, no stored theme."""
    with only_for_this_test(reused_page):
        report_errors(reused_page, console)
        yield reused_page
        reused_page.unroute_all(behavior="ignoreErrors")
        reused_page.context.set_offline(False)
        reused_page.goto(PLAIN)
    reused_page.set_viewport_size(SIZE)
    reused_page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    developer = reused_page.context.new_cdp_session(reused_page)
    stored = {"origin": service.url, "storageTypes": "cookies,local_storage"}
    developer.send("Storage.clearDataForOrigin", stored)
    developer.detach()


@contextmanager
def only_for_this_test(page: Page) -> Iterator[None]:
    """Remove at the end what the test listens with."""
    listeners: list[tuple[Any, Callable[..., Any]]] = []
    add = page.on

    def on(event: Any, listener: Callable[..., Any]) -> None:
        listeners.append((event, listener))
        add(event, listener)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "on", on)
        yield
    for event, listener in listeners:
        page.remove_listener(event, listener)


@contextmanager
def open_new_page(browser: Browser, url: str, console: list[str]) -> Iterator[Page]:
    """A page of a service in a context of its own: no cookies, no stored theme."""
    with open_context(browser, url) as context:
        new = context.new_page()
        report_errors(new, console)
        yield new


@contextmanager
def open_context(browser: Browser, url: str) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=url, color_scheme="light", viewport=SIZE)
    context.set_default_timeout(TIMEOUT_MS)
    yield context
    context.close()


def report_errors(page: Page, console: list[str]) -> None:
    page.on("console", lambda each: console.append(each.text) if each.type == "error" else None)
    page.on("pageerror", lambda error: console.append(str(error)))
