"""The pages of tasks and batches: live lists, what a task did, and why it failed."""

import json
import math
import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from quantumtask.shared.task_progress import TaskProgress
from tests.support.browser import findings_in_themes
from tests.support.services import BELL, ENDLESS, Service, slot_pids
from tests.support.stores import FullStore

pytestmark = pytest.mark.xdist_group("web")

WRONG = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nfrobnicate q[0];\n'
ROTATION = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput angle theta;\nqubit q;\nbit c;\n'
    "ry(theta) q;\nc = measure q;\n"
)
ANGLES = [k * math.pi / 10 for k in range(11)]
MARKUP = '<img src=x onerror="alert(1)">'


def new_tag(page: str) -> str:
    return f"{page}-{time.time_ns()}"


def submit(service: Service, circuit: str, wait: int = 30, **fields: Any) -> str:
    answer = service.http.post("/tasks", params={"wait": wait}, json={"circuit": circuit, **fields})
    task_id: str = answer.raise_for_status().json()["task_id"]
    return task_id


def test_the_list_of_tasks_is_live_and_its_filters_are_in_the_address(
    page: Page, service: Service
) -> None:
    tag = new_tag("list")
    submit(service, BELL, name="pair", tags=[tag])
    submit(service, WRONG, name="broken", tags=[tag])
    page.goto(f"/#/tasks?tag={tag}")
    rows = page.get_by_role("table", name="Tasks, newest first").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("failed")
    expect(rows.first).to_contain_text("unknown gate `frobnicate`")
    expect(rows.last).to_contain_text("completed")
    endless = submit(service, ENDLESS, wait=0, name="endless", tags=[tag])
    expect(rows).to_have_count(3)  # without a reload
    service.http.post(f"/tasks/{endless}/cancel")
    expect(rows.first).to_contain_text("cancelled")
    page.get_by_label("State").select_option("failed")
    expect(rows).to_have_count(1)
    page.get_by_label("Name begins with").fill("pai")
    expect(page.get_by_text("No task matches these filters")).to_be_visible()
    assert page.url.split("?")[1] == f"tag={tag}&status=failed&name_prefix=pai"
    page.reload()
    expect(page.get_by_label("Name begins with")).to_have_value("pai")
    page.get_by_label("State").select_option("")
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="pair").click()
    expect(page).to_have_title("Task · QuantumTask")


def test_the_list_has_pages(page: Page, service: Service) -> None:
    tag = new_tag("pages")
    tasks = [{"circuit": BELL, "tags": [tag]}] * 60
    service.http.post("/batches", json={"tasks": tasks}).raise_for_status()
    page.goto(f"/#/tasks?tag={tag}")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(50)
    page.get_by_role("link", name="Older").click()
    expect(rows).to_have_count(10)
    expect(page.get_by_text("These are the oldest.")).to_be_visible()
    page.get_by_role("button", name="Newer").click()
    expect(rows).to_have_count(50)


def test_a_task_shows_its_result_its_drawing_and_its_life(
    page: Page, service: Service, tmp_path: Path
) -> None:
    task = submit(service, BELL, name="pair", shots=100, tags=[new_tag("task")])
    page.goto(f"/#/tasks/{task}")
    expect(page.get_by_role("heading", name="pair")).to_be_visible()
    expect(page.get_by_role("region", name="Counts")).to_contain_text("00")
    drawing = page.get_by_role("region", name="Drawing of the circuit").locator("svg")
    expect(drawing).to_have_attribute("aria-label", "Circuit with 2 qubits and 4 operations")
    expect(page.get_by_role("region", name="Facts")).to_contain_text("Why this engine")
    moves = page.get_by_role("table", name="History").locator("tbody tr")
    expect(moves).to_have_count(3)
    times = page.get_by_role("table", name="Times of the task").locator("th")
    expect(times).to_have_text(
        ["Waited", "On a worker", "Compiled", re.compile("Ran on"), "Stored"]
    )
    with page.expect_download() as download:
        page.get_by_role("button", name="Program (.qasm)").click()
    download.value.save_as(tmp_path / "program")
    assert download.value.suggested_filename == "pair.qasm"
    assert (tmp_path / "program").read_text() == BELL
    with page.expect_download() as download:
        page.get_by_role("button", name="Result (JSON)").click()
    download.value.save_as(tmp_path / "result")
    assert sum(json.loads((tmp_path / "result").read_text())["result"].values()) == 100


