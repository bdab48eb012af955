"""The interface of a database. SQLite and PostgreSQL have a file each, with their driver."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from quantumtask.shared.errors import StoreUnavailable

Row = tuple[Any, ...]


class ServerInfo(NamedTuple):
    """Name, version and settings of the database server, as it reports them itself."""

    name: str
    version: tuple[int, ...]
    settings: Mapping[str, Any]


class Database(ABC):
    """One connection to a database, for one thread at a time.

    After a commit has returned, its transaction survives a power cut. Every error of the database
    is raised as StoreUnavailable, with the whole transaction written or nothing of it; the next
    call connects again.
    """

    QUERY_OVERRIDES: ClassVar[tuple[str, ...]] = ()
    """Files of SQL whose queries replace those of the same name in queries.sql."""

    NEWEST_SCHEMA: ClassVar[int]
    """The version of the schema that this release creates."""

    _in_transaction = False

    def transaction(self, durable: bool = True) -> contextlib.AbstractContextManager[None]:
        """Return a transaction: all writes inside are committed together, or none.

        Transactions nest; the outermost one counts. A power cut may undo one that is not
        `durable`; a crash of a process does not.
        """
        return _NESTED if self._in_transaction else _Transaction(self, durable)

    @abstractmethod
    def migrate(self) -> None:
        """Bring the schema up to date; safe to call from several processes at once."""

    @abstractmethod
    def schema_version(self) -> int:
        """Return the version of the schema; 0 for an empty database."""

    @abstractmethod
    def server_info(self) -> ServerInfo:
        """Return name, version and settings of the server."""

    @staticmethod
    @abstractmethod
    def translate(query: str) -> str:
        """Return a query of the SQL files in the dialect of this database."""

    @abstractmethod
    def begin(self, durable: bool) -> None:
        """Begin a transaction."""

    @abstractmethod
    def end(self, *, commit: bool) -> None:
        """Commit the transaction, or roll it back."""

    @abstractmethod
    def check_room(self) -> None:
        """Raise StoreUnavailable if the database knows that it has no room for more tasks."""

    @abstractmethod
    def rows(self, query: str, values: Mapping[str, Any]) -> list[Row]:
        """Run a query and return its rows; a value may be a list."""

    @abstractmethod
    def rows_of_each(self, query: str, values: Sequence[Mapping[str, Any]]) -> list[Row]:
        """Run a query once for each of the values, in order, and return all rows."""

    @abstractmethod
    def changed(self) -> bool:
        """Return True if another connection committed since the last call; takes microseconds."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection."""


_NESTED = contextlib.nullcontext()


class _Transaction:
    def __init__(self, database: Database, durable: bool) -> None:
        self._database = database
        self._durable = durable

    def __enter__(self) -> None:
        self._database.begin(self._durable)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._database.end(commit=kind is None)


class ErrorTranslation:
    """A context that raises errors of a driver as StoreUnavailable, except those of wrong SQL."""

    def __init__(self, *messages: tuple[tuple[type[Exception], ...], str]) -> None:
        self._messages = messages

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: object
    ) -> None:
        if error is None:
            return
        for kinds, message in self._messages:
            if isinstance(error, kinds):
                raise StoreUnavailable(message) from error
