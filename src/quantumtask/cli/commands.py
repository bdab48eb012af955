"""The terminal's commands, each by its name: `terminal` tells what their exit statuses mean.

They import httpx, rich and matplotlib where they need them: `--help` and a misspelt option answer
at once.
"""

from typing import Annotated

import typer

from quantumtask.cli import asking, operating, submitting
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


app.command()(operating.up)
app.command(context_settings=FORWARDED)(operating.api)
app.command(context_settings=FORWARDED)(operating.worker)
app.command()(operating.doctor)
app.command()(operating.backup)
app.command()(submitting.submit)
app.command()(submitting.batch)
app.command()(asking.validate)
app.command()(asking.estimate)
app.command()(submitting.result)
app.command()(submitting.circuit)
app.command()(submitting.cancel)
app.command("list")(asking.list_tasks)
app.command()(asking.watch)
app.command()(asking.queue)
app.command()(asking.engines)
app.command()(asking.backends)
