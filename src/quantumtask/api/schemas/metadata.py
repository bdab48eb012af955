"""Metadata and attachments of a task or a batch: JSON that the service does not interpret."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from quantumtask.shared.errors import InvalidRequest

MAX_METADATA_BYTES = 16 * 1024
"""Maximal size of the JSON text."""

Metadata = Annotated[
    dict[str, Any] | None,
    Field(description="Any JSON object, stored and returned unchanged: at most 16 KiB."),
]


Attachment = Annotated[
    Any,
    Field(
        description="Any JSON value, stored and returned unchanged in `options`, with which it may "
        "have 8 MiB. For more than `metadata` takes; no task reads it."
    ),
]


def metadata_text(values: Mapping[str, Any] | None) -> str | None:
    """Return metadata as JSON text; None stays None.

    Raises:
        InvalidRequest: the text is too large or has a number that is not finite.
    """
    if values is None:
        return None
    try:
        text = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:  # the JSON reader accepts 1e400 as infinity
        raise InvalidRequest(
            "metadata: each number must be finite; send NaN and infinity as text"
        ) from None
    size = len(text.encode())
    if size > MAX_METADATA_BYTES:
        raise InvalidRequest(
            f"metadata: must be at most {MAX_METADATA_BYTES:,} bytes as JSON; got {size:,}"
        )
    return text