def test_a_task_runs_again_as_it_was_submitted(page: Page, service: Service) -> None:
    body = {
        "circuit": ROTATION, "parameters": {"theta": [0.1, 0.2]}, "seed": 2**63 - 1, "shots": 9,
        "engine": "aer", "method": "density_matrix", "tags": [new_tag("again")],
        "noise": {"depolarizing": {"one_qubit": 0.25, "two_qubit": 0.0}},
        "return": ["counts", "expectation_values"], "observables": ["Z"],
    }  # fmt: skip
    task = service.http.post("/tasks?wait=30", json=body).json()["task_id"]
    page.goto(f"/#/tasks/{task}")
    page.get_by_role("button", name="Run again").click()
    expect(page.locator(".title")).not_to_contain_text(task)
    again = page.url.rsplit("/", 1)[1]
    assert service.http.get(f"/tasks/{again}/request").json() == body
    page.get_by_role("link", name="Open in Try").click()
    expect(page.get_by_text("no field for seed, method of the task")).to_be_visible()
    expect(page.get_by_label("Engine")).to_have_value("aer")
    expect(page.get_by_label("Observables")).to_have_value("Z")
    expect(page.get_by_label("Gate on one qubit")).to_have_value("0.25")


def test_a_running_task_shows_what_is_done_and_the_time_that_is_left(
    page: Page, service: Service
) -> None:
    store = FullStore(service.settings)
    slots = slot_pids(service.worker)
    for slot in slots:
        os.kill(slot, signal.SIGSTOP)  # so that no slot reports anything
    tag = new_tag("progress")
    task = submit(service, ENDLESS, wait=0, tags=[tag])
    service.running(task)
    worker = service.get(task)["history"][-1]["worker"]
    page.goto(f"/#/tasks?tag={tag}")
    row = page.get_by_role("table", name="Tasks, newest first").locator("tbody tr")
    expect(row).to_contain_text("running")
    store.record_progress(worker, {(task, 1): TaskProgress(0.426, 3661)})
    expect(row).to_contain_text("42 %, about 1 h 1 min left")  # without a reload
    bar = page.get_by_role("progressbar", name="Work that is done")
    expect(bar).to_have_attribute("value", "0.426")
    assert findings_in_themes(page) == {}
    wide = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 800})
    name, age = row.get_by_role("link").first.bounding_box(), row.locator("time").bounding_box()
    assert name and age and wide
    assert name["x"] + name["width"] <= age["x"], "the name covers the age on a small screen"
    page.set_viewport_size(wide)
    page.goto(f"/#/tasks/{task}")
    expect(bar).to_have_attribute("value", "0.426")
    store.record_progress(worker, {(task, 1): TaskProgress(0.75, 60)})
    expect(bar).to_have_attribute("value", "0.75")
    expect(page.locator(".task-progress")).to_contain_text("75 %, about")
    assert findings_in_themes(page) == {}
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".state-line")).to_contain_text("cancelled")
    expect(bar).to_have_count(0)
    store.close()
    for slot in slots:
        with suppress(ProcessLookupError):  # the slot of the task was killed
            os.kill(slot, signal.SIGCONT)


def test_a_failed_task_shows_the_line_and_the_place(page: Page, service: Service) -> None:
    page.goto(f"/#/tasks/{submit(service, WRONG)}")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("A problem in the program unknown_gate")
    expect(alert).to_contain_text("unknown gate `frobnicate`")
    expect(alert.locator("pre")).to_contain_text("4 │ frobnicate q[0];")
    expect(alert.locator(".caret")).to_have_text("^^^^^^^^^^")


