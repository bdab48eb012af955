"""A bounded memory: what was used last is kept, up to a total size."""

from collections.abc import Hashable
from typing import Generic, TypeVar

V = TypeVar("V")

PART = 8
"""Nothing larger than one part in so many of the whole is kept."""


class SizedLruCache(Generic[V]):
    """Values by key, at most `most` in size together; the one not used for longest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._total = 0
        # The one not used for longest stands first.
        self._kept: dict[Hashable, tuple[V, int]] = {}

    def get(self, key: Hashable) -> V | None:
        found = self._kept.pop(key, None)
        if found is None:
            return None
        self._kept[key] = found
        return found[0]

    def put(self, key: Hashable, value: V, size: int) -> None:
        """Keeps a value, unless it is too large."""
        if size > self._most // PART:
            return
        self._total += size - self._kept.pop(key, (value, 0))[1]
        self._kept[key] = (value, size)
        while self._total > self._most:
            self._total -= self._kept.pop(next(iter(self._kept)))[1]
