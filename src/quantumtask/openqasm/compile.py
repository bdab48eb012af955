"""The way from a text to a program: scan, parse, check, lower."""

from quantumtask.openqasm.check import check
from quantumtask.openqasm.lower import lower
from quantumtask.openqasm.program import Program
from quantumtask.openqasm.scan import normalised, scan
from quantumtask.openqasm.source import Place, Refusal, Source
from quantumtask.openqasm.syntax import parse
from quantumtask.shared.settings import Settings

LONGEST_REMEMBERED = 4096
MOST_REMEMBERED = 64
LARGEST_REMEMBERED = 1000
"""Characters, programs, and the size of one: together some ten megabytes at most."""

_remembered: dict[tuple[str, Settings], Program] = {}


def compile_circuit(text: str, settings: Settings) -> Program:
    """The program that a text describes.

    Raises CircuitError with every problem of the text. Small programs are remembered, because
    the same circuit often comes again; nobody changes a Program.
    """
    if len(text) > LONGEST_REMEMBERED:
        return _compile(text, settings)
    program = _remembered.get((text, settings))
    if program is None:
        program = _compile(text, settings)
        _remember(text, settings, program)
    return program


def _remember(text: str, settings: Settings, program: Program) -> None:
    if program.size <= LARGEST_REMEMBERED:
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.pop(next(iter(_remembered)), None)
        _remembered[text, settings] = program


def _compile(text: str, settings: Settings) -> Program:
    source = Source(normalised(text))
    try:
        scan(source, settings)
        statements = parse(source)
        if not statements:
            message = "there is no statement in this text"
            raise Refusal("empty_circuit", message, Place(0, 0))
        return lower(check(statements, source, settings))
    except Refusal as refusal:
        raise source.error(refusal) from None
    except RecursionError:
        message = "this is nested too deeply"
        raise source.error(Refusal("nesting_too_deep", message, Place(0, 0))) from None
