"""The thread that stores submissions: single tasks together, each batch by itself."""

from collections.abc import Callable
from functools import partial
from typing import Any

from quantumtask.api import metrics
from quantumtask.api.service.micro_batcher import MicroBatcher
from quantumtask.shared.api_store import ApiStore
from quantumtask.shared.batch import NewBatch
from quantumtask.shared.direct_run import DirectRun
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Submission, Task

SubmissionRun = tuple[Submission, DirectRun | None]
Item = SubmissionRun | NewBatch


class SubmissionWriter:
    """Stores the submissions that wait, in one transaction.

    Attributes:
        submissions: Takes a batch, or a task and its direct run, if it had one. Returns the id;
            with a direct run the Task, unless an earlier task has the same key.
    """

    def __init__(self, settings: Settings) -> None:
        self._store = ApiStore(settings)
        self.submissions: MicroBatcher[Item, Any] = MicroBatcher("submissions", self._write)

    def stop(self) -> None:
        """Store what waits, and close."""
        self.submissions.stop()
        self._store.close()

    def _write(self, items: list[Item]) -> list[Any]:
        """Store single tasks in one transaction, and each batch in one of its own."""
        tasks = [each for each in items if not isinstance(each, NewBatch)]
        stored: Any = []
        if tasks:
            stored = call_or_error(lambda store: _store_tasks(store, tasks), self._store)
        outcomes = iter([stored] * len(tasks) if isinstance(stored, Exception) else stored)
        return [
            call_or_error(partial(ApiStore.submit_batch, batch=each), self._store)
            if isinstance(each, NewBatch)
            else next(outcomes)
            for each in items
        ]


def _store_tasks(store: ApiStore, new: list[SubmissionRun]) -> list[Any]:
    """Return the outcome of each task, after the commit of all."""
    runs = {submission.id: run for submission, run in new if run}
    answers = store.submit([submission for submission, _ in new], runs)
    if runs:
        metrics.count_direct_runs(sum(isinstance(answer, Task) for answer in answers))
    return answers


def call_or_error(function: Callable[[ApiStore], Any], store: ApiStore) -> Any:
    """Return what the function returns, or the exception that it raises."""
    try:
        return function(store)
    except Exception as error:  # of the database driver: raised to the caller
        return error
