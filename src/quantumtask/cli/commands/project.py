"""Commands of operators for projects and their limits, in the database of the service."""

from math import inf
from typing import TYPE_CHECKING, Annotated

import typer

from quantumtask.cli.commands.database import DataDirOption, open_store
from quantumtask.cli.commands.terminal import exit_with
from quantumtask.shared.audit import terminal_sender
from quantumtask.shared.limits import EACH_USER, LIMIT_NAMES, WHOLE_PROJECT, Limits

if TYPE_CHECKING:
    from quantumtask.shared.limits import LimitTable

app = typer.Typer(
    help="Limit what projects and their users take, in the database of the service.",
    no_args_is_help=True,
)

DEFAULT = "default"
ProjectArgument = Annotated[str, typer.Argument(metavar="NAME", help="The project.")]


def _limit(help_text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(metavar="NUMBER", help=help_text)
    return option


@app.command("set")
def set_limits(
    name: ProjectArgument,
    user: Annotated[str | None, typer.Option(help="Limit this user of the project.")] = None,
    each_user: Annotated[bool, typer.Option(help="Limit each user of the project.")] = False,
    max_waiting: Annotated[str | None, _limit("Waiting tasks.")] = None,
    max_running: Annotated[str | None, _limit("Running tasks.")] = None,
    max_slots: Annotated[str | None, _limit("Slots at once; tiny tasks share one.")] = None,
    max_timeout_s: Annotated[str | None, _limit("Largest timeout_s of a task.")] = None,
    max_processor_s: Annotated[str | None, _limit("Processor seconds on one day.")] = None,
    max_result_bytes: Annotated[str | None, _limit("Bytes of results that are kept.")] = None,
    max_requests: Annotated[str | None, _limit("Requests in a second.")] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Set limits of a project, or of its users; the service follows within 5 seconds.

    `default` instead of a number returns to the limit of the settings.
    """
    from quantumtask.shared.limit_store import LimitStore

    if user is not None and each_user:
        exit_with("--user and --each-user exclude each other.", 2)
    values = (
        *(max_waiting, max_running, max_slots, max_timeout_s),
        *(max_processor_s, max_result_bytes, max_requests),
    )
    chosen = {n: _parse(n, v) for n, v in zip(LIMIT_NAMES, values, strict=True) if v is not None}
    if not chosen:
        exit_with("no limit is given: `quantumtask project set --help` lists them.", 2)
    owner = EACH_USER if each_user else user or WHOLE_PROJECT
    with open_store(LimitStore, data_dir) as store, store.transaction():
        projects = store.projects()
        for limit, value in chosen.items():
            store.set_limit(name, owner, limit, value, terminal_sender())
    if name not in projects:
        _warn_of_new(name, projects)


@app.command()
def show(name: ProjectArgument, data_dir: DataDirOption = None) -> None:
    """Show the limits of a project, those of each user, and exceptions for single users."""
    from quantumtask.shared.limit_store import LimitStore

    with open_store(LimitStore, data_dir) as store:
        projects, limits = store.projects(), store.limits()
    if name not in projects:
        _warn_of_new(name, projects)
    columns = {"project": limits.of_project(name), "each user": limits.of_user(name, EACH_USER)}
    columns |= {user: limits.of_user(name, user) for user in limits.users_of(name)}
    _print_table("limit", LIMIT_NAMES, columns)


@app.command("list")
def list_projects(data_dir: DataDirOption = None) -> None:
    """List the limits of each project that has tokens, limits or finished tasks."""
    from quantumtask.shared.limit_store import LimitStore

    with open_store(LimitStore, data_dir) as store:
        projects, limits = store.projects(), store.limits()
    for project in projects:
        print(f"{project}: {_describe(limits, project)}")


def _warn_of_new(project: str, projects: list[str]) -> None:
    typer.echo(
        f"Warning: no token, no limit and no finished task names the project {project!r} so far. "
        f"Projects: {', '.join(projects)}.",
        err=True,
    )


def _describe(limits: "LimitTable", project: str) -> str:
    """Return the limits of a project, of each user, and of users with limits of their own."""
    parts = {"": limits.of_project(project), "each user: ": limits.of_user(project, EACH_USER)}
    parts |= {f"{user}: ": limits.of_user(project, user) for user in limits.users_of(project)}
    texts = {
        label: ", ".join(f"{n} {_format(own, n)}" for n in LIMIT_NAMES if getattr(own, n) < inf)
        for label, own in parts.items()
    }
    return "; ".join(label + text for label, text in texts.items() if text) or "no limits"


def _parse(name: str, text: str) -> float | None:
    """Return a limit; None for `default`."""
    if text == DEFAULT:
        return None
    try:
        return float(text)
    except ValueError:
        exit_with(f"{name}: must be a number or `{DEFAULT}`; got {text!r}.", 2)


def _print_table(corner: str, rows: tuple[str, ...], columns: dict[str, Limits]) -> None:
    from rich.table import Table
    from rich.text import Text

    from quantumtask.cli.render import style

    table = Table(box=None, pad_edge=False)
    for column in (corner, *map(style.printable, columns)):
        table.add_column(Text(column), overflow="fold", justify="left")
    for row in rows:
        table.add_row(row, *(_format(limits, row) for limits in columns.values()))
    style.console().print(table)


def _format(limits: Limits, name: str) -> str:
    value = getattr(limits, name)
    return f"{value:,.10g}" if value < inf else "-"
