"""Generate the reference of the command `quantumtask` from its declarations in Typer."""

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

import typer

from quantumtask.cli.commands import root


def markdown() -> str:
    """Return a section for each command, with tables of its arguments and options."""
    group: Any = typer.main.get_command(root.app)
    context = group.context_class(group, info_name="quantumtask")
    sections = [section(name, command, context) for name, command in group.commands.items()]
    return "\n".join(sections)


def section(name: str, command: Any, parent: Any) -> str:
    """Return the section of one command."""
    context = command.context_class(command, info_name=name, parent=parent)
    usage = " ".join(["quantumtask", name, *command.collect_usage_pieces(context)])
    lines = [f"### `{name}`", "", cleandoc(command.help or ""), "", f"Usage: `{usage}`", ""]
    rows = list(parameter_rows(command, context))
    if rows:
        lines += ["| argument or option | meaning |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def parameter_rows(command: Any, context: Any) -> Iterator[str]:
    """Yield a row of the table for each argument and option, without `--help`."""
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and "--help" not in parameter.opts:
            words, meaning = (escape(part) for part in record)
            yield f"| `{words}` | {meaning} |"


def escape(text: str) -> str:
    """Return a text as the cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")
