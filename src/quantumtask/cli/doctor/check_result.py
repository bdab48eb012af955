"""Result of one check of `quantumtask doctor`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from quantumtask.shared.settings import Settings


class Level(StrEnum):
    """Severity of a check result."""

    OK = "ok"
    WARNING = "warning"
    """The part works, but not always or not as well as it could."""
    PROBLEM = "problem"
    """The part does not work, or a guarantee does not hold."""


@dataclass(frozen=True)
class CheckResult:
    """Result of one check.

    Attributes:
        check: Name of the check, such as `database`.
        level: Severity.
        finding: Observed state.
        advice: Next step of the operator; empty where all is well.
    """

    check: str
    level: Level
    finding: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the object that `quantumtask doctor --json` prints."""
        return {
            "check": self.check,
            "level": self.level,
            "saw": self.finding,
            "advice": self.advice,
        }


Check = Callable[[Settings], Iterator[CheckResult]]


def ok(check: str, finding: str) -> CheckResult:
    """Return a result without a problem."""
    return CheckResult(check, Level.OK, finding)


def warning(check: str, finding: str, advice: str) -> CheckResult:
    """Return a result that the operator should look at."""
    return CheckResult(check, Level.WARNING, finding, advice)


def problem(check: str, finding: str, advice: str) -> CheckResult:
    """Return a result that the operator must act on."""
    return CheckResult(check, Level.PROBLEM, finding, advice)
