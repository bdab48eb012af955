"""Search for a task or a batch by the beginning of its id."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from quantumtask.cli.commands.terminal import exit_with

if TYPE_CHECKING:
    from quantumtask.client import Batch, Client, Task

_BEGINNING = re.compile(r"[0-9a-fA-F-]{1,36}")
"""Beginning of a UUID, or a whole one."""
_UUID_LENGTH = 36


def find_task(client: "Client", task_id: str | None) -> "Task":
    """Return the task whose id is or begins with `task_id`; for None, the latest task.

    The command ends if there is no such task, or more than one.
    """
    if task_id is None:
        return client.task(_latest_id(client))
    if not _BEGINNING.fullmatch(task_id):
        return client.task(task_id)
    ids = _check_one(task_id, _task_ids(client, task_id))
    if not ids:
        exit_with(f"no task has an id that begins with {task_id}.", 3)
    return client.task(ids[0])


def find_any(client: "Client", beginning: str) -> "Task | Batch":
    """Return the task or the batch whose id is or begins with `beginning`.

    The command ends if there is no such task or batch, or more than one.
    """
    if not _BEGINNING.fullmatch(beginning):
        return client.task(beginning)
    tasks = _task_ids(client, beginning)
    if len(beginning) == _UUID_LENGTH:
        return client.task(tasks[0]) if tasks else client.find_batch(beginning)
    batches = list(_batch_ids(client, beginning.lower()))
    if not _check_one(beginning, tasks + batches):
        exit_with(f"no task and no batch has an id that begins with {beginning}.", 3)
    return client.task(tasks[0]) if tasks else client.find_batch(batches[0])


def _check_one(beginning: str, ids: list[str]) -> list[str]:
    """Return the ids; end the command if there is more than one."""
    if len(ids) > 1:
        both = " and ".join(ids[:2])
        exit_with(f"more than one id begins with {beginning}: {both}. Write more of the id.", 2)
    return ids


def _latest_id(client: "Client") -> str:
    tasks = client.page(limit=1)["tasks"]
    if not tasks:
        exit_with("there is no task yet: submit a circuit with quantumtask submit FILE.", 3)
    return str(tasks[0]["task_id"])


def _task_ids(client: "Client", beginning: str) -> list[str]:
    """Return at most two ids of tasks that begin so."""
    return [str(task["task_id"]) for task in client.page(id_prefix=beginning, limit=2)["tasks"]]


def _batch_ids(client: "Client", beginning: str) -> Iterator[str]:
    """Yield at most two ids of batches that begin so, the newest first. Batches are few."""
    return islice((each for each in _all_batch_ids(client) if each.startswith(beginning)), 2)


def _all_batch_ids(client: "Client") -> Iterator[str]:
    cursor = None
    while True:
        page = client.batch_page(limit=100, cursor=cursor)
        yield from (str(batch["batch_id"]) for batch in page["batches"])
        if not (cursor := page["next_cursor"]):
            return
