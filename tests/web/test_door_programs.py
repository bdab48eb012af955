"""The programs for other clouds on the page Try run as they are shown."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from quantumtask.shared.door_names import DOOR_NAMES
from tests.support.browser import findings_in_themes, open_page
from tests.support.services import Service

pytestmark = pytest.mark.xdist_group("web")

CARD = "Programs for other clouds"


def start_shell(command: str, folder: Path) -> subprocess.Popen[str]:
    """Run a command as a user does who has activated the environment."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.Popen(
        ["bash", "-c", command],
        cwd=folder, env={**os.environ, "PATH": path, "PYTHONWARNINGS": "ignore"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_the_program_of_each_open_door_runs_by_the_command_that_is_shown(
    page: Page, service: Service, tmp_path: Path
) -> None:
    open_page(page, "/")
    tabs = page.get_by_role("region", name=CARD).get_by_role("tab")
    assert service.http.get("/service").json()["doors"] == list(DOOR_NAMES)
    expect(tabs).to_have_count(len(DOOR_NAMES))
    running = {}
    for title in tabs.all_inner_texts():
        tabs.get_by_text(title, exact=True).click()
        folder = tmp_path / title
        folder.mkdir()
        program = page.get_by_role("region", name=f"script.py for {title}").inner_text()
        (folder / "script.py").write_text(program)
        command = page.get_by_role("region", name=f"Command for {title}").inner_text()
        running[title] = start_shell(command, folder)
    try:
        outputs = {title: each.communicate(timeout=240) for title, each in running.items()}
    finally:
        for process in running.values():
            process.kill()
    if not runs_jobs_of_ibm(service):
        del outputs["IBM"]
    wrong = {title: each for title, each in outputs.items() if "'00': " not in each[0]}
    assert wrong == {}


def runs_jobs_of_ibm(service: Service) -> bool:
    """Return False while the door of IBM has no sampler."""
    body = {"program_id": "sampler", "backend": "simulator", "params": {}}
    answer = service.http.post("/ibm/experimental/jobs", json=body)
    return "program_id: must be one of none" not in answer.text


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
