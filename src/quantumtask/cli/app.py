"""Where `quantumtask` starts: a service, with as few imports as can be, or the commands."""

import sys

TERMINAL = ("typer", "rich", "matplotlib")
"""The packages that the commands need which talk to a service; the client needs none of them."""


def main() -> None:
    arguments = sys.argv[1:]
    try:
        if arguments[:1] in (["api"], ["worker"]):
            from quantumtask.cli import serve

            serve.run(arguments[0], arguments[1:])
        else:
            from quantumtask.cli.commands import root

            root.app(prog_name="quantumtask")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "quantumtask":
            raise
        extra = "cli" if package in TERMINAL else "server"
        sys.exit(f"quantumtask: {package} is not installed: pip install 'quantumtask[{extra}]'")
