"""Check of the doors: the protocols of other services that the API speaks."""

from collections.abc import Iterator

from quantumtask.cli.doctor.check_result import CheckResult, ok
from quantumtask.shared.access import enabled_doors
from quantumtask.shared.settings import PREFIX, Settings


def check(settings: Settings) -> Iterator[CheckResult]:
    """Name the doors that are open."""
    names = enabled_doors(settings)
    if names:
        yield ok("doors", f"open: {', '.join(names)}")
    else:
        yield ok("doors", f"closed; {PREFIX}DOORS=all opens them")
