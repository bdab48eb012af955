"""The full path from a text to a program: scan, parse, check, and trace what every shot does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from itertools import islice
from typing import Any

from quantumtask.openqasm.compiler import io_variables as values
from quantumtask.openqasm.compiler.checker import check
from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.declarations import OLD_STYLE
from quantumtask.openqasm.gates.hardware import TargetGates
from quantumtask.openqasm.gates.undeclared import UNDECLARED_GATE_CODE, undeclared_warnings
from quantumtask.openqasm.inputs.sweep_binding import ElementBinding, element_bindings, format_index
from quantumtask.openqasm.parser.parse import Node, parse
from quantumtask.openqasm.program.deferred_measurement import DeferredMeasurement
from quantumtask.openqasm.program.execution import Code, Execution, UndecidedOutcome
from quantumtask.openqasm.program.program import Circuit, Program, Sweep
from quantumtask.openqasm.program.tracer import OperationLimitExceeded, Tracer
from quantumtask.openqasm.text.layout import adapt_layout, normalize_line_ends
from quantumtask.openqasm.text.limits import check_characters, check_nesting
from quantumtask.openqasm.text.openqasm2 import translate_openqasm2
from quantumtask.openqasm.text.source import Diagnostic, OffsetSpan, Source
from quantumtask.openqasm.text.version import declares_openqasm2
from quantumtask.shared.processes import gc_paused
from quantumtask.shared.settings import Settings

NOTHING_MEASURED = "nothing is measured: every bit of the result is 0"


def compile_full(
    text: str, settings: Settings, parameters: str | None = None, device: TargetGates | None = None
) -> Sweep:
    """The programs of any text, one for each element of the sweep that its inputs make.

    Raises CircuitError with every problem of it.
    """
    source = preprocess(text, settings)
    with report_errors_in(source), gc_paused():
        context = compile_source(source, settings, parse_inputs(parameters) or {}, device)
        if context.refusals:
            raise source.error(*context.refusals.values())
        bound = _Bound(context)
        return Sweep(context.shape, bound.first, partial(_others, bound, source))


def _others(bound: "_Bound", source: Source) -> Iterator[Program]:
    """The programs after the first."""
    shape = bound.shape
    for number, binding in enumerate(islice(bound.bindings(), 1, None), start=1):
        with report_errors_in(source), _of_element(format_index(number, shape)), gc_paused():
            program = bound.program(binding)
        yield program


@contextmanager
def _of_element(place: str) -> Iterator[None]:
    try:
        yield
    except Diagnostic as refusal:
        refusal.message += f" (element [{place}] of the sweep)"
        raise


MOST_DEFERRED = 22
"""Qubits of a circuit that goes on after measuring, if it is not Clifford: with more of them, those
that are measured had better leave the state."""


@contextmanager
def report_errors_in(source: Source) -> Iterator[None]:
    """What is refused in here is raised as CircuitError, with its place in the text."""
    try:
        yield
    except Diagnostic as refusal:
        raise source.error(refusal) from None
    except RecursionError:
        deep = Diagnostic("nesting_too_deep", "this is nested too deeply", OffsetSpan(0, 0))
        raise source.error(deep) from None


def parse_inputs(parameters: str | None) -> dict[str, Any] | None:
    """The values of inputs, from JSON. Raises Diagnostic for what is no object of them."""
    if parameters is None:
        return None
    try:
        given = json.loads(parameters)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        message = "the parameters are no JSON object: a name and a value for each `input`"
        raise Diagnostic("bad_parameter", message, OffsetSpan(0, 0))
    return given


def preprocess(text: str, settings: Settings) -> Source:
    """The text as the parser can read it. Raises CircuitError for what it must not see."""
    source = Source(normalize_line_ends(text))
    try:
        check_characters(source)
        legacy = declares_openqasm2(source)
        source = adapt_layout(source, legacy)
        check_nesting(source, settings.max_nesting, legacy)
    except Diagnostic as refusal:
        raise source.error(refusal) from None
    return translate_openqasm2(source) if legacy else source


def compile_source(
    source: Source,
    settings: Settings,
    given: dict[str, Any] | None,
    device: TargetGates | None = None,
) -> Context:
    """The compiled program of a text, with its problems. Raises CircuitError or Diagnostic."""
    tree: list[Node] = parse(source)
    if not tree:
        raise Diagnostic("empty_circuit", "there is no statement in this text", OffsetSpan(0, 0))
    return check(tree, source, settings, given, device)


def build_first_program(context: Context) -> Program:
    """Return the program of a checked text, for the first values of its inputs."""
    return _Bound(context).first


class _Bound:
    """A checked text, which is bound to one after another of the values of its inputs."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._code = _code_of(context)
        self._outputs = tuple((name, str(to)) for name, to, _ in context.outputs)
        owners = undeclared_owners(context)
        self._warnings = (*task_warnings(context), *undeclared_gate_messages(owners))
        self.shape = context.shape

    def bindings(self) -> Iterator[ElementBinding]:
        return element_bindings(self._context.inputs, self.shape)

    @cached_property
    def first(self) -> Program:
        return self.program(next(self.bindings()))

    def program(self, binding: ElementBinding) -> Program:
        """Raises Diagnostic."""
        context, execution = self._context, Execution(self._code)
        for store, value in binding:
            store(execution.memory, value)
        circuit, fixed = _traced(execution.copy(), context.settings)
        operations = len(circuit.steps if circuit is not None else self._code.instructions)
        return Program(
            tuple(context.bits),
            context.qubits.count,
            lambda: execution,
            circuit,
            operations,
            operations + context.qubits.count + execution.size,
            self._outputs,
            fixed,
            (*self._warnings, *unmeasured_warnings(circuit)),
            bool(context.qubits.physical),
            context.noisy,
        )


