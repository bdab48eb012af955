"""Tasks, batches, backends and engines as a notebook shows them."""

import re
import sys
import threading
from typing import Any

import pytest

from quantumtask.client import Batch, Client, Task, notebook
from quantumtask.client.connection import Connection
from quantumtask.client.notebook import BackendTable, EngineTable, batch_html, task_html
from tests.support.services import BELL, ENDLESS, Service

XSS = "<script>alert(1)</script>"


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def task(**fields: Any) -> dict[str, Any]:
    return {"task_id": "t1", "status": "pending", "state": "submitted", **fields}


def test_a_waiting_task_has_its_position_and_says_that_no_worker_runs() -> None:
    waiting = task(name="bell", queue={"position": 1234, "expected_start": None})
    assert words(task_html(waiting)) == (
        "● submitted bell · t1 position 1,234 in the queue · no worker is running"
    )


def test_a_running_task_has_a_bar_of_what_is_done_and_the_time_that_is_left() -> None:
    running = task(state="running", progress={"fraction": 0.5, "remaining_s": 65.2})
    assert words(task_html(running)) == "● running task · t1 50 %, about 0:01:05 left"
    assert "width:" in task_html(running)
    guessed = task(state="running", progress={"fraction": None, "remaining_s": 9})
    assert words(task_html(guessed)) == "● running task · t1 about 0:00:09 left (estimate)"


def test_an_ended_task_has_its_result_or_the_reasons_of_its_failure() -> None:
    done = task(status="completed", state="completed", result={"00": 5}, shots=5, running_ms=1500)
    assert words(task_html(done)) == "● completed task · t1 ran 1.5 s 5 shots counts 00 5"
    errors = [{"message": "unknown gate", "line": 3, "column": 1}, {"message": "too deep"}]
    failed = task(status="failed", state="failed", error="unknown gate", errors=errors)
    assert words(task_html(failed)) == (
        "● failed task · t1 ⚠ line 3, column 1: unknown gate ⚠ too deep"
    )
    left_out = task(status="completed", state="completed", result=None, data=None, result_url="/x")
    assert words(task_html(left_out)) == "● completed task · t1"


def test_nothing_that_others_wrote_is_html() -> None:
    states = {XSS: 1}
    backends = [{"name": XSS, "qubits": XSS, "description": XSS}]
    methods = [dict.fromkeys(("name", "precision", "most_qubits", "runs"), XSS)]
    engines = [{"name": XSS, "version": XSS, "installed": True, "methods": methods}]
    pieces = [
        task_html(task(name=XSS, task_id=XSS, state=XSS)),
        task_html(task(status="failed", error=XSS, errors=[{"message": XSS}])),
        task_html(task(status="completed", state="completed", result={XSS: 1}, name=XSS)),
        batch_html({"batch_id": XSS, "name": XSS, "states": states}, 1),
        BackendTable(backends=backends)._repr_html_(),
        notebook.backend_html({**backends[0], "qubits": 1, "basis_gates": [XSS]}),
        EngineTable(engines=engines)._repr_html_(),
    ]
    for piece in pieces:
        assert "<script" not in piece
        assert "&lt;script" in piece


def test_a_batch_has_its_progress_and_the_numbers_of_its_states() -> None:
    states = {"submitted": 5, "running": 1, "completed": 3, "failed": 1, "cancelled": 0}
    shown = batch_html({"batch_id": "b", "name": "scan", "states": states}, 10)
    assert words(shown) == (
        "● running scan · b 4 of 10 ended: 5 submitted, 1 running, 3 completed, 1 failed"
    )
    assert [float(w) for w in re.findall(r"width:([\d.]+)px;background", shown)] == [78, 26, 26]
    new = Batch(Connection(None, None, 1), {"batch_id": "b", "task_ids": ["t"] * 3})
    assert words(new._repr_html_()) == "● submitted batch · b 0 of 3 ended: 3 submitted"


class Display:
    """IPython.display, as far as it is used: it records what is shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.final = threading.Event()

    HTML = staticmethod(lambda text: text)

    def display(self, html: str, display_id: bool) -> "Display":
        assert display_id
        self.shown.append(html)
        return self

    def update(self, html: str) -> None:
        self.shown.append(html)
        if re.search("● (completed|failed|cancelled)|no longer", html):
            self.final.set()


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Display:
    recorder = Display()
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setitem(sys.modules, "IPython", sys)
    monkeypatch.setitem(sys.modules, "IPython.display", recorder)
    return recorder


def test_a_task_is_shown_until_it_ends(service: Service, display: Display) -> None:
    with Client(service.url) as client:
        waiting = client.submit(ENDLESS)
        waiting._ipython_display_()
        assert "● submitted" in display.shown[0]
        waiting.cancel()
        assert display.final.wait(30)
        assert "● cancelled" in display.shown[-1]


def test_a_batch_is_shown_until_its_last_task_ends(service: Service, display: Display) -> None:
    with Client(service.url) as client:
        client.batch([BELL, BELL])._ipython_display_()
        assert display.final.wait(30)
        assert "2 of 2 ended: 2 completed" in display.shown[-1]


def test_a_display_says_that_the_service_is_gone(display: Display) -> None:
    Task(Connection("http://127.0.0.1:9", None, 1), task())._ipython_display_()
    assert display.final.wait(30)
    assert "no longer updated: No QuantumTask service answers" in display.shown[-1]


def test_outside_of_a_notebook_the_object_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    Task(Connection(None, None, 1), task())._ipython_display_()
    assert capsys.readouterr().out == "Task('t1', submitted)\n"


def test_backends_and_engines_are_tables_and_json(service: Service) -> None:
    with Client(service.url) as client:
        backends, engines = client.backends(), client.engines()
    assert backends == dict(backends)
    assert "simulator" in words(backends._repr_html_())
    assert "lightning" in words(engines._repr_html_())
