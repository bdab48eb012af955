"""Commands of operators for tokens: they open the database of the service, and need no token."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quantumtask.cli.commands.database import DataDirOption, open_store
from quantumtask.cli.commands.terminal import exit_with
from quantumtask.cli.commands.times import format_utc, parse_duration
from quantumtask.shared.audit import terminal_sender
from quantumtask.shared.principal import ALL_PROJECTS, Principal, Role
from quantumtask.shared.task import DEFAULT_PROJECT

if TYPE_CHECKING:
    from quantumtask.shared.token_store import TokenStore
    from quantumtask.shared.tokens import AccessToken

IGNORED = (
    "QUANTUMTASK_AUTH is off: no request needs a token, and everyone may do everything. "
    "Remove the setting, and start the API again."
)

app = typer.Typer(
    help="Create, list and revoke tokens, in the database of the service.", no_args_is_help=True
)


@app.command()
def create(
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME...", help="Names of people or programs: owners of tasks."),
    ],
    project: Annotated[
        str, typer.Option(help="Project of the tasks; its members see them.")
    ] = DEFAULT_PROJECT,
    role: Annotated[
        Role,
        typer.Option(help="read: sees tasks. user: submits and cancels, too. admin: all projects."),
    ] = Role.USER,
    expires: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Lifetime, such as 90d or 12h; default: none."),
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Create a token and print it, once: the database has only its hash.

    With several names, each has a token, and a line: the name, a tab, and the token.
    """
    from quantumtask.shared.settings import load_settings

    lifetime_s = None if expires is None else parse_duration("--expires", expires)
    if repeated := next((name for name in names if names.count(name) > 1), None):
        exit_with(f"name: {repeated!r} occurs twice; no token was created. Name each once.", 2)
    with _open_store(data_dir) as store, store.transaction():
        created = [
            store.create_token(Principal(name, project, role), lifetime_s, terminal_sender())
            for name in names
        ]
    for name, (text, _) in zip(names, created, strict=True):
        print(f"{name}\t{text}" if len(names) > 1 else text)
    ends_at = created[0][1].expires_at
    until = "without end" if ends_at is None else f"until {format_utc(ends_at)}"
    subject = f"The token of {names[0]}" if len(names) == 1 else f"{len(names)} tokens"
    typer.echo(
        f"{subject} ({role}, project {project}), valid {until}, not to be shown again.\n"
        "To use one: quantumtask login, or the environment variable QUANTUMTASK_TOKEN.",
        err=True,
    )
    if load_settings().auth == "off":
        typer.echo(f"Warning: {IGNORED}", err=True)


@app.command("list")
def list_tokens(data_dir: DataDirOption = None) -> None:
    """List all tokens, by their first characters; those that have ended, too."""
    from rich.table import Table
    from rich.text import Text

    from quantumtask.cli.render import style

    with _open_store(data_dir) as store:
        tokens = store.tokens()
    table = Table(box=None, pad_edge=False)
    for column in ("token", "name", "project", "role", "created", "expires", "state"):
        table.add_column(column, overflow="fold")
    for token in tokens:
        expires = "never" if token.expires_at is None else format_utc(token.expires_at)
        texts = (token.prefix, style.printable(token.name), token.project, token.role)
        cells = (*texts, format_utc(token.created_at), expires, _state(token))
        table.add_row(*map(Text, cells))
    style.console().print(table if tokens else "No token exists.")


@app.command()
def revoke(
    name: Annotated[
        str,
        typer.Argument(metavar="TOKEN", help="First characters of a token (qt_...), or a name."),
    ],
    project: Annotated[
        str, typer.Option(help="With a name: only tokens of this project.")
    ] = ALL_PROJECTS,
    data_dir: DataDirOption = None,
) -> None:
    """Revoke one token, or all tokens of a name. The service refuses them within 5 seconds.

    The sessions of browsers end, too: those of the token, or all of the name.
    """
    from quantumtask.shared.session_store import SessionStore

    with open_store(SessionStore, data_dir) as store:
        revoked = store.revoke_tokens(name, project, terminal_sender())
        sessions = store.end_sessions(name, project, terminal_sender())
    if not revoked and not sessions:
        exit_with(f"no valid token has the name or the first characters {name!r}.", 1)
    for token in revoked:
        print(f"{token.prefix} of {token.name} (project {token.project}) is revoked.")
    for session in sessions:
        print(f"{session.prefix} of {session.name}, a session of a browser, has ended.")


def _open_store(data_dir: Path | None) -> AbstractContextManager["TokenStore"]:
    from quantumtask.shared.token_store import TokenStore

    return open_store(TokenStore, data_dir)


def _state(token: "AccessToken") -> str:
    if token.revoked_at is not None:
        return f"revoked {format_utc(token.revoked_at)}"
    return "valid" if token.is_valid(datetime.now(UTC).timestamp()) else "expired"
