"""The terminal's commands, each by its name: `terminal` tells what their exit statuses mean.

They import httpx, rich and matplotlib where they need them: `--help` and a misspelt option answer
at once.
"""

from typing import Annotated

import typer

from quantumtask.cli.commands import operate, query, submit
from quantumtask.version import __version__

FORWARDED = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

app = typer.Typer(
    help="Runs OpenQASM 3 circuits: starts the service, or talks to one.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        print(f"quantumtask {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


app.command()(operate.up)
app.command(context_settings=FORWARDED)(operate.api)
app.command(context_settings=FORWARDED)(operate.worker)
app.command()(operate.doctor)
app.command()(operate.backup)
app.command()(submit.submit)
app.command()(submit.batch)
app.command()(query.validate)
app.command()(query.estimate)
app.command()(submit.result)
app.command()(submit.circuit)
app.command()(submit.cancel)
app.command("list")(query.list_tasks)
app.command()(query.watch)
app.command()(query.queue)
app.command()(query.engines)
app.command()(query.backends)
