"""What may be asked of the Reader, and how all who ask the same are answered together."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, Self, TypeVar

from quantumtask.shared.api_store import Batch, Batches, BatchMark, Event, Mark
from quantumtask.shared.task import Change, Task

A = TypeVar("A")

MOST_LINES = 200
"""Lines of an answer, at most: a stream holds no more of what its reader does not take."""


class Question(ABC, Generic[A]):
    """A question about the task or batch with the id `key`; the answer None says there is none."""

    key: str
    MARKS: ClassVar[Callable[[Batches, Iterable[str]], Mapping[str, Any]]]
    """How all tasks, or batches, stand that somebody asks about: one query."""
    TOGETHER: ClassVar[int] = 100
    """How many are answered at a time."""

    @abstractmethod
    def ready(self, mark: Any) -> bool:
        """Whether there is news for who waits; `mark`: how it stands now, None: it is not there."""

    @classmethod
    @abstractmethod
    def answers(cls, store: Batches, asked: Sequence[Self]) -> list[A]:
        """The answer to each of these, ready or not."""


@dataclass(frozen=True, slots=True)
class TheTask(Question[Task | None]):
    """A task; news is its end."""

    key: str
    MARKS: ClassVar = Batches.marks
    TOGETHER: ClassVar = 16  # results can be large: not all of them in memory at once

    def ready(self, mark: Mark | None) -> bool:
        return mark is None or mark.final

    @classmethod
    def answers(cls, store: Batches, asked: Sequence[Self]) -> list[Task | None]:
        tasks = store.read({question.key for question in asked})
        return [tasks.get(question.key) for question in asked]


@dataclass(frozen=True, slots=True)
class TheBatch(Question[Batch | None]):
    """A batch; news is the end of the last of its tasks."""

    key: str
    MARKS: ClassVar = Batches.batch_marks

    def ready(self, mark: BatchMark | None) -> bool:
        return mark is None or mark.final

    @classmethod
    def answers(cls, store: Batches, asked: Sequence[Self]) -> list[Batch | None]:
        batches = store.read_batches({question.key for question in asked})
        return [batches.get(question.key) for question in asked]


class Followed(Question[A]):
    """A question that leads to the next one, until there is no more to tell."""

    @abstractmethod
    def behind(self, answer: Any) -> Self | None:
        """What to ask once this has been answered; None: all has been told."""


class History(NamedTuple):
    """How a task stands, and the changes behind the first `number`."""

    mark: Mark
    number: int
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class ChangesBehind(Followed[History | None]):
    """The changes of a task behind the first `number`; news is any since it stood as `seen`."""

    key: str
    number: int
    seen: Mark | None = None
    MARKS: ClassVar = Batches.marks

    def ready(self, mark: Mark | None) -> bool:
        return mark != self.seen

    def behind(self, answer: History) -> "ChangesBehind | None":
        if answer.mark.final:
            return None
        return ChangesBehind(self.key, self.number + len(answer.changes), answer.mark)

    @classmethod
    def answers(cls, store: Batches, asked: Sequence[Self]) -> list[History | None]:
        marks = store.marks({question.key for question in asked})
        changes = store.changes({mark.sequence for mark in marks.values()})
        return [_history(question, marks.get(question.key), changes) for question in asked]


def _history(
    asked: ChangesBehind, mark: Mark | None, changes: Mapping[int, Sequence[Change]]
) -> History | None:
    """None also where the task was removed in between: all its changes go with it."""
    known = changes.get(mark.sequence) if mark else None
    if mark is None or known is None:
        return None
    now = Mark(known[-1].state, known[-1].attempt, mark.sequence)  # newer than the mark, perhaps
    return History(now, asked.number, known[asked.number :])


class Events(NamedTuple):
    """What happened to a batch's tasks, as far as the place `upto`."""

    mark: BatchMark
    events: Sequence[Event]
    upto: int

    @property
    def last(self) -> bool:
        """All tasks have ended, and there is nothing behind this."""
        return self.mark.final and self.upto >= self.mark.events


@dataclass(frozen=True, slots=True)
class EventsBehind(Followed[Events | None]):
    """What happened to a batch's tasks behind a place; news is anything, or that all is over."""

    key: str
    place: int
    MARKS: ClassVar = Batches.batch_marks

    def ready(self, mark: BatchMark | None) -> bool:
        return mark is None or mark.events > self.place or mark.final

    def behind(self, answer: Events) -> "EventsBehind | None":
        return None if answer.last else EventsBehind(self.key, answer.upto)

    @classmethod
    def answers(cls, store: Batches, asked: Sequence[Self]) -> list[Events | None]:
        marks = store.batch_marks({question.key for question in asked})
        told = {each: _events(store, each, marks.get(each.key)) for each in set(asked)}
        return [told[question] for question in asked]


def _events(store: Batches, asked: EventsBehind, mark: BatchMark | None) -> Events | None:
    if mark is None:
        return None
    found = store.events(asked.key, asked.place, MOST_LINES)
    last = found[-1].place if found else asked.place
    return Events(mark, found, last if len(found) == MOST_LINES else max(last, mark.events))


class Ends(NamedTuple):
    """Tasks of a batch with their numbers in the order in which they ended; all before `upto`."""

    mark: BatchMark
    tasks: Sequence[tuple[int, str]]
    upto: int


@dataclass(frozen=True, slots=True)
class EndsFrom(Followed[Ends | None]):
    """Which tasks of a batch ended, from the one with the number `offset`; news is any of them."""

    key: str
    offset: int
    MARKS: ClassVar = Batches.batch_marks

    def ready(self, mark: BatchMark | None) -> bool:
        return mark is None or mark.ended > self.offset or mark.final

    def behind(self, answer: Ends) -> "EndsFrom | None":
        return None if answer.upto >= answer.mark.size else EndsFrom(self.key, answer.upto)

    @classmethod
    def answers(cls, store: Batches, asked: Sequence[Self]) -> list[Ends | None]:
        marks = store.batch_marks({question.key for question in asked})
        told = {each: _ends(store, each, marks.get(each.key)) for each in set(asked)}
        return [told[question] for question in asked]


def _ends(store: Batches, asked: EndsFrom, mark: BatchMark | None) -> Ends | None:
    if mark is None:
        return None
    found = store.ends(asked.key, asked.offset, MOST_LINES)
    last = found[-1][0] + 1 if found else asked.offset
    return Ends(mark, found, last if len(found) == MOST_LINES else max(last, mark.ended))
