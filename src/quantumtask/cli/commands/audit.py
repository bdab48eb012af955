"""The command `audit` of operators: the audit log, from the database of the service."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from quantumtask.cli.commands.database import DataDirOption, open_store
from quantumtask.cli.commands.options import JsonOption
from quantumtask.cli.commands.terminal import exit_with
from quantumtask.cli.commands.times import format_utc, parse_duration
from quantumtask.shared.audit import ACTIONS
from quantumtask.shared.principal import ALL_PROJECTS

if TYPE_CHECKING:
    from rich.console import RenderableType

    from quantumtask.shared.audit import AuditRecord

_COLUMNS = ("time", "principal", "address", "action", "object", "project", "outcome")


def audit(
    since: Annotated[str, typer.Option(metavar="TIME", help="The last days or hours.")] = "7d",
    project: Annotated[
        str, typer.Option(help="Only tasks, tokens and limits of this project.")
    ] = ALL_PROJECTS,
    principal: Annotated[str | None, typer.Option(help="Only actions of this name.")] = None,
    action: Annotated[str | None, typer.Option(help=f"One of {', '.join(ACTIONS)}.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="Most records.")] = 1_000,
    as_json: JsonOption = False,
    data_dir: DataDirOption = None,
) -> None:
    """Show who cancelled tasks, created or revoked tokens and set limits, the newest first.

    It reads the database of the service, and needs no token.
    """
    from quantumtask.shared.audit_store import AuditStore

    if action is not None and action not in ACTIONS:
        exit_with(f"--action: must be one of {', '.join(ACTIONS)}; got {action!r}.", 2)
    since_s = parse_duration("--since", since)
    with open_store(AuditStore, data_dir) as store:
        records = store.audit_records(since_s, project, principal, action, limit + 1)
    if as_json:
        print(json.dumps({"records": [record._asdict() for record in records[:limit]]}))
    else:
        _print_table(records[:limit])
    if len(records) > limit:
        typer.echo(f"There are more records than --limit {limit}.", err=True)


def _print_table(records: "list[AuditRecord]") -> None:
    from quantumtask.cli.render import style

    style.console().print(_table(records) if records else "No action is on record.")


def _table(records: "list[AuditRecord]") -> "RenderableType":
    from rich.table import Table
    from rich.text import Text

    from quantumtask.cli.render.style import printable

    table = Table(box=None, pad_edge=False)
    for column in _COLUMNS:
        table.add_column(column, overflow="fold")
    for record in records:
        table.add_row(*(Text(printable(cell)) for cell in _cells(record)))
    return table


def _cells(record: "AuditRecord") -> tuple[str, ...]:
    place = f"{record.principal_project}/" if record.principal_project else ""
    return (
        format_utc(record.at, "seconds"),
        f"{place}{record.principal}",
        record.address or "-",
        record.action,
        f"{record.object_kind} {record.object_id}",
        record.project,
        record.outcome,
    )
