"""One line of what the doctor says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from quantumtask.shared.settings import Settings


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    """It works, and will not always, or not as well as it could."""
    PROBLEM = "problem"
    """It does not work, or what is promised does not hold."""


@dataclass(frozen=True)
class Line:
    """What was looked at, what was seen, and what to do next (nothing, where all is well)."""

    check: str
    level: Level
    saw: str
    advice: str = ""


Check = Callable[[Settings], Iterator[Line]]


def ok(check: str, saw: str) -> Line:
    return Line(check, Level.OK, saw)


def warning(check: str, saw: str, advice: str) -> Line:
    return Line(check, Level.WARNING, saw, advice)


def problem(check: str, saw: str, advice: str) -> Line:
    return Line(check, Level.PROBLEM, saw, advice)
