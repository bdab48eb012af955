"""Progress of a task that runs for a long time, from its slot to those who wait for it."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

from quantumtask import Client
from tests.support.services import Service, slot_pids

Start = Callable[..., Service]

HISTORIES = (
    'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; c[0] = measure q[0]; '
    "if (c[0]) { x q[1]; } h q[1]; c[1] = measure q[1];"
)
SLOW: dict[str, Any] = {
    "circuit": HISTORIES,
    "shots": 1_000_000,
    "noise": {"depolarizing": {"one_qubit": 0.01}},
    "engine": "quantumtask",
    "method": "statevector",
}
"""A run of minutes on any machine, one shot after the other."""


def events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the data of each event."""
    name = ""
    for line in lines:
        name = line.removeprefix("event: ") if line.startswith("event: ") else name
        if line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def test_a_long_task_tells_its_progress_which_starts_again_with_the_next_attempt(
    start: Start,
) -> None:
    service = start(slots=1, renew_s=0.1, lease_s=5)
    task_id = service.submit(**SLOW)
    with (
        service.http.stream("GET", f"/tasks/{task_id}/events?progress=true") as answer,
        Client(service.url, progress=False) as client,
    ):
        stream = events(answer.iter_lines())
        fractions = [next_fraction(stream, attempt=1) for _ in range(3)]  # one in a second
        assert fractions == sorted(set(fractions))
        assert 0 < min(fractions) < max(fractions) < 1
        progress = service.get(task_id)["progress"]
        assert progress["fraction"] >= fractions[-1]
        assert progress["remaining_s"] > 0

        [slot] = slot_pids(service.worker)
        os.kill(slot, signal.SIGSTOP)  # its progress is the last one soon
        latest = client.task(task_id).progress()
        assert latest
        [listed] = client.page(status="running")["tasks"]
        assert listed["progress"]["fraction"] >= latest.fraction
        os.kill(slot, signal.SIGKILL)
        assert next_fraction(stream, attempt=2) < fractions[-1]
        client.task(task_id).cancel()
        assert client.task(task_id).progress() is None
        assert "progress" not in service.get(task_id)
        assert [name for name, _ in stream if name != "progress"] == ["cancelled"]


def next_fraction(stream: Iterator[tuple[str, dict[str, Any]]], attempt: int) -> float:
    """Return the next fraction of an attempt."""
    return next(
        data["fraction"]
        for name, data in stream
        if name == "progress" and data["fraction"] is not None and data["attempt"] == attempt
    )
