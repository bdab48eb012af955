"""Entry point of the command `quantumtask`; `api` and `worker` start with few imports."""

import sys
from importlib.util import find_spec

TERMINAL = ("typer", "rich", "matplotlib")
"""Packages of the commands that talk to a service; the Python client needs none of them."""
SERVER = ("typer", "fastapi", "apsw")
"""Packages of SERVER_COMMANDS whose absence ends a command before it starts."""
SERVER_COMMANDS = ("up", "api", "worker", "backup", "token", "project", "audit")
"""Commands that run a service, or read its database."""


def main() -> None:
    """Run the command of `sys.argv`; exit with a remedy where a package is missing."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["--version"]:
        _print_version()
    elif arguments[:1] in ([], ["--help"]) and find_spec("typer") is None:
        _print_extras()
    elif missing := _missing_package(arguments[:1]):
        _refuse(missing, "server")
    else:
        _run(arguments)


def _run(arguments: list[str]) -> None:
    try:
        if arguments[:1] in (["api"], ["worker"]):
            from quantumtask.cli import serve

            serve.run_service(arguments[0], arguments[1:])
        else:
            from quantumtask.cli.commands import root

            root.app(prog_name="quantumtask")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "quantumtask":
            raise
        _refuse(package, "cli" if package in TERMINAL else "server")


def _print_version() -> None:
    from quantumtask.version import __version__

    print(f"quantumtask {__version__}")


def _print_extras() -> None:
    """Print what to install for the commands, of which this installation has none."""
    from quantumtask.shared.installation import install_command

    _print_version()
    print("The Python client is installed, without the packages of these commands:")
    print(f"  submit, watch and others that send circuits: {install_command('cli')}")
    print(f"  {', '.join(SERVER_COMMANDS)}: {install_command('server')}")


def _missing_package(command: list[str]) -> str | None:
    """Return a package that a command of the server lacks."""
    if not command or command[0] not in SERVER_COMMANDS:
        return None
    # The image of the API has its own choice of packages, and runs `api` alone.
    needed = ("fastapi",) if command[0] in ("api", "worker") else SERVER
    return next((package for package in needed if find_spec(package) is None), None)


def _refuse(package: str, extra: str) -> None:
    from quantumtask.shared.installation import install_command

    sys.exit(f"quantumtask: {package} is not installed: {install_command(extra)}")