def test_a_task_is_followed_until_it_is_cancelled(page: Page, service: Service) -> None:
    task = submit(service, ENDLESS, wait=0)
    page.goto(f"/#/tasks/{task}")
    status = page.locator(".state-line")
    expect(status).to_contain_text("running")
    page.get_by_role("button", name="Cancel").click()
    expect(status).to_contain_text("cancelled")
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)


def test_a_sweep_and_a_batch_have_curves(page: Page, service: Service) -> None:
    sweep = submit(service, ROTATION, parameters={"theta": ANGLES}, observables=["Z"])
    page.goto(f"/#/tasks/{sweep}")
    expect(page.get_by_role("img", name="Expectation value against theta")).to_be_visible()
    expect(page.locator(".curve canvas")).to_be_visible()
    page.get_by_text("Expectation value as a table").click()
    rows = page.get_by_role("table", name="Expectation value against theta").locator("tbody tr")
    expect(rows).to_have_count(11)
    expect(rows.last).to_contain_text("-1")
    tasks = [{"circuit": ROTATION, "parameters": {"theta": angle}} for angle in ANGLES]
    tag = new_tag("batch")
    body = {"tasks": [*tasks, {"circuit": WRONG}], "name": "steps", "tags": [tag]}
    batch = service.http.post("/batches", json=body).json()["batch_id"]
    page.goto(f"/#/batches/{batch}")
    expect(page.get_by_text("12 of 12 ended: 11 completed, 1 failed")).to_be_visible()
    expect(page.get_by_role("img", name="Share of the shots against theta")).to_be_visible()
    rows = page.get_by_role("table", name="Tasks of the batch").locator("tbody tr")
    expect(rows).to_have_count(12)
    expect(rows.last).to_contain_text("unknown gate")
    page.goto(f"/#/batches?tag={tag}")
    expect(page.get_by_role("table", name="Batches").locator("tbody tr")).to_have_count(1)


def test_text_of_users_is_never_markup(page: Page, service: Service) -> None:
    tag = f'"><script>{time.time_ns()}</script>'
    name = f"{MARKUP}'"
    program = (
        f'// {MARKUP}\ninclude "stdgates.inc";\nqubit[2] q_évil;\nbit[2] c;\nif (c < 3) h q_évil;'
    )
    fields: dict[str, Any] = {"name": name, "tags": [tag], "metadata": {"note": MARKUP}}
    completed = submit(service, program, **fields)
    failed = submit(service, f'include "{MARKUP.replace(chr(34), "")}";', **fields)
    dialogs: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.goto("/#/tasks?status=failed")
    expect(page.get_by_role("link", name=name).first).to_be_visible()
    for task in (completed, failed):
        page.goto(f"/#/tasks/{task}")
        expect(page.get_by_role("heading", name=name)).to_be_visible()
        expect(page.get_by_role("link", name=tag)).to_be_visible()
        expect(page.get_by_role("region", name="Facts")).to_contain_text(MARKUP.split('"')[0])
    page.goto(f"/#/tasks/{completed}")
    expect(page.locator(".qt-frame text")).to_have_text("if c < 3")
    assert page.locator("main img, main script").count() == 0
    assert dialogs == []


def test_no_page_of_tasks_has_a_serious_finding_of_axe(page: Page, service: Service) -> None:
    sweep = submit(service, ROTATION, parameters={"theta": ANGLES})
    batch = service.http.post("/batches", json={"tasks": [{"circuit": BELL}] * 3}).json()
    paths = {
        "tasks": "Tasks",
        "batches": "Batches",
        f"tasks/{sweep}": "Task",
        f"tasks/{submit(service, WRONG)}": "Task",
        f"batches/{batch['batch_id']}": "Batch",
    }
    findings = {}
    for path, title in paths.items():
        page.goto(f"/#/{path}")
        expect(page).to_have_title(f"{title} · QuantumTask")
        expect(page.locator("table").first).to_be_visible()
        if problems := findings_in_themes(page):
            findings[path] = problems
    assert findings == {}
