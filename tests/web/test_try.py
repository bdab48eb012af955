"""The page Try: write a program, run it, see its result, take it along."""

import contextlib
import io
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.browser import serious_findings
from tests.support.services import Service, until

pytestmark = pytest.mark.xdist_group("web")

RESULTS = {
    "Bell pair": ["Counts", "State before the measurement", "Qubit 1"],
    "GHZ state of five qubits": ["Counts", "11111"],
    "Teleportation with measurements": ["Counts"],
    "Energy of H2 with two parameters": ["−1.652752", "Qubit 0"],
    "Grover search among eight": ["101", "Qubit 2"],
    "Noise of gates and readout": ["Counts", "noise of the given rates"],
}
"""Each example, and texts of its result."""


def write(page: Page, text: str) -> None:
    """Write a program over the one in the editor."""
    editor = page.get_by_role("textbox", name="Program in OpenQASM")
    editor.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(text)


def open_example(page: Page, title: str) -> None:
    page.get_by_label("Example").select_option(label=title)
    is_checked(page, "No problems")


def is_checked(page: Page, summary: str) -> None:
    """Wait for the answer of the service about the program as it is now."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    expect(page.locator(".problems[data-old=false]")).to_contain_text(summary)


def result(page: Page, title: str = "completed") -> None:
    expect(page.get_by_text(f"The task is {title}")).to_be_attached()


def test_every_example_runs_and_shows_its_result(page: Page) -> None:
    page.goto("/")
    findings = {}
    for title, texts in RESULTS.items():
        open_example(page, title)
        page.get_by_role("button", name="Run", exact=True).click()
        result(page)
        shown = page.get_by_role("region", name="Result")
        for text in texts:
            expect(shown.get_by_text(text).first).to_be_visible()
        if title in ("Bell pair", "Grover search among eight") and (
            problems := serious_findings(page)
        ):
            findings[title] = problems
        page.reload()
    assert findings == {}


def test_all_problems_show_as_one_types_and_lead_to_their_place(page: Page) -> None:
    page.goto("/")
    write(page, "OPENQASM 3.0;\nqubit[2] q;\nhh q[0];\nh q[7];\n")
    is_checked(page, "2 errors, 1 warning")
    expect(page.locator(".cm-lintRange-error")).to_have_count(2)
    page.get_by_role("button", name="4:5").click()
    page.keyboard.type("0]; //")
    is_checked(page, "1 error, 1 warning")


def test_an_answer_about_an_earlier_text_is_dropped(page: Page) -> None:
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if "frobnicate" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.goto("/")
    page.route("**/validate", hold_first)
    with page.expect_request(lambda each: "frobnicate" in (each.post_data or "")):
        write(page, "qubit q; frobnicate q;")
    write(page, 'include "stdgates.inc"; qubit q; bit c; h q; c = measure q;')
    is_checked(page, "No problems")
    with contextlib.suppress(Exception):  # the page has withdrawn the request
        held[0].continue_()
    expect(page.get_by_text("frobnicate", exact=False)).to_have_count(0)


def test_the_estimate_of_an_earlier_text_is_not_shown(page: Page) -> None:
    page.goto("/")
    open_example(page, "Bell pair")
    prediction = page.locator(".prediction")
    expect(prediction).to_contain_text("about")
    page.route("**/estimate", lambda _: None)  # the answer does not come
    with page.expect_request("**/estimate"):
        write(page, "qubit[3] q; bit[3] c; c = measure q;")
        expect(prediction).to_contain_text("3 qubits")
    expect(prediction).not_to_contain_text("about")


def test_a_failure_shows_the_line_and_the_keyboard_runs(page: Page) -> None:
    page.goto("/")
    write(page, 'include "stdgates.inc";\nqubit q;\nhh q;\n')
    page.keyboard.press("ControlOrMeta+Enter")
    result(page, "failed")
    shown = page.get_by_role("region", name="Result")
    expect(shown.get_by_text("unknown gate `hh`")).to_be_visible()
    expect(shown.get_by_text("^^", exact=True)).to_be_visible()


def test_an_input_has_a_slider_and_its_value_is_sent(page: Page, service: Service) -> None:
    page.goto("/")
    write(page, "input float theta; input uint[3] n; input bool b; qubit q; bit c; "
                "U(theta, 0, 0) q; c = measure q;")  # fmt: skip
    page.get_by_role("slider", name="theta").fill("3.14")
    page.get_by_role("slider", name="n", exact=True).fill("5")
    page.get_by_role("checkbox", name="b", exact=True).check()
    page.get_by_role("button", name="Run", exact=True).click()
    result(page)
    [task] = service.http.get("/tasks", params={"limit": 1}).json()["tasks"]
    sent = service.http.get(f"/tasks/{task['task_id']}").json()["parameters"]
    assert sent == {"theta": 3.14, "n": 5, "b": True}


def test_a_large_program_runs_without_its_state_and_shows_all_of_its_counts(page: Page) -> None:
    page.goto("/")
    open_example(page, "Bell pair")
    write(page, "qubit[40] q; bit[40] c; for int i in [0:39] U(pi/2, 0, pi) q[i]; c = measure q;")
    is_checked(page, "No problems")
    expect(page.get_by_label("State vector (up to 12 qubits)")).to_be_disabled()
    page.get_by_label("Shots").fill("4000")
    page.get_by_role("button", name="Run", exact=True).click()
    result(page)
    expect(page.get_by_role("region", name="Result").get_by_role("table")).to_contain_text(
        "0.025 %"
    )


def test_without_a_measurement_the_result_says_why_it_has_no_counts(page: Page) -> None:
    page.goto("/")
    open_example(page, "Bell pair")
    write(page, "qubit[2] q; U(pi/2, 0, pi) q[0];")
    is_checked(page, "bit[2] c = measure q;")
    page.get_by_role("button", name="Run", exact=True).click()
    result(page)
    shown = page.get_by_role("region", name="Result")
    expect(shown.get_by_text("nothing is measured")).to_be_visible()
    expect(shown.get_by_text("Amplitudes")).to_be_attached()


def test_wrong_observables_are_named_and_the_service_explains_refusals(
    page: Page, console: list[str]
) -> None:
    page.goto("/")
    observables = page.get_by_label("Observables")
    observables.fill("ZZ, 0.5 QQ")
    expect(page.get_by_text('"0.5 QQ" is no term')).to_be_visible()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    observables.fill("ZZZ")
    page.get_by_role("button", name="Run", exact=True).click()
    result(page, "failed")
    expect(page.get_by_role("region", name="Result").get_by_role("alert")).to_contain_text("ZZZ")
    console.clear()


def test_the_program_of_a_task_can_be_opened_and_stays_after_a_reload(
    page: Page, service: Service
) -> None:
    circuit = "// of an earlier task\nqubit q; bit c; c = measure q;"
    task_id = service.submit(circuit)
    page.goto(f"/#/?task={task_id}")
    editor = page.get_by_role("textbox", name="Program in OpenQASM")
    expect(editor).to_contain_text("of an earlier task")
    page.goto("/#/tasks")
    page.goto("/")
    page.reload()
    expect(editor).to_contain_text("of an earlier task")


def shell(text: str) -> str:
    return subprocess.run(
        ["bash", "-c", text], capture_output=True, text=True, check=True, timeout=60
    ).stdout


def python(text: str) -> str:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(text, "snippet", "exec"), {})
    return output.getvalue()


TABS: dict[str, Callable[[str], str]] = {"curl": shell, "Python": python, "Qiskit": python}
OUTPUTS = {
    "Bell pair": {"curl": '"11":', "Python": "'11':", "Qiskit": "'11':"},
    "GHZ state of five qubits": {"curl": '"11111":', "Python": "'11111':", "Qiskit": "'11111':"},
    "Teleportation with measurements": {"curl": '"100":', "Python": "'100':", "Qiskit": "'100':"},
    "Energy of H2 with two parameters": dict.fromkeys(("curl", "Python", "Qiskit"), "-1.65275"),
    "Grover search among eight": {"curl": '"101":', "Python": "'101':", "Qiskit": "'101':"},
    "Noise of gates and readout": {"curl": '"1":', "Python": "'1':", "Qiskit": "'1':"},
}  # fmt: skip
"""Each example, and a part of the output of each of its programs."""


@pytest.mark.filterwarnings("ignore")  # of Qiskit's importer
def test_each_of_the_other_ways_runs_and_gives_the_same(page: Page) -> None:
    page.goto("/")
    for title, outputs in OUTPUTS.items():
        open_example(page, title)
        for tab, run in TABS.items():
            page.get_by_role("tab", name=tab).click()
            text = page.get_by_role("region", name=f"The same in {tab}").inner_text()
            assert outputs[tab] in run(text), (title, tab)


def test_a_gate_of_the_drawing_leads_to_its_line(page: Page) -> None:
    page.goto("/")
    page.locator(".qt-mark").first.hover()
    expect(page.locator(".marked-line")).to_have_text("h q[0];")


def test_without_a_worker_the_page_says_so(page: Page, tmp_path: Path, console: list[str]) -> None:
    alone = Service(tmp_path, slots=1)
    try:
        alone.start_api()
        until(lambda: alone.try_get("/health") == 200, 60, alone.logs)
        page.goto(alone.url)
        expect(page.get_by_text("No worker is running:")).to_be_visible()
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.get_by_text("the task waits until one starts")).to_be_visible()
        page.get_by_role("button", name="Cancel").click()
        result(page, "cancelled")
    finally:
        alone.stop()
    console[:] = [each for each in console if not each.startswith("Failed to load resource")]
