"""Row types have the columns of the queries that return them, in the same order."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import apsw
import apsw.ext
import pytest

from quantumtask.shared import (
    activity,
    audit,
    batch,
    fair_share,
    limits,
    queue_stats,
    sessions,
    tokens,
)
from quantumtask.shared import database as database_package
from quantumtask.shared.database import batch_rows, request_rows, rows, usage_rows
from quantumtask.shared.database.connect import open_database
from quantumtask.shared.database.queries import load_queries
from quantumtask.shared.database.sqlite import Sqlite
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import MOVES

SHARED = Path(database_package.__file__).parents[1]


def selections() -> Iterator[tuple[str, str]]:
    """Yield the row type and the query of each `_select` call that names both."""
    for file in SHARED.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="_select"),
                    args=[ast.Name(id=row_type), ast.Constant(value=str(query)), *_],
                ):
                    yield row_type, query


def find_row_type(name: str) -> Any:
    return next(
        row_type
        for each in (
            batch_rows,
            rows,
            request_rows,
            usage_rows,
            activity,
            audit,
            batch,
            fair_share,
            limits,
            queue_stats,
            sessions,
            tokens,
        )
        if (row_type := getattr(each, name, None))
    )


MOVED = [
    ("FinalRow" if MOVES[move].target.final else "MovedRow", query)
    for query in load_queries()
    if (move := query.partition(".")[0]) in MOVES and move != "claim"
]
COUNTS = [("OwnerCountRow", f"count_{state}_by_owner") for state in ("waiting", "running")]
PAIRS = sorted({*selections(), *MOVED, *COUNTS, ("MovedRow", "insert_task")})


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apsw.Connection]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"))
    open_database(settings).close()
    connection = apsw.Connection(str(settings.database_file))
    yield connection
    connection.close()


@pytest.mark.parametrize(("row_type", "query"), PAIRS)
def test_a_row_type_has_the_columns_of_its_query(
    connection: apsw.Connection, row_type: str, query: str
) -> None:
    fields = get_type_hints(find_row_type(row_type))
    info = apsw.ext.query_info(connection, Sqlite.translate(load_queries()[query]))
    assert [name for name, _ in info.description] == list(fields)


def test_every_row_type_is_compared() -> None:
    row_types = {name for name in vars(rows) if name.endswith("Row")} - {"Row"}
    assert row_types <= {row_type for row_type, _ in PAIRS}
