"""Metrics of both services over HTTP, while tasks end in every way."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from quantumtask.api import metrics as of_api
from quantumtask.shared.queue_stats import QueueStats
from quantumtask.worker.telemetry import metrics as of_worker
from tests.support.postgres import Server
from tests.support.prometheus import await_sample, scrape
from tests.support.services import BELL, ENDLESS, TOO_LARGE, Service, slot_pids, until

Start = Callable[..., Service]


def test_the_worker_counts_tasks_by_how_they_end(start: Start) -> None:
    service = start(slots=1, slot_memory_mb=600)
    before = scrape(service.worker_url)
    engines = [service.run()["engine"] for _ in range(3)]
    service.run("qubit q; frobnicate q;")
    service.run(ENDLESS, timeout_s=0.5)
    service.run(TOO_LARGE)
    after = await_sample(service, "tasks_finished_total", 1, state="failed", code="out_of_memory")

    def finished_tasks(state: str, code: str = "") -> float:
        labels = {"state": state, "code": code}
        name = "tasks_finished_total"
        return after(name, **labels) - before(name, **labels)

    assert finished_tasks("completed") == 3
    assert finished_tasks("failed", "unknown_gate") == 1
    assert finished_tasks("failed", "timeout") == 1
    assert after("task_run_seconds_count", engine=engines[0]) == 3
    assert after("task_wait_seconds_count", engine=engines[0]) == 3
    assert after("task_wait_seconds_count", engine="none") == 3
    assert 0 < after("task_run_seconds_sum", engine=engines[0]) < 60
    assert after("claim_tasks_sum") == after("claim_tasks_count") == 6
    assert after("claim_duration_seconds_count") >= 6
    assert after("commit_duration_seconds_count") >= 6
    assert after("slots_ended_total", reason="timeout") == 1
    assert after("slots_ended_total", reason="out_of_memory") == 1
    assert after("slots") == 1


def test_the_worker_counts_slots_by_why_they_end(start: Start) -> None:
    service = start(slots=1, max_crashes=1)
    cancelled = service.submit(ENDLESS)
    service.running(cancelled)
    assert scrape(service.worker_url)("slots_busy") == 1
    service.http.post(f"/tasks/{cancelled}/cancel")
    after = await_sample(service, "slots_ended_total", 1, reason="cancelled")
    assert after("leases_lost_total", how="cancelled") == 1
    assert after("leases_lost_total", how="taken") == 0
    crashed = service.submit(ENDLESS)
    service.running(crashed)
    until(lambda: slot_pids(service.worker), 30)
    while service.get(crashed)["state"] == "running":
        for pid in slot_pids(service.worker):
            os.kill(pid, signal.SIGKILL)
        service.get(crashed, wait=0.2)
    after = await_sample(service, "slots_ended_total", 1, reason="killed")
    assert service.get(crashed)["error_code"] == "worker_crashed"
    await_sample(service, "tasks_finished_total", 1, state="failed", code="worker_crashed")


def test_tasks_that_run_again_because_their_chunk_took_too_long_are_counted(start: Start) -> None:
    service = start(slots=1)
    [slot] = slot_pids(service.worker)
    os.kill(slot, signal.SIGSTOP)  # which takes longer than any circuit
    batch = service.http.post("/batches", json={"tasks": [{"circuit": BELL}] * 3}).json()
    statuses = [service.finished(one)["status"] for one in batch["task_ids"]]
    assert statuses == ["completed"] * 3
    after = await_sample(service, "slots_ended_total", 1, reason="chunk_timeout")
    assert 1 <= after("chunk_retries_total") <= 3


def test_tasks_of_a_lost_worker_are_counted_by_the_one_that_takes_them(start: Start) -> None:
    service = start(slots=1, lease_s=3, renew_s=0.5)
    task_id = service.submit(ENDLESS)
    service.running(task_id)
    service.worker.kill()
    service.start_worker()
    until(lambda: service.get(task_id)["attempt"] == 2, 30, service.logs)
    await_sample(service, "leases_swept_total", 1, state="submitted")
    service.http.post(f"/tasks/{task_id}/cancel")


def test_the_api_counts_requests_and_submissions(service: Service) -> None:
    before = scrape(service.url)
    task_id = service.submit()
    service.finished(task_id)
    service.get(task_id)
    service.http.post("/tasks", json={"circuit": " "})
    service.http.post("/tasks", content=b"{")
    for _ in range(2):
        key = {"Idempotency-Key": f"once-{task_id}"}
        service.http.post("/tasks", json={"circuit": "qubit q;"}, headers=key)
    service.http.post(f"/tasks/{task_id}/cancel")
    for path in ("/nowhere", f"/nowhere/{task_id}", "/tasks/a/b/c"):
        service.http.get(path)
    after = scrape(service.url)

    def increase(name: str, **labels: str) -> float:
        return after(name, **labels) - before(name, **labels)

    requests = "http_requests_total"
    assert increase(requests, method="POST", route="/tasks", status="200") == 3
    assert increase(requests, method="POST", route="/tasks", status="400") == 2
    assert increase(requests, method="POST", route="/tasks/{task_id}/cancel", status="409") == 1
    assert increase(requests, method="GET", route="other", status="404") == 3
    assert increase("submissions_total", outcome="taken") == 2
    assert increase("submissions_total", outcome="repeated") == 1
    assert increase("submissions_total", outcome="invalid_json") == 1
    assert increase("submissions_total", outcome="invalid_request") == 1
    seconds = "http_request_duration_seconds_count"
    assert (
        increase(seconds, method="GET", route="/tasks/{task_id}") == 1
    )  # and not those that waited
    assert increase(seconds, method="POST", route="/tasks") == 5
    assert task_id not in after.text
    assert "nowhere" not in after.text


def test_a_full_queue_is_seen_from_outside(tmp_path: Path) -> None:
    service = Service(tmp_path, max_waiting_tasks=3)
    service.start_api()
    try:
        until(lambda: service.try_get("/health") == 200, 30, service.logs)
        answers = [service.http.post("/tasks", json={"circuit": "qubit q;"}) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        until(lambda: scrape(service.url)("queue_tasks", state="submitted") == 3, 30)
        value_of = scrape(service.url)
        assert value_of("queue_oldest_seconds") > 0
        assert (value_of("queue_tasks", state="running"), value_of("workers")) == (0, 0)
        assert value_of("database_up") == 1
        assert value_of("submissions_total", outcome="queue_full") == 1
        cancelled = answers[0].json()["task_id"]
        service.http.post(f"/tasks/{cancelled}/cancel")
        until(lambda: scrape(service.url)("queue_tasks", state="submitted") == 2, 30)
        assert scrape(service.url)("cancellations_total") == 1
    finally:
        service.stop()


@pytest.fixture
def server() -> Iterator[Server]:
    own = Server("fsync=off").start()
    yield own
    own.remove()


def test_a_database_that_is_away_is_told_and_does_not_hide_the_rest(
    server: Server, start: Start
) -> None:
    service = start(slots=1, database=server.url)
    assert scrape(service.url)("database_up") == 1
    server.stop()
    until(lambda: scrape(service.url)("database_up") == 0, 30, service.logs)
    value_of = scrape(service.url)
    assert "quantumtask_queue_tasks" not in value_of.names()
    assert "quantumtask_http_requests_total" in value_of.names()
    until(lambda: scrape(service.worker_url)("store_unavailable_turns_total") > 0, 30)
    server.start()
    until(lambda: scrape(service.url)("database_up") == 1, 30, service.logs)
    assert service.run()["status"] == "completed"


def test_a_scraper_gets_the_format_it_asks_for(service: Service) -> None:
    for url in (service.url, service.worker_url):
        if url is None:  # not published
            continue
        plain = httpx.get(f"{url}/metrics")
        assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
        media_type = "application/openmetrics-text; version=1.0.0"
        answer = httpx.get(f"{url}/metrics", headers={"Accept": media_type})
        assert answer.headers["content-type"].startswith(media_type)
        names = {family.name for family in text_string_to_metric_families(answer.text)}
        assert "process_cpu_seconds" in names


DOCS = Path(__file__).parents[2] / "docs" / "how-to"


def declared_metrics(module: object) -> list[MetricWrapperBase]:
    return [each for each in vars(module).values() if isinstance(each, MetricWrapperBase)]


def row(name: str, kind: str, labels: tuple[str, ...], documentation: str) -> str:
    return f"| `{name}` | {kind} | {', '.join(labels)} | {documentation} |"


def rows(module: object) -> list[str]:
    """Return the rows of a service's metrics that the page must contain."""
    metric_rows = []
    for metric in declared_metrics(module):
        [family] = metric.describe()
        name = family.name + "_total" * (family.type == "counter")
        metric_rows.append(row(name, family.type, metric._labelnames, family.documentation))
    return metric_rows


