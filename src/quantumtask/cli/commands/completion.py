"""Command that prints the script with which a shell completes commands and options."""

from typing import Annotated, Literal

import typer
from typer.completion import shell_complete


def completion(
    context: typer.Context,
    shell: Annotated[
        Literal["bash", "zsh", "fish", "powershell"],
        typer.Argument(help="Shell that will read the script."),
    ],
) -> None:
    """Print the script with which a shell completes commands and options.

    `--install-completion` writes the script for the shell that runs the command.
    """
    # `--show-completion` has no argument: Typer prints the script of the shell among the parents
    # of the process, which is the wrong one where a script prepares another shell.
    root = context.find_root()
    program = str(root.info_name)
    variable = f"_{program.replace('-', '_').upper()}_COMPLETE"
    raise typer.Exit(shell_complete(root.command, {}, program, variable, f"source_{shell}"))
