"""Limits on what a project, and each user of it, may take. Without a limit, nothing is bounded."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cache
from math import inf
from typing import NamedTuple

WHOLE_PROJECT = ""
"""The owner of the limits of a project as a whole."""
EACH_USER = "*"
"""The owner of the limits of each user of a project."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a project or of a user.

    Attributes:
        max_waiting: Waiting tasks.
        max_running: Running tasks.
        max_slots: Slots at once; tiny tasks share a slot.
        max_timeout_s: Largest `timeout_s` of a task, in seconds.
        max_processor_s: Processor seconds of the tasks that end on one day (UTC); no running task
            is stopped.
        max_result_bytes: Bytes of results that are kept.
        max_requests: Requests in a second, over a few seconds, to each API process.
    """

    max_waiting: float = inf
    max_running: float = inf
    max_slots: float = inf
    max_timeout_s: float = inf
    max_processor_s: float = inf
    max_result_bytes: float = inf
    max_requests: float = inf


LIMIT_NAMES = tuple(field.name for field in fields(Limits))
_WHOLE_NUMBERS = frozenset({"max_waiting", "max_running", "max_slots", "max_result_bytes"})
NO_LIMITS = Limits()


class LimitRow(NamedTuple):
    """A limit in the database.

    Attributes:
        owner: A user of the project, EACH_USER or WHOLE_PROJECT.
        name: One of LIMIT_NAMES.
    """

    project: str
    owner: str
    name: str
    value: float


class Consumption(NamedTuple):
    """The use of an owner: processor seconds of today, and bytes of kept results."""

    project: str
    owner: str
    processor_s: float
    result_bytes: float


def check_limit(name: str, value: float) -> None:
    """Raise ValueError if a limit cannot have this value."""
    if not 0 < value < inf:
        raise ValueError(f"{name}: must be above zero; got {value:g}")
    if name in _WHOLE_NUMBERS and value != int(value):
        raise ValueError(f"{name}: must be a whole number; got {value:g}")


def parse_limits(text: str) -> Limits:
    """Return the limits in a text such as `max_running=4,max_requests=20`, or raise ValueError."""
    values = {}
    for part in filter(str.strip, text.split(",")):
        name, _, number = (each.strip() for each in part.partition("="))
        if name not in LIMIT_NAMES:
            raise ValueError(f"{name!r} is not a limit: use {', '.join(LIMIT_NAMES)}")
        try:
            values[name] = float(number)
        except ValueError:
            raise ValueError(f"{name}: must be a number; got {number!r}") from None
        check_limit(name, values[name])
    return Limits(**values)


_WEIGHT = re.compile(r"(?P<owner>[^=]+)=\s*(?P<weight>\d+(\.\d*)?|\.\d+)\s*", re.ASCII)


@cache
def parse_weights(text: str) -> dict[str, float]:
    """Return the weights of owners in fair queueing from `alice=4,bob=0.5`, or raise ValueError."""
    weights = {}
    for part in filter(str.strip, text.split(",")):
        match = _WEIGHT.fullmatch(part)
        if not match or not 0 < float(match["weight"]) < inf:
            raise ValueError(
                "each part must be an owner and a number above zero, "
                f"as in alice=4; got {part.strip()!r}"
            )
        weights[match["owner"].strip()] = float(match["weight"])
    return weights


class LimitTable:
    """All limits at one time; those in the database have precedence over those of the settings."""

    def __init__(
        self, rows: Iterable[LimitRow] = (), project: Limits = NO_LIMITS, user: Limits = NO_LIMITS
    ) -> None:
        self.project_default, self.user_default = project, user
        self._own: dict[tuple[str, str], dict[str, float]] = {}
        for row in rows:
            self._own.setdefault((row.project, row.owner), {})[row.name] = row.value
        self._any = bool(self._own) or (project, user) != (NO_LIMITS, NO_LIMITS)

    def __bool__(self) -> bool:
        """Return True if anybody has a limit."""
        return self._any

    def limits_any(self, *names: str) -> bool:
        """Return True if anybody has one of these limits."""
        defaults = (self.project_default, self.user_default)
        return any(name in own for name in names for own in self._own.values()) or any(
            getattr(each, name) < inf for name in names for each in defaults
        )

    def of_project(self, project: str) -> Limits:
        """Return the limits of a project as a whole."""
        if not self._own:
            return self.project_default
        return replace(self.project_default, **self._of(project, WHOLE_PROJECT))

    def of_user(self, project: str, user: str) -> Limits:
        """Return the limits of a user: its own, else those of each user, else the settings'."""
        if not self._own:  # the usual case, for each submission
            return self.user_default
        own = self._of(project, EACH_USER) | self._of(project, user)
        return replace(self.user_default, **own)

    def users_of(self, project: str) -> list[str]:
        """Return the users of a project with limits of their own."""
        users = (user for name, user in self._own if name == project)
        return sorted(set(users) - {WHOLE_PROJECT, EACH_USER})

    def _of(self, project: str, owner: str) -> dict[str, float]:
        own = self._own.get((project, owner), {})
        return {name: value for name, value in own.items() if name in LIMIT_NAMES}
