"""Progress of a run: the fraction of its work that is done, for those who wait for the result."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeVar

T = TypeVar("T")

_NOTHING = nullcontext()


class ProgressListener(Protocol):
    """Gets the progress of a run; called very often, so that it must return at once."""

    def on_fraction(self, fraction: float, /) -> None:
        """Note the fraction of the work that is done, 0 to 1. It may be less than before."""
        ...

    def on_prediction(self, seconds: float, /) -> None:
        """Note the predicted time of the whole run, before it begins."""
        ...


class RunProgress:
    """Progress of one run, counted by its loops; loops nest.

    Each pass of a loop is an equal part of the work, however long the pass takes. A loop inside of
    a library has no parts: there is no fraction meanwhile.
    """

    __slots__ = ("_begin", "_listener", "_size")

    def __init__(self, listener: ProgressListener | None = None) -> None:
        """Create the progress of a run that has not begun; without a listener it does nothing."""
        self._listener = listener
        self._begin, self._size = 0.0, 1.0

    def advance(self, done: float, total: float) -> None:
        """Report how much of the current part is done."""
        if self._listener is not None:
            self._listener.on_fraction(min(1.0, self._begin + self._size * done / total))

    def predict(self, seconds: float) -> None:
        """Report the predicted time of the current part, which stands for all parts."""
        if self._listener is not None:
            self._listener.on_prediction(seconds / self._size)

    def each(self, items: Iterable[T], count: int) -> Iterable[T]:
        """Return the items of a loop, each of which is a part of the work.

        Args:
            items: The items.
            count: The number of items.
        """
        return items if self._listener is None or count < 2 else self._parts(items, count)

    def part(self, number: int, count: int) -> AbstractContextManager[None]:
        """Return a context that is the part `number`, from 0, of `count` equal parts."""
        return _NOTHING if self._listener is None else _Part(self, number, count)

    def _parts(self, items: Iterable[T], count: int) -> Iterator[T]:
        begin, size = self._begin, self._size
        for number, item in enumerate(items, 1):
            self._begin, self._size = begin + (number - 1) * size / count, size / count
            yield item
            self._begin, self._size = begin, size
            self.advance(number, count)


class _Part(AbstractContextManager[None]):
    """Context of a part; it takes a fraction of the time of a generator."""

    __slots__ = ("_begin", "_count", "_number", "_progress", "_size")

    def __init__(self, progress: RunProgress, number: int, count: int) -> None:
        self._progress, self._number, self._count = progress, number, count

    def __enter__(self) -> None:
        progress = self._progress
        self._begin, self._size = progress._begin, progress._size
        progress._begin += self._number * progress._size / self._count
        progress._size /= self._count

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        progress = self._progress
        progress._begin, progress._size = self._begin, self._size
        if kind is None:
            progress.advance(self._number + 1, self._count)
