"""SQL by name: the queries in the files of SQL."""

import re
from functools import cache
from importlib import resources


@cache
def load_queries(*overrides: str) -> dict[str, str]:
    """Return the queries of queries.sql by name; those of the files `overrides` replace them."""
    text_of: dict[str, str] = {}
    for name in ("queries.sql", *overrides):
        text = resources.files(__package__).joinpath("sql", name).read_text()
        _, *parts = re.split(r"^-- name: (\S+)\n", text, flags=re.MULTILINE)
        text_of |= zip(parts[::2], parts[1::2], strict=True)
    return text_of
