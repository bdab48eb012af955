"""The client's journal: its submissions and the answers, each on disk before the next."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

Counts = dict[str, int]

COMPLETED = ("completed",)


@dataclass
class Intent:
    """One submission: the states in which it may end, its counts (None: any), and its answer."""

    counts: Counts | None
    ends: tuple[str, ...] = COMPLETED
    ids: set[str] = field(default_factory=set)


class Journal:
    """A file that outlives its writer; for several threads at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def intend(self, key: str, counts: Counts | None, ends: tuple[str, ...] = COMPLETED) -> None:
        """Record that a submission under this key is about to be sent."""
        self._write({"key": key, "counts": counts, "ends": ends})

    def answered(self, key: str, task_id: str) -> None:
        """Record that it was accepted as this task."""
        self._write({"key": key, "id": task_id})

    def close(self) -> None:
        os.close(self._file)

    def _write(self, line: dict[str, object]) -> None:
        os.write(self._file, json.dumps(line).encode() + b"\n")
        os.fsync(self._file)


def read(path: Path) -> dict[str, Intent]:
    """Return the submissions of a journal by their key."""
    intents: dict[str, Intent] = {}
    for line in map(json.loads, path.read_text().splitlines()):
        if "id" in line:
            intents[line["key"]].ids.add(line["id"])
        else:
            intents[line["key"]] = Intent(line["counts"], tuple(line["ends"]))
    return intents


def accepted(intents: dict[str, Intent]) -> list[str]:
    """Return the ids of all tasks that the service has accepted."""
    return sorted(set().union(*(intent.ids for intent in intents.values())))
