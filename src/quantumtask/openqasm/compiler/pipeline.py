"""Compile pipeline: preprocess, parse, check, and trace the operations of a shot."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from itertools import islice
from typing import Any

from quantumtask.openqasm.compiler.checker import check_program
from quantumtask.openqasm.compiler.context import Context, StatementObserver
from quantumtask.openqasm.compiler.declarations import OLD_STYLE_CODE
from quantumtask.openqasm.compiler.io_variables import bind_input
from quantumtask.openqasm.compiler.json_values import output_reader
from quantumtask.openqasm.gates.hardware import TargetGates
from quantumtask.openqasm.gates.undeclared import UNDECLARED_GATE_CODE, undeclared_warnings
from quantumtask.openqasm.inputs.sweep_binding import (
    ElementBinding,
    InputVariable,
    broadcast_shape,
    element_bindings,
    format_index,
)
from quantumtask.openqasm.parser.parse import Node, parse
from quantumtask.openqasm.program.deferred_measurement import DeferredMeasurement
from quantumtask.openqasm.program.execution import Code, Execution, UndecidedOutcome
from quantumtask.openqasm.program.program import BoundInputs, Circuit, Program, Sweep
from quantumtask.openqasm.program.tracer import OperationLimitExceeded, Tracer
from quantumtask.openqasm.text.layout import adapt_layout, normalize_line_ends
from quantumtask.openqasm.text.limits import check_characters, check_nesting
from quantumtask.openqasm.text.openqasm2 import translate_openqasm2
from quantumtask.openqasm.text.source import Diagnostic, OffsetSpan, Source
from quantumtask.openqasm.text.version import declares_openqasm2
from quantumtask.shared.processes import gc_paused
from quantumtask.shared.settings import Settings

NOTHING_MEASURED = "nothing is measured: every bit of the result is 0"
"""The beginning of the warning about a circuit without a measurement."""

MAX_DEFERRED_QUBITS = 22
"""The largest non-Clifford circuit with deferred measurements that is simulated as one circuit. In
larger ones, a measured qubit should leave the state vector."""


def compile_full(
    text: str, settings: Settings, parameters: str | None = None, device: TargetGates | None = None
) -> Sweep:
    """Compile any text, with one program for each element of the sweep of its inputs.

    Raises:
        CircuitError: With every error of the text.
    """
    source = preprocess(text, settings)
    with report_errors_in(source), gc_paused():
        context = compile_source(source, settings, parse_inputs(parameters) or {}, device)
        if context.errors:
            raise source.error(*context.errors.values())
        return _build_sweep(_BoundProgram(context, context.inputs, context.shape), source)


def _build_sweep(bound: "_BoundProgram", source: Source) -> Sweep:
    others, rebind = partial(_compile_others, bound, source), partial(_rebind, bound, source)
    return Sweep(bound.shape, bound.first, others, rebind if bound.inputs else None)


def _rebind(bound: "_BoundProgram", source: Source, parameters: str) -> Sweep:
    with report_errors_in(source), gc_paused():
        return _build_sweep(bound.rebind(parse_inputs(parameters) or {}), source)


def _compile_others(bound: "_BoundProgram", source: Source) -> Iterator[Program]:
    shape = bound.shape
    for number, binding in enumerate(islice(bound.bindings(), 1, None), start=1):
        index = format_index(number, shape)
        with report_errors_in(source), _naming_element(index), gc_paused():
            program = bound.build(binding)
        yield program


@contextmanager
def _naming_element(index: str) -> Iterator[None]:
    """Add the element of the sweep to the message of an error."""
    try:
        yield
    except Diagnostic as error:
        error.message += f" (element [{index}] of the sweep)"
        raise


@contextmanager
def report_errors_in(source: Source) -> Iterator[None]:
    """Raise a Diagnostic of the block as CircuitError, with its line and column."""
    try:
        yield
    except Diagnostic as error:
        raise source.error(error) from None
    except RecursionError:
        message = "this is nested too deeply"
        raise source.error(Diagnostic("nesting_too_deep", message, OffsetSpan(0, 0))) from None


def parse_inputs(parameters: str | None) -> dict[str, Any] | None:
    """Parse the values of the inputs from JSON. Raises Diagnostic if they are no object."""
    if parameters is None:
        return None
    try:
        values = json.loads(parameters)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        message = "parameters: must be a JSON object with the name and the value of each `input`"
        raise Diagnostic("bad_parameter", message, OffsetSpan(0, 0))
    return values


def preprocess(text: str, settings: Settings) -> Source:
    """Return the text in the form that the parser reads, checked against the lexical limits.

    Raises:
        CircuitError: The text has a character or a nesting that the parser must not see.
    """
    source = Source(normalize_line_ends(text))
    try:
        check_characters(source)
        openqasm2 = declares_openqasm2(source)
        source = adapt_layout(source, openqasm2)
        check_nesting(source, settings.max_nesting, openqasm2)
    except Diagnostic as error:
        raise source.error(error) from None
    return translate_openqasm2(source) if openqasm2 else source


def compile_source(
    source: Source,
    settings: Settings,
    parameters: dict[str, Any] | None,
    device: TargetGates | None = None,
    observer: StatementObserver | None = None,
) -> Context:
    """Parse and check a preprocessed text; see `check_program`.

    Raises:
        CircuitError: The text has a syntax error.
        Diagnostic: The text is empty.
    """
    tree: list[Node] = parse(source)
    if not tree:
        raise Diagnostic("empty_circuit", "this text has no statement", OffsetSpan(0, 0))
    return check_program(tree, source, settings, parameters, device, observer)


def build_first_program(context: Context) -> Program:
    """Return the program of a checked text, for the first values of its inputs."""
    return _BoundProgram(context, context.inputs, context.shape).first


class _BoundProgram:
    """A checked text that is bound to the values of its inputs, element by element.

    Attributes:
        inputs: The input variables with their values.
        shape: The shape of the sweep that these make.
    """

    def __init__(
        self,
        context: Context,
        inputs: Sequence[InputVariable],
        shape: tuple[int, ...],
        code: Code | None = None,
    ) -> None:
        self._context = context
        self._code = code or _build_code(context)
        self.inputs = inputs
        self.shape = shape
        self._outputs = tuple((output.name, str(output.type)) for output in context.outputs)
        owners = undeclared_owners(context)
        self._warnings = (*task_warnings(context), *undeclared_gate_messages(owners))

    def bindings(self) -> Iterator[ElementBinding]:
        return element_bindings(self.inputs, self.shape)

    def rebind(self, parameters: Mapping[str, Any]) -> "_BoundProgram":
        """Return the text with other values of its inputs; no instruction depends on the values.

        Raises:
            Diagnostic: The values do not fit, or one has no input.
        """
        limit = self._context.settings.max_sweep
        inputs = [bind_input(variable, parameters, limit) for variable in self.inputs]
        if len(parameters) > len(inputs):
            raise Diagnostic("unknown_parameter", "a value has no input", OffsetSpan(0, 0))
        return _BoundProgram(self._context, inputs, broadcast_shape(inputs, limit), self._code)

    @cached_property
    def first(self) -> Program:
        return self.build(next(self.bindings()))

    def build(self, binding: ElementBinding) -> Program:
        """Return the program for the values of an element. Raises Diagnostic."""
        context, execution = self._context, Execution(self._code)
        for store, value in binding:
            store(execution.memory, value)
        circuit, outputs = _trace(execution.copy(), context.settings)
        operations = len(circuit.steps if circuit is not None else self._code.instructions)
        return Program(
            tuple(context.result_registers),
            context.qubits.count,
            lambda: execution,
            circuit,
            operations,
            operations + context.qubits.count + execution.size,
            self._outputs,
            outputs,
            (*self._warnings, *unmeasured_warnings(circuit, context.qubits.count)),
            bool(context.qubits.physical),
            context.noisy,
            partial(self._inputs, binding) if binding else None,
        )

    def _inputs(self, binding: ElementBinding) -> BoundInputs:
        """Return the inputs of an element with their values."""
        variables = [variable for variable in self.inputs if variable.array]
        stores = [store for store, _ in binding]
        return BoundInputs(
            tuple(variable.name for variable in variables),
            tuple(str(variable.type) for variable in variables),
            tuple(value for _, value in binding),
            lambda values: self.build(list(zip(stores, values, strict=True))),
        )


def task_warnings(context: Context) -> tuple[str, ...]:
    """Return the messages of the warnings that a task reports.

    Warnings about style are only for validation; for those about undeclared gates, see
    `undeclared_owners`.
    """
    excluded = (OLD_STYLE_CODE, UNDECLARED_GATE_CODE)
    return tuple(w.message for w in context.warnings.values() if w.code not in excluded)


def undeclared_owners(context: Context) -> dict[str, str]:
    """Return the owner of each undeclared gate that the program uses, by the name of the gate."""
    return {name: use.owner for name, use in context.symbols.undeclared_gates.items()}


def undeclared_gate_messages(owners: dict[str, str]) -> tuple[str, ...]:
    """Return the warnings about undeclared gates, for their owners by name."""
    return tuple([message for _, message in undeclared_warnings(owners)])


def unmeasured_warnings(circuit: Circuit | None, qubits: int) -> tuple[str, ...]:
    """Return the warning about a circuit whose result is always 0."""
    if circuit is None or any(circuit.bits):
        return ()
    return (f"{NOTHING_MEASURED}. {measurement_hint(len(circuit.bits), qubits)}",)


def measurement_hint(bits: int, qubits: int) -> str:
    """Return the remedy for a circuit without a measurement."""
    return f"Measure the qubits: {'' if bits else f'bit[{qubits}] '}c = measure q;"


def _build_code(context: Context) -> Code:
    code = context.code
    outputs = [
        (output.name, output_reader(output.type, output.value.read)) for output in context.outputs
    ]
    return Code(
        code.instructions, code.spans, code.memory, context.result_cells, outputs, code.branches
    )


def _trace(
    execution: Execution, settings: Settings
) -> tuple[Circuit | None, dict[str, Any] | None]:
    """Return the circuit of every shot, and its outputs; None if they depend on outcomes."""
    tracer = Tracer(settings.max_operations)
    try:
        _run(execution, tracer, settings.max_steps)
        outputs = execution.outputs()
    except UndecidedOutcome:
        return None, None
    except OperationLimitExceeded:
        if tracer.control_outcomes:
            return None, None
        message = f"the circuit has more than {settings.max_operations:,} operations up to here"
        raise Diagnostic("too_many_operations", message, execution.span) from None
    circuit = tracer.circuit(execution.bits())
    if tracer.control_outcomes and not _is_faster_as_circuit(circuit):
        return None, None
    return circuit, outputs


def _is_faster_as_circuit(circuit: Circuit) -> bool:
    """Return True if a circuit with deferred measurements is faster than shot branching."""
    is_small = len(circuit.active_qubits) <= MAX_DEFERRED_QUBITS
    return circuit.clifford or (circuit.terminal_measurements_only and is_small)


def _run(execution: Execution, tracer: Tracer, max_steps: int) -> None:
    """Run to the end with deferred measurements. Raises UndecidedOutcome if one is needed."""
    deferred = DeferredMeasurement(tracer)
    while True:
        try:
            return execution.run(tracer, max_steps)
        except UndecidedOutcome:
            if not deferred.try_defer(execution):
                raise
