"""Stores without one of their guards, to prove that a test notices each missing guard.

usage: python mutants.py MUTANT api|worker [OPTIONS]
"""

import sys
import threading
from collections.abc import Callable, Sequence

from quantumtask.cli.app import main
from quantumtask.shared import db
from quantumtask.shared.api_store import ApiStore
from quantumtask.shared.database.queries import load_queries
from quantumtask.shared.errors import QuantumTaskError
from quantumtask.shared.submission_store import SubmissionStore
from quantumtask.shared.task import Submission
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
        self: SubmissionStore, submissions: Sequence[Submission]
    ) -> list[str | QuantumTaskError]:
        threading.Timer(0.3, late, (self, list(submissions))).start()
        return [s.id for s in submissions]

    def late(self: SubmissionStore, submissions: list[Submission]) -> None:
        other = ApiStore(self._settings)
        honest(other, submissions)
        other.close()

    honest = SubmissionStore.submit
    SubmissionStore.submit = submit  # type: ignore[method-assign]


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
    "no_sweep": no_sweep,
    "no_fair_tag": no_fair_tag,
    "no_project": no_project,
}

if __name__ == "__main__":
    MUTANTS[sys.argv.pop(1)]()
    main()
