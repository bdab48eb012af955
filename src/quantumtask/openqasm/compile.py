"""The way from a text to a program: scan, parse, check, and trace what every shot does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from quantumtask.openqasm import parameters as values
from quantumtask.openqasm.check import check
from quantumtask.openqasm.context import Context
from quantumtask.openqasm.declarations import OLD_STYLE
from quantumtask.openqasm.garbage import collector_paused
from quantumtask.openqasm.gates import Operation, Unitary
from quantumtask.openqasm.legacy import rewritten
from quantumtask.openqasm.process import Code, Process, Undecided
from quantumtask.openqasm.program import Circuit, Program
from quantumtask.openqasm.scan import normalised, scan
from quantumtask.openqasm.source import Place, Refusal, Source
from quantumtask.openqasm.syntax import Node, parse
from quantumtask.openqasm.trace import TooMany, Trace
from quantumtask.shared.settings import Settings

LONGEST_REMEMBERED = 4096
MOST_REMEMBERED = 64
LARGEST_REMEMBERED = 1000
"""Characters, programs, and the size of one: together some ten megabytes at most."""

NOTHING_MEASURED = "nothing is measured: every bit of the result is 0"

_remembered: dict[tuple[str, Settings, str | None], Program] = {}


def compile_circuit(text: str, settings: Settings, parameters: str | None = None) -> Program:
    """The program that a text describes, with `parameters` (a JSON object) for its inputs.

    Raises CircuitError with every problem of the text. Small programs are remembered, because
    the same circuit often comes again; nobody changes a Program.
    """
    if len(text) + len(parameters or "") > LONGEST_REMEMBERED:
        return compile_fresh(text, settings, parameters)
    key = (text, settings, parameters)
    program = _remembered.get(key)
    if program is None:
        program = compile_fresh(*key)
        _remember(key, program)
    return program


def _remember(key: tuple[str, Settings, str | None], program: Program) -> None:
    if program.size <= LARGEST_REMEMBERED and not _holds_matrices(program):
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.pop(next(iter(_remembered)), None)
        _remembered[key] = program


def _holds_matrices(program: Program) -> bool:
    steps = program.circuit.steps if program.circuit else ()
    return any(isinstance(step, Operation) and isinstance(step.gate, Unitary) for step in steps)


def compile_fresh(text: str, settings: Settings, parameters: str | None = None) -> Program:
    """As `compile_circuit`, without remembering anything."""
    source = prepared(text, settings)
    with told_in(source), collector_paused():
        context = checked(source, settings, given_values(parameters) or {})
        if context.refusals:
            raise source.error(*context.refusals.values())
        return _program(context)


@contextmanager
def told_in(source: Source) -> Iterator[None]:
    """What is refused in here is raised as CircuitError, with its place in the text."""
    try:
        yield
    except Refusal as refusal:
        raise source.error(refusal) from None
    except RecursionError:
        deep = Refusal("nesting_too_deep", "this is nested too deeply", Place(0, 0))
        raise source.error(deep) from None


def given_values(parameters: str | None) -> dict[str, Any] | None:
    """The values of inputs, from JSON. Raises Refusal for what is no object of them."""
    if parameters is None:
        return None
    try:
        given = json.loads(parameters)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        message = "the parameters are no JSON object: a name and a value for each `input`"
        raise Refusal("bad_parameter", message, Place(0, 0))
    return given


def prepared(text: str, settings: Settings) -> Source:
    """The text as the parser can read it. Raises CircuitError for what it must not see."""
    source = Source(normalised(text))
    return rewritten(source) if scan(source, settings) else source


def checked(source: Source, settings: Settings, given: dict[str, Any] | None) -> Context:
    """The compiled program of a text, with its problems. Raises CircuitError or Refusal."""
    tree: list[Node] = parse(source)
    if not tree:
        raise Refusal("empty_circuit", "there is no statement in this text", Place(0, 0))
    return check(tree, source, settings, given)


def _program(context: Context) -> Program:
    process, circuit, fixed = traced(context)
    told = [w for w in context.warnings.values() if w.code != OLD_STYLE]
    warnings = [refusal.message for refusal in told]
    if circuit is not None and not any(circuit.bits):
        warnings.append(NOTHING_MEASURED)
    return Program(
        tuple(context.bits),
        context.qubit_count,
        process,
        circuit,
        len(circuit.steps) if circuit is not None else len(context.code.instructions),
        tuple((name, str(to)) for name, to, _ in context.outputs),
        fixed,
        tuple(warnings),
    )


def traced(context: Context) -> tuple[Process, Circuit | None, dict[str, Any] | None]:
    """A process that has not begun, what every shot of it does, and its outputs.

    The last two are None where that depends on what is measured. Raises Refusal.
    """
    outputs = [(name, values.reader(to, value.read)) for name, to, value in context.outputs]
    code = context.code
    process = Process(Code(code.instructions, code.spans, code.memory, context.bit_cells, outputs))
    return process, *_traced(process.copy(), context.settings)


def _traced(process: Process, settings: Settings) -> tuple[Circuit | None, dict[str, Any] | None]:
    """What every shot does, and its outputs; None where that depends on what is measured."""
    trace = Trace(settings.max_operations)
    try:
        process.run(trace, settings.max_steps)
        outputs = process.outputs()
    except Undecided:
        return None, None
    except TooMany:
        limit = f"{settings.max_operations:,} operations"
        message = f"the circuit comes to more than {limit}, here at the latest"
        raise Refusal("too_many_operations", message, process.span) from None
    return trace.circuit(process.bits()), outputs
