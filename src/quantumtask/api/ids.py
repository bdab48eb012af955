"""Ids of tasks and batches: UUIDs of version 7."""

import re
import secrets
import time
from collections.abc import Callable

from quantumtask.shared.errors import RequestError

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_id() -> str:
    """Return a new UUID of version 7 (RFC 9562).

    It begins with the time in milliseconds, so that the index of ids grows at one end.
    """
    ms, random = time.time_ns() // 1_000_000, secrets.randbits(74)
    digits = f"{ms << 80 | 7 << 76 | random >> 62 << 64 | 2 << 62 | random & (1 << 62) - 1:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def parse_id(text: str, not_found: Callable[[], RequestError]) -> str:
    """Return an id in the form in which it is stored.

    Raises:
        RequestError: from `not_found`, if the text is no UUID: no task or batch has such an id.
    """
    lower = text.lower()
    if not _UUID.fullmatch(lower):
        raise not_found()
    return lower
