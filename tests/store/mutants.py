"""Stores without one of their guards, to prove that a test notices each missing guard.

usage: python mutants.py MUTANT api|worker [OPTIONS]
"""

import sys
import threading
from collections.abc import Callable, Mapping, Sequence

from quantumtask.cli.app import main
from quantumtask.shared import db
from quantumtask.shared.api_store import ApiStore
from quantumtask.shared.database.queries import load_queries
from quantumtask.shared.database.sqlite import Sqlite
from quantumtask.shared.direct_run import DirectRun
from quantumtask.shared.errors import QuantumTaskError
from quantumtask.shared.submission_store import NO_RUNS, SubmissionStore
from quantumtask.shared.task import Submission, Task
from quantumtask.shared.worker_store import WorkerStore

whole = load_queries()


def no_attempt() -> None:
    """Let any worker that ever held a task write its result."""
    changed = {name: text.replace(" AND attempt = :attempt", "") for name, text in whole.items()}
    assert changed != whole
    db.load_queries = lambda *_: changed  # type: ignore[attr-defined,assignment]


def id_before_commit() -> None:
    """Return the id to the client before the task is written."""

    def submit(
        self: SubmissionStore,
        submissions: Sequence[Submission],
        runs: Mapping[str, DirectRun] = NO_RUNS,
    ) -> list[str | Task | QuantumTaskError]:
        threading.Timer(0.3, late, (self, list(submissions), runs)).start()
        return [s.id for s in submissions]

    def late(
        self: SubmissionStore, submissions: list[Submission], runs: Mapping[str, DirectRun]
    ) -> None:
        other = ApiStore(self._settings)
        honest(other, submissions, runs)
        other.close()

    honest = SubmissionStore.submit
    SubmissionStore.submit = submit  # type: ignore[method-assign]


def no_sync() -> None:
    """Commit without a sync: a power cut may undo what was answered."""

    def synchronize(self: Sqlite, _: bool) -> None:
        self._connection.pragma("synchronous", "normal")

    Sqlite._synchronize = synchronize  # type: ignore[method-assign,assignment]


def no_sweep() -> None:
    """Reclaim no task from a lost worker."""
    WorkerStore.reclaim = lambda *_: []  # type: ignore[method-assign]


def no_fair_tag() -> None:
    """Claim tasks in the order of submission."""
    changed = {**whole, "claim": whole["claim"].replace("rank, fair, sequence", "rank, sequence")}
    assert changed["claim"].count("ORDER BY rank, sequence") == 2
    db.load_queries = lambda *_: changed  # type: ignore[attr-defined,assignment]


def no_project() -> None:
    """Show the tasks of every project to everyone."""
    condition, none = ":project IN ('*', project)", ":project IS NOT NULL"
    changed = {name: text.replace(condition, none) for name, text in whole.items()}
    assert changed != whole
    db.load_queries = lambda *_: changed  # type: ignore[attr-defined,assignment]


MUTANTS: dict[str, Callable[[], None]] = {
    "no_attempt": no_attempt,
    "id_before_commit": id_before_commit,
    "no_sync": no_sync,
    "no_sweep": no_sweep,
    "no_fair_tag": no_fair_tag,
    "no_project": no_project,
}

if __name__ == "__main__":
    MUTANTS[sys.argv.pop(1)]()
    main()
