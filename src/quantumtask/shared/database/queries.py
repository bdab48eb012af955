"""SQL by name: what the files of queries hold."""

import re
from functools import cache
from importlib import resources


@cache
def load_queries(*also: str) -> dict[str, str]:
    """The queries of queries.sql, by name; those of the files `also` stand in for them."""
    found: dict[str, str] = {}
    for name in ("queries.sql", *also):
        text = resources.files(__package__).joinpath("sql", name).read_text()
        _, *parts = re.split(r"^-- name: (\S+)\n", text, flags=re.MULTILINE)
        found |= zip(parts[::2], parts[1::2], strict=True)
    return found
