"""Pictures of every page in both themes, to be looked at: `make screenshots`.

They are written to build/screenshots; docs/images/page.png is one of them.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, expect

from tests.support.browser import open_browser, open_page
from tests.support.services import Service

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "screenshots"
PICTURE = ROOT / "docs" / "images" / "page.png"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = {"wide": 1280, "narrow": 390}

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
ROTATION = HEAD + "input float theta;\nqubit[2] q;\nbit[2] c;\nry(theta) q[0];\ncx q[0], q[1];\n"
BAD = HEAD + "qubit[2] q;\nhh q[0];\ncx q[0], q[7];\n"


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        service = Service(Path(folder), slots=2).start()
        try:
            take_all(browser, service, fill(service))
        finally:
            service.stop()
    shutil.copy(FOLDER / "bell.wide.light.png", PICTURE)
    print(f"Look at {FOLDER}")


def fill(service: Service) -> dict[str, str]:
    """Submit tasks of every kind, and return their pages."""
    good, bad = service.submit(name="bell", tags=["demo"]), service.submit(BAD, name="typo")
    sweep = service.submit(
        ROTATION,
        name="rotation",
        parameters={"theta": [k / 10 for k in range(63)]},
        observables=[["ZI"], ["XX"]],
    )
    items: list[dict[str, Any]] = [{"circuit": HEAD + "qubit q; bit c; c = measure q;"}] * 12
    batch = service.http.post("/batches", json={"tasks": items, "name": "calibration"}).json()
    for task in (good, bad, sweep):
        service.finished(task)
    return {
        "tasks": "/#/tasks",
        "task": f"/#/tasks/{good}",
        "failed": f"/#/tasks/{bad}",
        "sweep": f"/#/tasks/{sweep}",
        "batches": "/#/batches",
        "batch": f"/#/batches/{batch['batch_id']}",
        "service": "/#/service",
        "login": "/#/login",
        "missing": "/#/nowhere",
    }


def take_all(browser: Browser, service: Service, pages: dict[str, str]) -> None:
    for size, width in WIDTHS.items():
        context = browser.new_context(
            base_url=service.url, viewport={"width": width, "height": 860}
        )
        page = context.new_page()
        for name, prepare in TRIALS.items():
            open_page(page, "/")
            prepare(page)
            take(page, f"{name}.{size}")
        for name, path in pages.items():
            open_page(page, path)
            page.wait_for_timeout(700)  # drawings and curves
            take(page, f"{name}.{size}")
        context.close()


def take(page: Page, name: str) -> None:
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        page.wait_for_timeout(300)
        page.screenshot(path=FOLDER / f"{name}.{theme}.png", full_page=True)


def run_example(title: str, tab: str = "curl") -> Callable[[Page], None]:
    def prepare(page: Page) -> None:
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
    page.get_by_role("textbox", name="Program in OpenQASM").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(BAD)
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.get_by_text("The task is failed")).to_be_attached()


TRIALS: dict[str, Callable[[Page], None]] = {
    "bell": run_example("Bell pair", "Python"),
    "teleportation": run_example("Teleportation with measurements"),
    "energy": run_example("Energy of H2 with two parameters", "Qiskit"),
    "noise": run_example("Noise of gates and readout"),
    "wrong": write_wrong,
}

if __name__ == "__main__":
    main()
