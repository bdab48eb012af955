"""Pictures of every page in both themes and three widths, to be looked at.

`make screenshots`, or `make screenshots ONLY="bell tasks"`, writes them to build/screenshots, and
docs/images/page.png, which is one of them.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

from playwright.sync_api import Browser, Page, expect

from tests.support.browser import open_browser, open_page
from tests.support.secured_service import SecuredService
from tests.support.services import Service
from tests.web.sample_tasks import BAD, fill

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "screenshots"
PICTURE = ROOT / "docs" / "images" / "page.png"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (390, 820, 1440)
SHOWN = "bell.1440.light"
"""The picture of the README."""

Prepare = Callable[[Page], None]
AnyService = TypeVar("AnyService", bound=Service)


def main(names: list[str]) -> None:
    if not names:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=30_000)
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        with started(Service(Path(folder), slots=2)) as service:
            take_all(browser, service, {**EMPTY, **TRIALS}, names)
            take_all(browser, service, pages_of(fill(service)), names)
        folder_of_secured = Path(folder) / "secured"
        folder_of_secured.mkdir()
        with started(SecuredService(folder_of_secured, slots=1, auth="required")) as secured:
            fill(secured)
            take_all(browser, secured, accounts_of(secured), names)
    if (FOLDER / f"{SHOWN}.png").exists():
        shutil.copy(FOLDER / f"{SHOWN}.png", PICTURE)
    print(f"Look at {FOLDER}")


@contextmanager
def started(service: AnyService) -> Iterator[AnyService]:
    service.start()
    try:
        yield service
    finally:
        service.stop()


def take_all(
    browser: Browser, service: Service, pages: dict[str, Prepare], names: list[str]
) -> None:
    for name in names or pages:
        if name not in pages:
            continue
        context = browser.new_context(base_url=service.url)
        page = context.new_page()
        pages[name](page)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(500)  # drawings and curves
            for theme in THEMES:
                page.emulate_media(color_scheme=theme)
                page.wait_for_timeout(200)
                path = FOLDER / f"{name}.{width}.{theme}.png"
                page.screenshot(path=path, full_page=True)
        context.close()


def visit(path: str) -> Prepare:
    return lambda page: open_page(page, path)


def pages_of(tasks: dict[str, str]) -> dict[str, Prepare]:
    """Return the pages of the tasks, and of lists that have them."""
    pages = {name: visit(f"/#/{path}") for name, path in tasks.items()}
    lists = {
        "tasks": "tasks",
        "tasks-none": "tasks?status=failed&name_prefix=zebra",
        "batches": "batches",
        "batches-none": "batches?name=zebra",
        "service": "service",
        "device": "service/devices/fake_manila",
        "device-large": "service/devices/fake_sherbrooke",
        "missing-task": "tasks/0190d3a0-0000-7000-8000-000000000000",
        "missing-device": "service/devices/fake_moon",
        "missing": "nowhere",
    }
    return {**pages, **{name: visit(f"/#/{path}") for name, path in lists.items()}}


def accounts_of(service: SecuredService) -> dict[str, Prepare]:
    """Return the pages that differ where authentication is on."""

    def log_in(name: str, path: str, token: str | None = None) -> Prepare:
        def prepare(page: Page) -> None:
            page.goto(path)
            page.get_by_label("Token").fill(token or service.tokens[name])
            page.get_by_role("button", name="Log in").click()
            page.wait_for_timeout(700)

        return prepare

    return {
        "login": lambda page: page.goto("/") and None,
        "login-refused": log_in("", "/", "qt_wrong"),
        "login-error": lambda page: page.goto("/#/login?error=no_rights") and None,
        "account-try": log_in("ada", "/"),
        "account-tasks": log_in("root", "/#/tasks"),
        "account-service": log_in("ada", "/#/service"),
        "administrator": log_in("root", "/#/service"),
    }


def run_example(title: str, tab: str = "curl") -> Prepare:
    def prepare(page: Page) -> None:
        open_page(page, "/")
        page.get_by_label("Example").select_option(label=title)
        page.wait_for_timeout(100)
        expect(page.locator(".problems[data-old=false]")).to_contain_text("No problems")
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.get_by_text("The task is completed")).to_be_attached()
        expect(page.locator(".drawing[data-old=false]")).to_be_visible()
        page.get_by_role("tab", name=tab).click()
        page.evaluate("window.scrollTo(0, 0)")

    return prepare


def write_wrong(page: Page) -> None:
    open_page(page, "/")
    page.get_by_role("textbox", name="Program in OpenQASM").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(BAD)
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.get_by_text("The task is failed")).to_be_attached()
    page.evaluate("window.scrollTo(0, 0)")


def lose_service(path: str) -> Prepare:
    """Open a page, and let every later request fail as it does while the service restarts."""

    def prepare(page: Page) -> None:
        open_page(page, path)
        page.route("**/*", lambda route: route.abort())
        page.wait_for_timeout(6000)

    return prepare


EMPTY: dict[str, Prepare] = {
    "first": visit("/"),
    "tasks-empty": visit("/#/tasks"),
    "batches-empty": visit("/#/batches"),
    "service-empty": visit("/#/service"),
}
TRIALS: dict[str, Prepare] = {
    "bell": run_example("Bell pair", "Python"),
    "ghz": run_example("GHZ state of five qubits"),
    "teleportation": run_example("Teleportation with measurements"),
    "energy": run_example("Energy of H2 with two parameters", "Qiskit"),
    "grover": run_example("Grover search among eight"),
    "noise": run_example("Noise of gates and readout"),
    "wrong": write_wrong,
    "away-tasks": lose_service("/#/tasks"),
    "away-service": lose_service("/#/service"),
    "swagger": lambda page: (page.goto("/docs"), page.wait_for_selector(".opblock"), None)[-1],
}

if __name__ == "__main__":
    main(sys.argv[1:])
