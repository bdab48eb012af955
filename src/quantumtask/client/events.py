"""Streams of state changes of a task or of a batch."""

from collections.abc import Iterator
from dataclasses import dataclass
from json import loads

from quantumtask.client.connection import Connection, Json
from quantumtask.client.errors import ServiceError

POLL_S = 2.0
FINAL = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class Event:
    """Change of state: the new state, the time (RFC 3339, UTC), the move and the attempt."""

    task_id: str
    state: str
    at: str
    move: str
    attempt: int
    item: int | None = None
    """Position of the task in its batch; None outside of batches."""


def events(connection: Connection, where: str) -> Iterator[Event]:
    """Yield every change once, up to the final one, across lost connections.

    For a service without event streams, the history of the task takes their place.
    """
    try:
        yield from _stream_events(connection, where)
    except ServiceError as error:
        if error.code != "not_found" or not where.startswith("/tasks/"):
            raise
        yield from _poll_events(connection, where)


def _stream_events(connection: Connection, where: str) -> Iterator[Event]:
    last = ""
    lines = connection.follow(
        where + "/events",
        "text/event-stream",
        lambda: ({}, {"Last-Event-ID": last} if last else {}),
    )
    for number, kind, data in _messages(lines):
        last = number or last
        if kind == "end":
            return
        event = _event(loads(data))
        yield event
        if event.item is None and event.state in FINAL:
            return


def _messages(lines: Iterator[str]) -> Iterator[tuple[str, str, str]]:
    """Yield the id, the event and the data of each message, without keep-alive comments."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if not line and "data" in fields:
            yield fields.get("id", ""), fields.get("event", ""), fields["data"]
        if not line:
            fields = {}
        elif name:
            fields[name] = value.removeprefix(" ")


def _event(change: Json, task_id: str = "") -> Event:
    return Event(
        task_id=change.get("task_id") or task_id,
        state=change["state"],
        at=change["at"],
        move=change["move"],
        attempt=change["attempt"],
        item=change.get("item"),
    )


def _poll_events(connection: Connection, where: str) -> Iterator[Event]:
    count, wait = 0, 0.0
    while True:
        task = connection.json(
            "GET", where, params={"wait": f"{wait:g}"}, timeout=wait + connection.timeout
        )
        history = task["history"]
        for change in history[count:]:
            yield _event(change, task["task_id"])
        count, wait = len(history), POLL_S
        if task["status"] != "pending":
            return
