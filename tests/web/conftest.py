"""A browser for the tests of the page, and a page that fails its test with any error."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import open_browser
from tests.support.services import Service

TIMEOUT_MS = 30_000


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


@pytest.fixture
def page(browser: Browser, service: Service, console: list[str]) -> Iterator[Page]:
    """A page of the shared service."""
    with open_new_page(browser, service.url, console) as page:
        yield page


@contextmanager
def open_new_page(browser: Browser, url: str, console: list[str]) -> Iterator[Page]:
    """A page of a service in a context of its own: no cookies, no stored theme."""
    context = browser.new_context(base_url=url, color_scheme="light")
    context.set_default_timeout(TIMEOUT_MS)
    new = context.new_page()
    new.on("console", lambda each: console.append(each.text) if each.type == "error" else None)
    new.on("pageerror", lambda error: console.append(str(error)))
    yield new
    context.close()
