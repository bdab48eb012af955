"""The Store: tasks in the database, which holds the queue and the only state of each task.

Each process uses the Store in the form of its role: ApiStore, WorkerStore or RetentionStore.
"""

import contextlib
import uuid
from collections.abc import Callable, Iterable, Sequence
from itertools import starmap
from typing import Any, TypeVar

from quantumtask.shared.database.base import Row
from quantumtask.shared.database.batch_rows import DeletedBatchRow
from quantumtask.shared.database.connect import open_database
from quantumtask.shared.database.queries import load_queries
from quantumtask.shared.database.rows import (
    ClaimedRow,
    MovedRow,
)
from quantumtask.shared.database.usage_rows import FinalRow, to_minute_rows, to_usage_rows
from quantumtask.shared.settings import Settings

R = TypeVar("R")

_DELETIONS = (
    "delete_changes",
    "delete_tags",
    "delete_parameters",
    "delete_circuits",
    "delete_tasks",  # last: the other tables refer to it
)


class Store:
    """A connection to the database, with the queries and moves that all roles share.

    Every method of a Store is one transaction, or a part of the transaction around it. A Store is
    not for several threads at once: each thread opens its own. Every method raises
    StoreUnavailable if the database cannot be read or written; nothing is half-written then.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._writer = uuid.uuid4().hex
        self._database = open_database(settings)
        texts = load_queries(*self._database.QUERY_OVERRIDES)
        self._queries = {name: self._database.translate(text) for name, text in texts.items()}

    def transaction(self, durable: bool = True) -> contextlib.AbstractContextManager[None]:
        """Return a transaction around several calls: all of them are written, or none.

        A power cut may undo a transaction that is not `durable`. That is enough for claims and
        leases, which end with the machine anyway.
        """
        return self._database.transaction(durable)

    def changed(self) -> bool:
        """Return True if another connection has written since the last call; takes microseconds."""
        return self._database.changed()

    def identity(self) -> str:
        """Return the name that tells this database from others with the same results folder."""
        return str(self._value("identity"))

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    # Queries

    def _move(self, query: str, /, **values: Any) -> list[MovedRow]:
        """Run the query of a move and write the history of the tasks that it has moved."""
        with self.transaction():
            moved = self._select(MovedRow, query, **values)
            self._record(query.partition(".")[0], moved, values.get("worker"))
        return moved

    def _end(self, query: str, /, **values: Any) -> list[FinalRow]:
        """Run the query of a move that ends tasks; write their history and the usage."""
        with self.transaction():
            ended = self._select(FinalRow, query, **values)
            self._record_end(query.partition(".")[0], ended, values.get("worker"))
        return ended

    def _complete(self, worker: str, rows: Iterable[dict[str, Any]]) -> list[FinalRow]:
        """Write results of a worker; return the tasks that had not left their attempt."""
        tasks = list(starmap(FinalRow, self._each("complete", rows)))
        if tasks:
            self._record_end("complete", tasks, worker)
        return tasks

    def _record_end(self, move: str, tasks: Sequence[FinalRow], worker: str | None) -> None:
        """Write an entry to the history of each task, and add the tasks to usage and minutes."""
        self._record(move, tasks, worker)
        self._add_usage(tasks)

    def _add_usage(self, tasks: Sequence[FinalRow]) -> None:
        """Add tasks that have just ended to usage and minutes."""
        self._each("add_usage", to_usage_rows(tasks, self._writer))
        self._each("add_minute", to_minute_rows(tasks, self._writer))

    def _record(
        self,
        move: str,
        tasks: Sequence[MovedRow | ClaimedRow | FinalRow],
        worker: str | None,
    ) -> None:
        """Write an entry to the history of each task."""
        self._each(
            "record_change",
            (
                {
                    "sequence": task.sequence,
                    "state": task.state,
                    "attempt": task.attempt,
                    "move": move,
                    "worker": worker,
                }
                for task in tasks
            ),
        )

    def _delete_tasks(self, sequences: Sequence[int]) -> None:
        """Delete tasks that have ended, with all rows that refer to them."""
        if sequences:
            self._rows("subtract_results", sequences=sequences, writer=self._writer)
            for deletion in _DELETIONS:
                self._rows(deletion, sequences=sequences)

    def _delete_batches(self, batches: Sequence[DeletedBatchRow]) -> None:
        """Delete batches that have no tasks any more."""
        if batches:
            sequences = [batch.sequence for batch in batches]
            self._rows("delete_batch_events", ids=[batch.id for batch in batches])
            self._rows("delete_batch_tags", sequences=sequences)
            self._rows("delete_batches", sequences=sequences)

    def _select(self, row_type: Callable[..., R], query: str, /, **values: Any) -> list[R]:
        """Run a query and return its rows by name."""
        return list(starmap(row_type, self._rows(query, **values)))

    def _column(self, query: str, /, **values: Any) -> list[Any]:
        """Run a query of one column and return its values."""
        return [value for (value,) in self._rows(query, **values)]

    def _value(self, query: str, /, **values: Any) -> Any:
        """Run a query of one row and one column and return the value."""
        [(value,)] = self._rows(query, **values)
        return value

    def _rows(self, query: str, /, **values: Any) -> list[Row]:
        return self._database.rows(self._queries[query], values)

    def _each(self, query: str, values: Iterable[dict[str, Any]], /) -> list[Row]:
        """Run a query once for each of the values."""
        value_list = list(values)
        if not value_list:
            return []
        return self._database.rows_of_each(self._queries[query], value_list)
