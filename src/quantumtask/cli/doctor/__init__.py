"""`quantumtask doctor`: checks everything that a service needs, and changes nothing."""

import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from quantumtask.cli.doctor import database, engines, machine, ray, services, settings
from quantumtask.cli.doctor.check_result import Check, CheckResult, Level
from quantumtask.cli.render import style

CHECKS: tuple[Check, ...] = (
    settings.check,
    machine.check,
    database.check,
    services.check,
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
        yield from check(usable)


def _print(results: Sequence[CheckResult]) -> None:
    console = style.console()
    table = Table.grid(padding=(0, 2))
    for each in results:
        finding = style.printable(each.finding)
        text = Text(f"{finding}\n{style.printable(each.advice)}" if each.advice else finding)
        table.add_row(Text(each.level, STYLES[each.level]), Text(each.check), text)
    console.print(table)
    count = Counter(each.level for each in results)
    console.print(", ".join(f"{count[level]} {level}" for level in Level))
