"""Traces of tasks, as a collector gets them from both processes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.support.otlp_collector import Collector
from tests.support.services import (
    BELL,
    ENDLESS,
    Service,
    free_port,
    slot_pids,
    until,
)

Start = Callable[..., Service]

CALLER = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")


@pytest.fixture
def collector() -> Iterator[Collector]:
    one = Collector()
    yield one
    one.stop()


def test_one_trace_joins_the_processes_that_a_task_went_through(
    start: Start, collector: Collector
) -> None:
    service = start(slots=1, traces=collector.url)
    answer = service.http.post(
        "/tasks",
        json={"circuit": BELL, "shots": 77},
        headers={"traceparent": f"00-{CALLER[0]}-{CALLER[1]}-01"},
    )
    task_id = answer.json()["task_id"]
    body = service.finished(task_id)
    until(lambda: len(collector.of(task_id)) == 5, 30, service.logs)
    spans = {span.name: span for span in collector.of(task_id)}
    assert set(spans) == {"submit", "wait", "claim", "run", "commit"}
    submit, run = spans["submit"], spans["run"]
    assert (submit.service, run.service) == ("quantumtask-api", "quantumtask-worker")
    assert submit.id == task_id.replace("-", "")[16:]
    assert (submit.parent, submit.links) == ("", [CALLER])
    assert {span.parent for name, span in spans.items() if name != "submit"} == {submit.id}
    assert submit.began <= spans["claim"].ended <= run.ended <= spans["commit"].ended
    assert all(span.began <= span.ended for span in spans.values())
    assert all(span.error is None for span in spans.values())
    assert {span.attributes["quantumtask.task_id"] for span in spans.values()} == {task_id}
    worker = body["history"][1]["worker"]
    for name in ("wait", "claim", "run", "commit"):
        attributes = spans[name].attributes
        assert (attributes["quantumtask.attempt"], attributes["quantumtask.worker"]) == (1, worker)
    assert run.attributes["quantumtask.engine"] == body["engine"]
    assert run.attributes["quantumtask.method"] == body["method"]
    assert run.attributes["quantumtask.shots"] == 77


def test_a_task_that_ran_twice_has_two_runs_in_one_trace(
    start: Start, collector: Collector
) -> None:
    service = start(slots=1, traces=collector.url)
    [slot] = slot_pids(service.worker)
    os.kill(slot, signal.SIGSTOP)  # so that it does not finish the task
    task_id = service.submit()
    service.dispatched(task_id)
    os.kill(slot, signal.SIGKILL)
    body = service.finished(task_id)
    assert (body["status"], body["attempt"]) == ("completed", 2)

    def attempts_of(name: str) -> list[tuple[int, str | None]]:
        spans = [span for span in collector.of(task_id) if span.name == name]
        return [(span.attributes["quantumtask.attempt"], span.error) for span in spans]

    until(lambda: len(attempts_of("commit")) == 2, 30, service.logs)
    assert attempts_of("claim") == [(1, None), (2, None)]
    assert attempts_of("run") == [(1, "worker_crashed"), (2, None)]
    states = [
        s.attributes["quantumtask.state"] for s in collector.of(task_id) if s.name == "commit"
    ]
    assert states == ["submitted", "completed"]


def test_what_went_wrong_is_the_status_of_its_span(start: Start, collector: Collector) -> None:
    service = start(slots=1, traces=collector.url)
    wrong = service.submit("qubit q; frobnicate q;")
    service.finished(wrong)
    endless = service.submit(ENDLESS)
    service.running(endless)
    service.http.post(f"/tasks/{endless}/cancel")

    def errors(task_id: str) -> dict[str, str | None]:
        return {span.name: span.error for span in collector.of(task_id)}

    until(lambda: errors(wrong).get("commit") and "run" in errors(endless), 30, service.logs)
    assert errors(wrong)["run"] == errors(wrong)["commit"] == "unknown_gate"
    assert errors(endless)["run"] == "cancelled"
    until(lambda: "cancel" in errors(endless), 30, service.logs)
    assert errors(endless)["cancel"] is None


@pytest.mark.slow_first
def test_a_collector_that_is_away_costs_one_line_of_log_and_nothing_else(start: Start) -> None:
    service = start(slots=1, traces=f"http://127.0.0.1:{free_port()}/v1/traces")
    assert [service.run()["status"] for _ in range(5)] == ["completed"] * 5
    logs = [service.folder / f"{name}.log" for name in ("api", "worker")]
    state = "trace collector unreachable"
    until(lambda: all(state in log.read_text() for log in logs), 60, service.logs)
    assert service.run()["status"] == "completed"
    assert (service.worker.stop(), service.api.stop()) == (0, 0)
    for log in logs:
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        assert [line["level"] for line in lines if "collector" in line["event"]] == ["WARNING"]
        assert not any("opentelemetry" in line["logger"] for line in lines)


LOADED = """
import sys
import quantumtask.api.main, quantumtask.worker.main
from quantumtask.shared.settings import Settings
from quantumtask.shared.telemetry.traces import open_traces
assert open_traces(Settings(), "api") is None
print([name for name in sys.modules if name.startswith(("opentelemetry.sdk", "opentelemetry.exp"))])
"""


def test_without_the_setting_nothing_of_it_is_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"
