"""What the Store asks of a database. SQLite and PostgreSQL have a file each, with their driver."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from quantumtask.shared.errors import StoreUnavailable

Row = tuple[Any, ...]


class ServerInfo(NamedTuple):
    """What keeps the database: its name, its version, and how it is set, as it says itself."""

    name: str
    version: tuple[int, ...]
    settings: Mapping[str, Any]


class Database(ABC):
    """One connection to a database. For one thread at a time.

    A transaction that has returned from its commit survives a power cut. Every error of the
    database reaches the caller as StoreUnavailable, with nothing written or all of it; the next
    call tries again.
    """

    ALSO: ClassVar[tuple[str, ...]] = ()
    """Files whose queries stand in for those of the same name in queries.sql."""

    NEWEST: ClassVar[int]
    """The version of the schema that this version of ours makes."""

    _inside = False

    def transaction(self, durable: bool = True) -> contextlib.AbstractContextManager[None]:
        """Everything inside is written together or not at all. They nest: the outermost counts.

        One that need not be `durable` may be undone by a power cut, though by nothing less.
        """
        return _INSIDE if self._inside else _Transaction(self, durable)

    @abstractmethod
    def migrate(self) -> None:
        """Brings the schema up to date; safe to call from several processes at once."""

    @abstractmethod
    def version(self) -> int:
        """The version of the schema; 0 where there is none."""

    @abstractmethod
    def server(self) -> ServerInfo:
        """What keeps the database."""

    @staticmethod
    @abstractmethod
    def sql(query: str) -> str:
        """A query of the SQL files in this dialect."""

    @abstractmethod
    def begin(self, durable: bool) -> None:
        """Begins a transaction."""

    @abstractmethod
    def end(self, *, commit: bool) -> None:
        """Writes everything since `begin`, or nothing of it."""

    @abstractmethod
    def rows(self, query: str, values: Mapping[str, Any]) -> list[Row]:
        """What a query returns; [] for one that returns nothing. A value may be a list."""

    @abstractmethod
    def rows_of_each(self, query: str, values: Sequence[Mapping[str, Any]]) -> list[Row]:
        """What the query returns for the first values, then for the second ..."""

    @abstractmethod
    def changed(self) -> bool:
        """Whether another connection has committed since the last call; costs microseconds."""

    @abstractmethod
    def close(self) -> None:
        """Ends the connection."""


_INSIDE = contextlib.nullcontext()


class _Transaction:
    def __init__(self, database: Database, durable: bool) -> None:
        self._database = database
        self._durable = durable

    def __enter__(self) -> None:
        self._database.begin(self._durable)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._database.end(commit=kind is None)


class ErrorTranslation:
    """Makes errors of a database StoreUnavailable; those of our SQL stay what they are."""

    def __init__(self, *kinds: tuple[tuple[type[Exception], ...], str]) -> None:
        self._kinds = kinds

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: object
    ) -> None:
        if error is None:
            return
        for kinds, words in self._kinds:
            if isinstance(error, kinds):
                raise StoreUnavailable(words) from error
