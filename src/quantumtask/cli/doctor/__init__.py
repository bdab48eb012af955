"""`quantumtask doctor`: looks at all that a service needs, changes nothing, says what to do."""

import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from rich.table import Table
from rich.text import Text

from quantumtask.cli.doctor import database, engines, machine, ray, services, settings
from quantumtask.cli.doctor.line import Check, Level, Line
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


def examine(environment: Mapping[str, str], as_json: bool) -> int:
    """Prints a line for each thing looked at; 1 if there is a problem, else 0."""
    logging.getLogger("quantumtask").addHandler(logging.NullHandler())
    lines = list(_lines(environment))
    healthy = not any(line.level is Level.PROBLEM for line in lines)
    if as_json:
        print(json.dumps({"healthy": healthy, "checks": [asdict(line) for line in lines]}))
    else:
        _print(lines)
    return 0 if healthy else 1


def _lines(environment: Mapping[str, str]) -> Iterator[Line]:
    usable, found = settings.read(environment)
    yield from found
    for check in CHECKS:
        yield from check(usable)


def _print(lines: Sequence[Line]) -> None:
    console = style.console()
    table = Table.grid(padding=(0, 2))
    for line in lines:
        saw = style.plain(line.saw)
        text = Text(f"{saw}\n{style.plain(line.advice)}" if line.advice else saw)
        table.add_row(Text(line.level, STYLES[line.level]), Text(line.check), text)
    console.print(table)
    count = Counter(line.level for line in lines)
    console.print(", ".join(f"{count[level]} {level}" for level in Level))
