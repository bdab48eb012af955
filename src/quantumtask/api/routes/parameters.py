"""Path and query parameters that several routes have."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Query

from quantumtask.api.http.query import refuse_unknown_query

KNOWN_QUERY = [Depends(refuse_unknown_query)]
"""Dependencies of a route that refuses query parameters that it does not document."""

TaskId = Annotated[str, Path(description="The id that the submission returned.")]
BatchId = Annotated[str, Path(description="The id that the submission returned.")]
TokenPrefix = Annotated[str, Path(description="The `prefix` of a token in `GET /tokens`.")]
BackendName = Annotated[str, Path(description="The name of a backend in `GET /backends`.")]

Name = Annotated[str | None, Query(max_length=50, description="Only those of this name.")]
Tag = Annotated[str | None, Query(max_length=50, description="Only those with this tag.")]
Limit = Annotated[int, Query(ge=1, le=100, description="Length of the page.")]
Cursor = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{1,18}$", description="`next_cursor` of the previous page."),
]
OwnerName = Annotated[str | None, Query(max_length=50, description="Only tasks of this owner.")]
Since = Annotated[
    float,
    Query(
        ge=0,
        le=1e11,
        allow_inf_nan=False,
        description="Only tasks submitted at this time, in seconds since 1970, or later.",
    ),
]
IdPrefix = Annotated[
    str,
    Query(
        alias="id",
        pattern=r"^[0-9a-fA-F-]{0,36}$",
        description="Only tasks whose id begins so.",
    ),
]
NamePrefix = Annotated[
    str | None, Query(max_length=50, description="Only tasks whose name begins so.")
]
Days = Annotated[int, Query(ge=1, le=3660, description="Number of days, today included.")]


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
