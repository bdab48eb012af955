"""Commands that lead a client of another cloud to this service: `env` and `run --door`."""

import os
import shlex
import shutil
from collections.abc import Callable, Mapping
from typing import Annotated, NoReturn

import typer

from quantumtask.cli.commands.options import UrlOption
from quantumtask.cli.commands.terminal import exit_with

Variables = Mapping[str, str]

ANY_TOKEN = "local"
"""Token where none is stored: clients need one, and without authentication any is valid."""


def _ionq(url: str, token: str) -> Variables:
    """Return the variables of qiskit-ionq, and of cirq-ionq, which appends /v0.4 to the host.

    Each client reads names with its own prefix first. They must not lead to IonQ, either.
    """
    return {
        "IONQ_API_URL": f"{url}/v0.4",
        "QISKIT_IONQ_API_URL": f"{url}/v0.4",
        "IONQ_REMOTE_HOST": url,
        "CIRQ_IONQ_REMOTE_HOST": url,
        "IONQ_API_KEY": token,
        "QISKIT_IONQ_API_TOKEN": token,
        "CIRQ_IONQ_API_KEY": token,
    }


def _qbraid(url: str, token: str) -> Variables:
    """Return the variables of qBraid's client, which prefers a saved key and an access token."""
    return {
        "QBRAID_API_URL": f"{url}/qbraid/api/v1",
        "QBRAID_API_KEY": token,
        "QBRAID_ACCESS_TOKEN": "",
        "QBRAID_CONFIG_FILE": os.devnull,
    }


def _braket(url: str, token: str) -> Variables:
    return {
        "AWS_ENDPOINT_URL": f"{url}/aws",
        "AWS_ENDPOINT_URL_BRAKET": f"{url}/aws",  # these have precedence, if they are set
        "AWS_ENDPOINT_URL_S3": f"{url}/aws",
        "AWS_ENDPOINT_URL_STS": f"{url}/aws",
        "BRAKET_ENDPOINT": f"{url}/aws",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",  # boto3 reads this one
        "AWS_ACCESS_KEY_ID": "quantumtask",  # a client signs with both, and needs some
        "AWS_SECRET_ACCESS_KEY": "quantumtask",
        "AWS_SESSION_TOKEN": token,
    }


DOOR_VARIABLES: dict[str, Callable[[str, str], Variables]] = {
    "ionq": _ionq,
    "qbraid": _qbraid,
    "braket": _braket,
}
"""For each door the environment variables of its clients."""

DoorName = Annotated[str, typer.Argument(help=f"One of {', '.join(DOOR_VARIABLES)}.")]


def env(door: DoorName, url: UrlOption = None) -> None:
    """Print the variables that lead the clients of a cloud here: eval "$(quantumtask env ionq)"."""
    for name, value in _variables(door, url).items():
        print(f"export {name}={shlex.quote(value)}")


def run_command(
    context: typer.Context,
    door: Annotated[str, typer.Option("--door", help=f"One of {', '.join(DOOR_VARIABLES)}.")],
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

    if door not in DOOR_VARIABLES:
        exit_with(f"{door!r} is no door; doors are {', '.join(DOOR_VARIABLES)}.", 2)
    address = service_url(url)
    token = os.environ.get("QUANTUMTASK_TOKEN") or load_credential(address) or ANY_TOKEN
    return DOOR_VARIABLES[door](address, token.id_token if isinstance(token, Login) else token)


def _replace_process(command: list[str], environment: Mapping[str, str]) -> NoReturn:
    program = shutil.which(command[0])
    if program is None:
        exit_with(f"{command[0]}: there is no such command.", 2)
    os.execve(program, command, dict(environment))