def queue_rows() -> list[str]:
    of_api.render_metrics("", QueueStats((), 0, 0, None))
    return [
        row(family.name, family.type, tuple(family.samples[0].labels), family.documentation)
        for family in of_api.REGISTRY.collect()
        if family.type == "gauge" and family.name.startswith("quantumtask_")
    ]


def test_the_page_of_metrics_has_every_metric() -> None:
    page = (DOCS / "metrics.md").read_text()
    of_both = dict.fromkeys(rows(of_api) + queue_rows())
    for table in (list(of_both), rows(of_worker)):
        assert len(table) > 5
        text = "\n".join(table)
        assert text in page, text


def test_alerts_and_advice_name_no_metric_that_there_is_not() -> None:
    tables = "\n".join([*rows(of_api), *queue_rows(), *rows(of_worker)])
    metric_names = set(re.findall(r"^\| `(\w+)`", tables, re.MULTILINE))
    for page in ("alerts.yml", "metrics.md"):
        named = set(re.findall(r"quantumtask_\w+", (DOCS / page).read_text()))
        assert len(named) >= 5
        unknown_names = {re.sub("_(sum|count|bucket)$", "", name) for name in named} - metric_names
        assert unknown_names == set()


def test_there_are_five_alerts_and_each_says_what_is_wrong() -> None:
    rules = (DOCS / "alerts.yml").read_text().split("- alert: ")[1:]
    assert len(rules) == 5
    assert all("expr: " in rule and "summary: " in rule for rule in rules)
