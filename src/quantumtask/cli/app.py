"""Entry point of the command `quantumtask`; `api` and `worker` start with few imports."""

import sys

TERMINAL = ("typer", "rich", "matplotlib")
"""Packages of the commands that talk to a service; the Python client needs none of them."""


def main() -> None:
    """Run the command of `sys.argv`; exit with a remedy where a package is missing."""
    arguments = sys.argv[1:]
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
        extra = "cli" if package in TERMINAL else "server"
        sys.exit(f"quantumtask: {package} is not installed: pip install 'quantumtask[{extra}]'")