def task_warnings(context: Context) -> tuple[str, ...]:
    """The warnings that a task carries.

    Warnings about style are left to validation, those about undeclared gates to
    `undeclared_owners`.
    """
    elsewhere = (OLD_STYLE, UNDECLARED_GATE_CODE)
    return tuple(w.message for w in context.warnings.values() if w.code not in elsewhere)


def undeclared_owners(context: Context) -> dict[str, str]:
    """The owner of each undeclared gate that the program uses, by the name of the gate."""
    return {name: owner for name, (owner, _) in context.scope.undeclared_gates.items()}


def undeclared_gate_messages(owners: dict[str, str]) -> tuple[str, ...]:
    """The warnings for undeclared gates, from their owners by name."""
    return tuple([message for _, message in undeclared_warnings(owners)])


def unmeasured_warnings(circuit: Circuit | None) -> tuple[str, ...]:
    """The warning for a circuit whose result says nothing."""
    return () if circuit is None or any(circuit.bits) else (NOTHING_MEASURED,)


def _code_of(context: Context) -> Code:
    outputs = [(name, values.reader(to, value.read)) for name, to, value in context.outputs]
    code = context.code
    return Code(
        code.instructions, code.spans, code.memory, context.bit_cells, outputs, code.branches
    )


def _traced(
    execution: Execution, settings: Settings
) -> tuple[Circuit | None, dict[str, Any] | None]:
    """What every shot does, and its outputs; None where that depends on what is measured."""
    trace = Tracer(settings.max_operations)
    try:
        _run(execution, trace, settings.max_steps)
        outputs = execution.outputs()
    except UndecidedOutcome:
        return None, None
    except OperationLimitExceeded:
        if trace.control_outcomes:
            return None, None
        limit = f"{settings.max_operations:,} operations"
        message = f"the circuit comes to more than {limit}, here at the latest"
        raise Diagnostic("too_many_operations", message, execution.span) from None
    circuit = trace.circuit(execution.bits())
    return (
        (None, None) if trace.control_outcomes and not _is_worth_it(circuit) else (circuit, outputs)
    )


def _is_worth_it(circuit: Circuit) -> bool:
    """Whether a circuit that acts on what it measured is simulated faster than its histories."""
    return circuit.clifford or (
        circuit.terminal_measurements_only and len(circuit.active_qubits) <= MOST_DEFERRED
    )


def _run(execution: Execution, trace: Tracer, most_steps: int) -> None:
    """Goes to the end, through an `if` both ways at once where that can be. Raises Undecided."""
    deferral = DeferredMeasurement(trace)
    while True:
        try:
            return execution.run(trace, most_steps)
        except UndecidedOutcome:
            if not deferral.try_defer(execution):
                raise
