"""`quantumtask draw FILE`: the drawing of a circuit as SVG."""

from pathlib import Path
from typing import Annotated

import typer

from quantumtask.cli.commands import options as ask
from quantumtask.cli.commands.parameter_syntax import ParametersOption, parse_parameters
from quantumtask.cli.commands.terminal import exit_with, open_client, read_circuit


def draw(
    file: ask.FileOption,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="File for the SVG; else it is printed."
        ),
    ] = None,
    param: ParametersOption = None,
    url: ask.UrlOption = None,
) -> None:
    """Draw a circuit as SVG, without running it; exit status 1: the circuit is wrong."""
    parameters = parse_parameters(param)
    circuit = read_circuit(file)
    with open_client(url) as service:
        svg = service.draw(circuit, parameters).svg
    if output is None:
        print(svg, end="")
        return
    try:
        Path(output).write_text(svg, encoding="utf-8")
    except OSError as error:
        exit_with(f"{output} cannot be written: {error.strerror}.", 2)
