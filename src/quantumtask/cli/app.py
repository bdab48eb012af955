"""Where `quantumtask` starts: a service, with as few imports as can be, or the commands."""

import sys


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] in (["api"], ["worker"]):
        from quantumtask.cli import services

        services.run(arguments[0], arguments[1:])
    else:
        from quantumtask.cli import commands

        commands.app(prog_name="quantumtask")
