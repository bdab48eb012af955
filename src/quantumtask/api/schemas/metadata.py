"""Metadata of a task or a batch: a bounded JSON object, which the service returns unread."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from quantumtask.shared.errors import InvalidRequest

LARGEST = 16 * 1024
"""Most bytes of the JSON text."""

Metadata = Annotated[
    dict[str, Any] | None,
    Field(description="Any object of your own, stored and returned: at most 16 KiB as JSON."),
]


def metadata_text(values: Mapping[str, Any] | None) -> str | None:
    """Encodes metadata as JSON text; None stays None. Raises InvalidRequest."""
    if values is None:
        return None
    try:
        text = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:  # the JSON reader accepts 1e400 as infinity
        raise InvalidRequest("metadata: each number must be finite; send others as text") from None
    size = len(text.encode())
    if size > LARGEST:
        raise InvalidRequest(f"metadata: must be at most {LARGEST:,} bytes as JSON; got {size:,}")
    return text
