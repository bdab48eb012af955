"""A Chromium of the machine, without which the tests of the page are skipped."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

WEB = Path(__file__).parents[2] / "web"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ON_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
ARGUMENTS = [
    "--no-sandbox",  # which needs rights that root in a container does not have
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-software-rasterizer",
]
SERIOUS = ("serious", "critical")
CONTRAST = ("color-contrast", "link-in-text-block")
PLAIN = "/health"
"""A page of the service without a program. From `about:blank`, the browser would start another
process for the next page, which is a third of opening it.
"""
Theme = Literal["light", "dark"]


def find_browser() -> str | None:
    paths = [path for path in map(shutil.which, NAMES) if path]
    return paths[0] if paths else str(ON_MACOS) if ON_MACOS.exists() else None


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser, or a visible skip of the test."""
    path = find_browser()
    if path is None:
        pytest.skip("no browser, so the page is not tested: apt-get install chromium")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=ARGUMENTS)


def open_page(page: Page, path: str) -> None:
    """Open a page of the service, and wait until it has its data."""
    if urlsplit(page.url).path == urlsplit(path).path:
        page.goto(PLAIN)  # a change of the fragment alone would keep the page before
    page.goto(path)
    expect(page.locator("main[aria-busy=false]")).to_be_attached()


@cache
def axe_source() -> str:
    path = WEB / "node_modules/axe-core/axe.min.js"
    if not path.exists():
        pytest.skip("axe-core is not installed: make web")
    return path.read_text()


def serious_findings(page: Page) -> list[str]:
    """The serious problems that axe sees on a page, each with the first place."""
    return _run_axe(page)


def findings_in_themes(page: Page) -> dict[str, list[str]]:
    """The serious problems of a page by theme; a second theme can only change the contrast."""
    findings = {"light": _run_axe(page, "light"), "dark": _run_axe(page, "dark", CONTRAST)}
    return {theme: problems for theme, problems in findings.items() if problems}


def _run_axe(page: Page, theme: Theme | None = None, rules: tuple[str, ...] = ()) -> list[str]:
    if theme:
        page.emulate_media(color_scheme=theme)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe_source() + "; null")
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = list(rules)
    report: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{each['id']}: {each['help']}: {each['nodes'][0]['html'][:200]} "
        f"{json.dumps(each['nodes'][0].get('any', []))[:300]}"
        for each in report["violations"]
        if each["impact"] in SERIOUS
    ]
