"""The ids of tasks and batches."""

import re
import secrets
import time
from collections.abc import Callable

from quantumtask.shared.errors import RequestError

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_id() -> str:
    """A UUID of version 7: it begins with the time, so that the index of ids grows at one end."""
    ms, random = time.time_ns() // 1_000_000, secrets.randbits(74)
    digits = f"{ms << 80 | 7 << 76 | random >> 62 << 64 | 2 << 62 | random & (1 << 62) - 1:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def known_id(given: str, missing: Callable[[], RequestError]) -> str:
    """An id in the form it is stored in; what is no UUID is the id of nothing, and so `missing`."""
    lower = given.lower()
    if not _UUID.fullmatch(lower):
        raise missing()
    return lower
