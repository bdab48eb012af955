"""A service that ends at a named failpoint: before or after a commit, a reply, a ring.

usage: python -m tests.reliability.chaos.failpoints FOLDER TIMES POINT,POINT... api|worker [OPTIONS]

Each failpoint ends its process this number of times in all, each time a little later; the files in
FOLDER count them.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from quantumtask.api.service.worker_client import WorkerClient
from quantumtask.cli.app import main
from quantumtask.shared.blobs import FolderStore
from quantumtask.shared.database.postgresql import Postgresql
from quantumtask.shared.database.sqlite import Sqlite
from quantumtask.shared.db import Store
from quantumtask.shared.http_server.transport import CoalescingTransport
from quantumtask.shared.submission_store import SubmissionStore
from quantumtask.shared.worker_store import WorkerStore

FREQUENT = ("submit", "answer", "ring")
"""Places that every request reaches."""

SPREAD = 3
"""Number of hits by which each end at a frequent place is later than the one before."""

PLACES = {
    "api": ("submit", "direct", "cancel", "answer", "ring"),
    "worker": ("claim", "complete", "fail", "release", "renew", "sweep", "blob"),
}
"""Steps with failpoints: commits by their move, and steps that are no commits.

`direct` is the commit of a task that has run before it is stored.
"""

SIDES = ("before", "after")
POINTS = {
    name: tuple(f"{place}.{side}" for place in places for side in SIDES)
    for name, places in PLACES.items()
}


class Failpoints:
    """The failpoints of a process, and the number of times that each ends a process."""

    def __init__(self, folder: Path, times: int, names: Sequence[str]) -> None:
        self._folder, self._times, self._names = folder, times, frozenset(names)
        self._hits: Counter[str] = Counter()

    def hit(self, point: str) -> None:
        """Count a hit of a failpoint, and end this process if the failpoint is due."""
        if point not in self._names:
            return
        ends = len(list(self._folder.glob(f"{point}.*")))
        self._hits[point] += 1
        spread = SPREAD if point.partition(".")[0] in FREQUENT else 0
        if ends < self._times and self._hits[point] > spread * ends:
            (self._folder / f"{point}.{ends}.{os.getpid()}").touch()
            os._exit(9)

    def around(self, owner: Any, name: str, places: Callable[..., Sequence[str]]) -> None:
        """Wrap a function with its failpoints, one before and one after each call."""
        inner = getattr(owner, name)

        @wraps(inner)
        def outer(*args: Any, **kwargs: Any) -> Any:
            at = places(*args, **kwargs)
            for place in at:
                self.hit(f"{place}.before")
            answer = inner(*args, **kwargs)
            for place in at:
                self.hit(f"{place}.after")
            return answer

        setattr(owner, name, outer)


def install(failpoints: Failpoints) -> None:
    """Wrap the functions of the service that have failpoints."""
    steps: dict[int, list[str]] = {}  # of the open transaction, by connection
    reclaiming: set[int] = set()

    def note(self: Store, step: str) -> None:
        steps.setdefault(id(self._database), []).append(step)

    def record(self: Store, move: str, tasks: Sequence[Any], worker: str | None) -> None:
        if tasks:
            note(self, "sweep" if id(self) in reclaiming else move)
        inner_record(self, move, tasks, worker)

    def insert_runs(self: SubmissionStore, runs: Any) -> Any:
        note(self, "submit")
        note(self, "direct")
        return inner_insert_runs(self, runs)

    def renew(self: WorkerStore, worker: str, ids: Any) -> Any:
        task_ids = list(ids)
        if task_ids:
            note(self, "renew")
        return inner_renew(self, worker, task_ids)

    def reclaim(self: WorkerStore, leases: Any) -> Any:
        reclaiming.add(id(self))
        try:
            return inner_reclaim(self, leases)
        finally:
            reclaiming.discard(id(self))

    def writes(self: Any, *, commit: bool) -> list[str]:
        open_steps = steps.pop(id(self), [])
        return open_steps if commit else []

    inner_record, inner_renew, inner_reclaim = Store._record, WorkerStore.renew, WorkerStore.reclaim
    inner_insert_runs = SubmissionStore._insert_runs
    Store._record = record  # type: ignore[method-assign]
    SubmissionStore._insert_runs = insert_runs  # type: ignore[method-assign]
    WorkerStore.renew, WorkerStore.reclaim = renew, reclaim  # type: ignore[method-assign]
    failpoints.around(Sqlite, "end", writes)
    failpoints.around(Postgresql, "end", writes)
    failpoints.around(CoalescingTransport, "_flush", answer)
    failpoints.around(FolderStore, "put", lambda *_: ["blob"])
    failpoints.around(WorkerClient, "wake", lambda *_: ["ring"])


def answer(connection: CoalescingTransport) -> list[str]:
    """Return the failpoint of a reply with the id of a task."""
    return ["answer"] if b'"submitted"' in b"".join(connection._buffer) else []


if __name__ == "__main__":
    folder, times, names = sys.argv[1:4]
    del sys.argv[1:4]
    install(Failpoints(Path(folder), int(times), names.split(",")))
    main()
