"""The client's journal: its submissions and the answers, each on disk before the next."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

Counts = dict[str, int]

COMPLETED = ("completed",)


@dataclass
class SubmissionRecord:
    """A submission: its expected counts (None: any), its final states, and the answered ids."""

    counts: Counts | None
    ends: tuple[str, ...] = COMPLETED
    ids: set[str] = field(default_factory=set)


class Journal:
    """A file with each submission and answer, for several threads; it survives a crash."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def record_submission(
        self, key: str, counts: Counts | None, ends: tuple[str, ...] = COMPLETED
    ) -> None:
        """Record that a submission under this key is about to be sent."""
        self._write({"key": key, "counts": counts, "ends": ends})

    def record_answer(self, key: str, task_id: str) -> None:
        """Record that the submission under this key was accepted as this task."""
        self._write({"key": key, "id": task_id})

    def close(self) -> None:
        os.close(self._file)

    def _write(self, line: dict[str, object]) -> None:
        os.write(self._file, json.dumps(line).encode() + b"\n")
        os.fsync(self._file)


def read(path: Path) -> dict[str, SubmissionRecord]:
    """Return the submissions of a journal by their key."""
    records: dict[str, SubmissionRecord] = {}
    for line in map(json.loads, path.read_text().splitlines()):
        if "id" in line:
            records[line["key"]].ids.add(line["id"])
        else:
            records[line["key"]] = SubmissionRecord(line["counts"], tuple(line["ends"]))
    return records


def accepted(records: dict[str, SubmissionRecord]) -> list[str]:
    """Return the ids of all tasks that the service has accepted."""
    return sorted(set().union(*(record.ids for record in records.values())))
