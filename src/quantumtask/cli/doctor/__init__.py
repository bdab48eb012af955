"""`quantumtask doctor`: checks everything that a service needs, and changes nothing."""

import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from quantumtask.cli.doctor import (
    authentication,
    clients,
    database,
    doors,
    engines,
    file_modes,
    machine,
    ray,
    sandbox,
    services,
    settings,
)
from quantumtask.cli.doctor.check_result import Check, CheckResult, Level, problem
from quantumtask.cli.render import style
from quantumtask.shared.installation import as_typed
from quantumtask.shared.quantity import quantity
from quantumtask.shared.settings import Settings

CHECKS: tuple[Check, ...] = (
    settings.check,
    machine.check,
    file_modes.check,
    sandbox.check,
    database.check,
    authentication.check,
    doors.check,
    services.check,
    clients.check,
    engines.check,
    ray.check,
)
STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red"}


def run_checks(environment: Mapping[str, str], as_json: bool) -> int:
    """Print the result of each check; return the exit status 1 if there is a problem, else 0."""
    logging.getLogger("quantumtask").addHandler(logging.NullHandler())
    results = list(_results(environment))
    healthy = not any(each.level is Level.PROBLEM for each in results)
    if as_json:
        print(json.dumps({"healthy": healthy, "checks": [each.as_json() for each in results]}))
    else:
        _print(results)
    return 0 if healthy else 1


def _results(environment: Mapping[str, str]) -> Iterator[CheckResult]:
    usable, results = settings.read(environment)
    yield from results
    for check in CHECKS:
        yield from _run(check, usable)


def _run(check: Check, usable: Settings) -> Iterator[CheckResult]:
    """Yield the results of a check; one that cannot be made is a problem and hides no other."""
    try:
        yield from check(usable)
    except Exception as error:  # the system and the drivers of a broken machine can raise any
        name = check.__module__.rpartition(".")[2]
        reason = str(error) or type(error).__name__
        yield problem(name, f"cannot be checked: {reason}", "Correct the reason, and check again.")


def _print(results: Sequence[CheckResult]) -> None:
    console = style.console()
    table = Table.grid(padding=(0, 2))
    for each in results:
        lines = (style.printable(as_typed(line)) for line in (each.finding, each.advice) if line)
        text = Text("\n".join(lines))
        table.add_row(Text(each.level, STYLES[each.level]), Text(each.check), text)
    console.print(table)
    count = Counter(each.level for each in results)
    others = (quantity(count[level], level) for level in (Level.WARNING, Level.PROBLEM))
    console.print(", ".join([f"{count[Level.OK]} {Level.OK}", *others]))
