"""Log lines of the services about tasks."""

import json
import os
import signal
from collections.abc import Callable
from typing import Any

from tests.support.services import ENDLESS, Service, slot_pids, until

Start = Callable[..., Service]


def lines(service: Service) -> list[dict[str, Any]]:
    text = "".join(log.read_text() for log in service.folder.glob("*.log"))
    # The fork server of a Worker that is killed may end with a word of Python's own.
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_every_line_about_a_task_has_its_id_and_its_attempt(start: Start) -> None:
    service = start(slots=1, lease_s=3, renew_s=0.5)
    fine = service.run()["task_id"]
    wrong = service.run("qubit q; frobnicate q;")["task_id"]

    [slot] = slot_pids(service.worker)
    os.kill(slot, signal.SIGSTOP)  # so that it does not finish the task
    crashed = service.submit()
    service.dispatched(crashed)
    os.kill(slot, signal.SIGKILL)
    assert service.finished(crashed)["attempt"] == 2
    late = service.run(ENDLESS, timeout_s=0.5)["task_id"]

    lost = service.submit(ENDLESS)
    service.running(lost)
    service.worker.kill()
    service.start_worker()
    until(lambda: service.get(lost)["attempt"] == 2, 30, service.logs)
    service.http.post(f"/tasks/{lost}/cancel")

    def about(task_id: str) -> set[tuple[str, int]]:
        return {(x["event"], x["attempt"]) for x in lines(service) if x.get("task_id") == task_id}

    until(lambda: ("slot ended", 2) in about(lost), 30, service.logs)
    assert about(fine) == set()
    assert about(wrong) >= {("task failed", 1)}
    assert about(late) >= {("slot ended", 1), ("task failed", 1)}
    assert about(crashed) >= {("slot ended", 1), ("task requeued", 1)}
    assert about(lost) >= {
        ("task reclaimed from a lost worker", 1),
        ("task cancelled", 2),
        ("lease lost", 2),
        ("slot ended", 2),
    }
    for line in lines(service):
        if any(task_id in json.dumps(line) for task_id in (fine, wrong, late, crashed, lost)):
            assert {"task_id", "attempt"} <= line.keys(), line
    codes = {line["code"] for line in lines(service) if line["event"] == "task failed"}
    assert codes >= {"unknown_gate", "timeout"}
    reasons = {line["reason"] for line in lines(service) if line["event"] == "slot ended"}
    assert reasons >= {"timeout", "killed", "cancelled"}
