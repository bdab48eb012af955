"""LRU cache that is bounded by the total size of its values."""

from collections.abc import Hashable
from typing import Generic, TypeVar

V = TypeVar("V")

MAX_VALUE_SHARE = 8
"""A value larger than the total size divided by this number is not cached."""


class SizedLruCache(Generic[V]):
    """Values by key, of at most `max_size` together; removes the least recently used one first."""

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._size = 0
        # The least recently used entry is the first one.
        self._entries: dict[Hashable, tuple[V, int]] = {}

    def get(self, key: Hashable) -> V | None:
        """Return a cached value, or None."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return None
        self._entries[key] = entry
        return entry[0]

    def put(self, key: Hashable, value: V, size: int) -> None:
        """Cache a value, unless it is too large."""
        if size > self._max_size // MAX_VALUE_SHARE:
            return
        self._size += size - self._entries.pop(key, (value, 0))[1]
        self._entries[key] = (value, size)
        while self._size > self._max_size:
            self._size -= self._entries.pop(next(iter(self._entries)))[1]
