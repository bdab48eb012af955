"""Table of the commands, by name. The module `terminal` defines the exit statuses.

Commands import urllib3, rich and matplotlib when they need them, so that `--help` is fast.
"""

from typing import Annotated

import typer

from quantumtask.cli.commands import (
    audit,
    completion,
    door,
    draw,
    login,
    operate,
    project,
    query,
    service,
    submit,
    token,
)
from quantumtask.version import __version__

FORWARDED = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
FOLLOWED_BY_COMMAND = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "allow_interspersed_args": False,
}

app = typer.Typer(
    help="Run OpenQASM 3 circuits: start the service, or send circuits to one.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(requested: bool) -> None:
    if requested:
        print(f"quantumtask {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


app.command()(operate.up)
app.command()(service.status)
app.command()(service.stop)
app.command()(service.logs)
app.command(context_settings=FORWARDED)(operate.api)
app.command(context_settings=FORWARDED)(operate.worker)
app.command()(operate.doctor)
app.command()(operate.backup)
app.command()(completion.completion)
app.command()(login.login)
app.command()(login.logout)
app.add_typer(token.app, name="token")
app.add_typer(project.app, name="project")
app.command()(audit.audit)
app.command()(submit.submit)
app.command()(submit.batch)
app.command()(query.validate)
app.command()(query.estimate)
app.command()(draw.draw)
app.command()(door.env)
app.command("run", context_settings=FOLLOWED_BY_COMMAND)(door.run_command)
app.command()(submit.result)
app.command()(submit.circuit)
app.command()(submit.cancel)
app.command("rm")(submit.remove)
app.command("list")(query.list_tasks)
app.command()(query.watch)
app.command()(query.queue)
app.command()(query.usage)
app.command()(query.engines)
app.command()(query.backends)
