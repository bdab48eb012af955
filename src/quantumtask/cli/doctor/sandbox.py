"""Check of the sandbox: the restrictions that this machine has for processes that read circuits."""

from collections.abc import Iterator

from quantumtask.cli.doctor.check_result import CheckResult, ok, problem, warning
from quantumtask.shared.settings import PREFIX, Settings
from quantumtask.worker.sandbox.landlock import landlock_version
from quantumtask.worker.sandbox.restrictions import RESTRICTIONS, missing_restrictions

CHECK = "sandbox"


def check(settings: Settings) -> Iterator[CheckResult]:
    """Check each restriction; one that is missing is a problem if the settings require all."""
    if settings.sandbox == "off":
        finding = "off: a hostile circuit has the rights of the user of the worker"
        yield warning(CHECK, finding, f"Unset {PREFIX}SANDBOX.")
        return
    missing = missing_restrictions()
    level = problem if settings.sandbox == "require" else warning
    for restriction in missing:
        finding = f"no {restriction.name}: a hostile circuit could {restriction.prevents}"
        yield level(CHECK, finding, "Use Linux 5.13 or newer with Landlock: docs/security.md")
    if not missing:
        names = ", ".join(each.name for each in RESTRICTIONS)
        yield ok(CHECK, f"{names}; version {landlock_version()} of Landlock")
