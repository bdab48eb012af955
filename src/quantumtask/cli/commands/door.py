"""Commands that lead a client of another cloud to this service: `env` and `run --door`."""

import os
import shlex
import shutil
from collections.abc import Mapping
from typing import Annotated, NoReturn

import typer

from quantumtask.cli.client_variables import CLIENT_VARIABLES, Variables
from quantumtask.cli.commands.options import UrlOption
from quantumtask.cli.commands.terminal import exit_with

ANY_TOKEN = "local"
"""Token where none is stored: clients need one, and without authentication any is valid."""


DoorName = Annotated[str, typer.Argument(help=f"One of {', '.join(CLIENT_VARIABLES)}.")]


def env(door: DoorName, url: UrlOption = None) -> None:
    """Print the variables that lead the clients of a cloud here: eval "$(quantumtask env ionq)"."""
    for name, value in _variables(door, url).items():
        print(f"export {name}={shlex.quote(value)}")


def run_command(
    context: typer.Context,
    door: Annotated[str, typer.Option("--door", help=f"One of {', '.join(CLIENT_VARIABLES)}.")],
    url: UrlOption = None,
) -> None:
    """Run a command with those variables: quantumtask run --door ionq python script.py."""
    variables = _variables(door, url)
    if not context.args:
        exit_with("name the command to run: quantumtask run --door ionq python script.py", 2)
    _replace_process(context.args, {**os.environ, **variables})


def _variables(door: str, url: str | None) -> Variables:
    from quantumtask.client.credentials import Login, load_credential
    from quantumtask.client.service_url import service_url

    if door not in CLIENT_VARIABLES:
        exit_with(f"{door!r} is not a door; doors are {', '.join(CLIENT_VARIABLES)}.", 2)
    address = service_url(url)
    token = os.environ.get("QUANTUMTASK_TOKEN") or load_credential(address) or ANY_TOKEN
    return CLIENT_VARIABLES[door].of_service(
        address, token.id_token if isinstance(token, Login) else token
    )


def _replace_process(command: list[str], environment: Mapping[str, str]) -> NoReturn:
    program = shutil.which(command[0])
    if program is None:
        exit_with(f"{command[0]}: there is no such command.", 2)
    os.execve(program, command, dict(environment))
