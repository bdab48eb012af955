"""Path and query parameters that several routes have."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Query

TaskId = Annotated[str, Path(description="The id that the submission returned.")]
BatchId = Annotated[str, Path(description="The id that the submission returned.")]
BackendName = Annotated[str, Path(description="The name of a backend in `GET /backends`.")]

Name = Annotated[str | None, Query(max_length=50, description="Only those of this name.")]
Tag = Annotated[str | None, Query(max_length=50, description="Only those with this tag.")]
Limit = Annotated[int, Query(ge=1, le=100, description="Length of the page.")]
Cursor = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{1,18}$", description="`next_cursor` of the previous page."),
]


@dataclass(frozen=True)
class PageQuery:
    """The filters and the position of a page of a list."""

    name: str | None
    tag: str | None
    limit: int
    before: int | None


def _parse_page(
    name: Name = None, tag: Tag = None, limit: Limit = 20, cursor: Cursor = None
) -> PageQuery:
    return PageQuery(name, tag, limit, None if cursor is None else int(cursor))


Page = Annotated[PageQuery, Depends(_parse_page)]
"""Dependency of routes that list something."""
