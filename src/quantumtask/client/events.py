"""The changes of a task's state, or of a batch's tasks, as the service streams them."""

from collections.abc import Iterator
from dataclasses import dataclass
from json import loads

from quantumtask.client.connection import Connection, Json
from quantumtask.client.errors import ServiceError

POLL_S = 2.0
FINAL = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class Event:
    """One change: `state` it led to, when (RFC 3339, UTC), by which move, at which attempt."""

    task_id: str
    state: str
    at: str
    move: str
    attempt: int
    item: int | None = None
    """Of a batch: the task's place in it."""


def events(connection: Connection, where: str) -> Iterator[Event]:
    """Every change, each once, however often the connection is lost; ends with the last one.

    A service that has no events is asked for the task's history instead.
    """
    try:
        yield from _streamed(connection, where)
    except ServiceError as error:
        if error.code != "not_found" or not where.startswith("/tasks/"):
            raise
        yield from _polled(connection, where)


def _streamed(connection: Connection, where: str) -> Iterator[Event]:
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
    """Id, event and data of each message; comments, the heartbeat, are passed over."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if not line and "data" in fields:
            yield fields.get("id", ""), fields.get("event", ""), fields["data"]
        if not line:
            fields = {}
        elif name:
            fields[name] = value.removeprefix(" ")


def _event(told: Json, task_id: str = "") -> Event:
    return Event(
        task_id=told.get("task_id") or task_id,
        state=told["state"],
        at=told["at"],
        move=told["move"],
        attempt=told["attempt"],
        item=told.get("item"),
    )


def _polled(connection: Connection, where: str) -> Iterator[Event]:
    seen, wait = 0, 0.0
    while True:
        task = connection.json(
            "GET", where, params={"wait": f"{wait:g}"}, timeout=wait + connection.timeout
        )
        history = task["history"]
        for change in history[seen:]:
            yield _event(change, task["task_id"])
        seen, wait = len(history), POLL_S
        if task["status"] != "pending":
            return
