"""Checker: walks a parsed program once, and compiles it or reports all its errors."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from quantumtask.openqasm.compiler import (
    assignment,
    control_flow,
    declarations,
    expressions,
    gate_calls,
    gate_definitions,
    io_variables,
    measurement,
    pragmas,
    subroutines,
    timing,
)
from quantumtask.openqasm.compiler.context import (
    Context,
    StatementObserver,
    TooManyErrors,
    Visitors,
)
from quantumtask.openqasm.compiler.symbol_table import AlreadyReported, Extern
from quantumtask.openqasm.compiler.type_nodes import resolve_type
from quantumtask.openqasm.gates.hardware import TargetGates
from quantumtask.openqasm.gates.undeclared import (
    INCLUDES,
    UNDECLARED_GATE_CODE,
    controlled_form,
    undeclared_warnings,
)
from quantumtask.openqasm.inputs.sweep_binding import broadcast_shape
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.text.source import Diagnostic, Source, shorten
from quantumtask.openqasm.text.syntax_errors import include_not_allowed
from quantumtask.shared.settings import Settings


def check_program(
    tree: Sequence[Node],
    source: Source,
    settings: Settings,
    parameters: dict[str, Any] | None,
    device: TargetGates | None = None,
    observer: StatementObserver | None = None,
) -> Context:
    """Compile a program, and collect its diagnostics.

    Args:
        tree: The statements of the text.
        source: The text.
        settings: The limits of the service.
        parameters: The values of the inputs; None if the program is only validated.
        device: The gates of the target device; None for an ideal simulator.
        observer: An object that is told about the statements.

    Returns:
        The context with the code, or with all `errors`.
    """
    visitors = Visitors(expressions.compile_expression, expressions.resolve_reference, _visit_block)
    context = Context(tree, source, settings, parameters, device, visitors)
    context.observer = observer
    with suppress(TooManyErrors), _reporting(context):
        _visit_block(context, tree)
        if b"verbatim" in context.text:
            pragmas.check_verbatim(tree)
        _warn_of_shadowed_gates(context)
        _warn_of_undeclared_gates(context)
        if all(code == "missing_parameter" for code, _ in context.errors):
            io_variables.check_input_names(context)  # a wrong name can be why a value is missing
        if not context.errors:
            context.shape = broadcast_shape(context.inputs, settings.max_sweep)
    return context


@contextmanager
def _reporting(context: Context) -> Iterator[None]:
    try:
        yield
    except Diagnostic as error:
        context.report(error)


def _warn_of_shadowed_gates(context: Context) -> None:
    symbols = context.symbols
    for name, node in symbols.shadowed.items():
        message = f"`{shorten(name)}` shadows the gate of that name in {symbols.included}"
        context.warn("hides_gate", message, node.span)
    for name, node in symbols.calls_of_shadowed.items():
        short = shorten(name)
        message = f"`{short}` is a variable: this call is read as a call of the gate `{short}`"
        context.warn("hides_gate", message, node.span)


def _warn_of_undeclared_gates(context: Context) -> None:
    uses = context.symbols.undeclared_gates
    for name, message in undeclared_warnings({name: use.owner for name, use in uses.items()}):
        origin = uses[name].owner
        hint = controlled_form(each for each, use in uses.items() if use.owner == origin)
        context.warn(UNDECLARED_GATE_CODE, message, uses[name].node.span, hint)


def _visit_block(context: Context, tree: Sequence[Node]) -> None:
    for node in tree:
        handler = _HANDLERS.get(type(node), _reject)
        if context.annotated:
            _warn_of_annotations(context, node)
        try:
            if context.observer is None:
                handler(context, node)
            else:
                _observe(context.observer, context, node)
        except AlreadyReported:
            _mark_declared_name_invalid(context, node)
        except Diagnostic as error:
            _mark_declared_name_invalid(context, node)
            context.report(error)
        except RecursionError:
            message = "this is nested too deeply"
            context.report(Diagnostic("nesting_too_deep", message, node.span))


def _observe(observer: StatementObserver, context: Context, node: Node) -> None:
    observer.begin(context, node)
    _HANDLERS.get(type(node), _reject)(context, node)
    observer.end(context, node)


def _warn_of_annotations(context: Context, node: Node) -> None:
    for annotation in getattr(node, "annotations", ()):
        message = f"annotation @{shorten(annotation.identifier, 40)} is ignored"
        context.warn("ignored", message, annotation.span)


def _mark_declared_name_invalid(context: Context, node: Node) -> None:
    attribute = _NAME_ATTRIBUTES.get(type(node))
    name = getattr(getattr(node, attribute), "name", None) if attribute else None
    if isinstance(name, str):
        context.symbols.mark_invalid(name)


def _reject(_: Context, node: Node) -> None:
    message = _UNSUPPORTED.get(type(node), "this statement is not supported")
    raise Diagnostic("not_supported", message, node.span)


def _compile_include(context: Context, node: nodes.Include) -> None:
    gates = INCLUDES.get(node.filename)
    if gates is None:
        raise include_not_allowed(node.filename, node.span)
    context.require_global(node, "includes")
    if context.device is not None:  # translated here, because the fast path reads this table
        gates = {name: context.device_gate(gate, node.span) for name, gate in gates.items()}
    context.symbols.include(node.filename, gates)


def _compile_compound(context: Context, node: nodes.CompoundStatement) -> None:
    with context.block_scope():
        context.block(node.statements)


_NAME_ATTRIBUTES: dict[type, str] = {
    nodes.QubitDeclaration: "qubit",
    nodes.ClassicalDeclaration: "identifier",
    nodes.ConstantDeclaration: "identifier",
    nodes.IODeclaration: "identifier",
    nodes.AliasStatement: "target",
    nodes.QuantumGateDefinition: "name",
    nodes.SubroutineDefinition: "name",
    nodes.ExternDeclaration: "name",
}

_UNSUPPORTED: dict[type, str] = {
    nodes.CalibrationDefinition: "`defcal` needs hardware; simulators do not support it",
    nodes.CalibrationStatement: "`cal` needs hardware; simulators do not support it",
}


def _declare_extern(context: Context, node: nodes.ExternDeclaration) -> None:
    context.require_global(node, "`extern` functions")
    for parameter in node.param_types:
        resolve_type(context, parameter)
    resolve_type(context, node.return_type)
    context.symbols.declare(node.name.name, Extern(), node.name)


def _ignore_grammar(context: Context, node: nodes.CalibrationGrammarDeclaration) -> None:
    context.warn("ignored", "`defcalgrammar` is ignored", node.span)


_HANDLERS: dict[type, Callable[[Context, Any], None]] = {
    nodes.QuantumGate: gate_calls.emit_gate_call,
    nodes.QuantumPhase: gate_calls.emit_gate_call,
    nodes.QuantumGateDefinition: gate_definitions.compile_gate_definition,
    nodes.QuantumMeasurementStatement: assignment.compile_measurement_statement,
    nodes.QuantumReset: measurement.compile_reset,
    nodes.QuantumBarrier: timing.compile_timing,
    nodes.DelayInstruction: timing.compile_timing,
    nodes.Box: timing.compile_box,
    nodes.QubitDeclaration: declarations.declare_qubits,
    nodes.ClassicalDeclaration: declarations.declare_variable,
    nodes.ConstantDeclaration: declarations.declare_constant,
    nodes.IODeclaration: io_variables.declare_io_variable,
    nodes.AliasStatement: declarations.declare_alias,
    nodes.ClassicalAssignment: assignment.compile_assignment,
    nodes.CompoundAssignment: assignment.compile_compound_assignment,
    nodes.ExpressionStatement: expressions.compile_expression_statement,
    nodes.SubroutineDefinition: subroutines.compile_subroutine,
    nodes.ReturnStatement: subroutines.compile_return,
    nodes.BranchingStatement: control_flow.compile_if,
    nodes.WhileLoop: control_flow.compile_while,
    nodes.ForInLoop: control_flow.compile_for,
    nodes.SwitchStatement: control_flow.compile_switch,
    nodes.BreakStatement: control_flow.compile_loop_jump,
    nodes.ContinueStatement: control_flow.compile_loop_jump,
    nodes.EndStatement: control_flow.compile_end,
    nodes.CompoundStatement: _compile_compound,
    nodes.ExternDeclaration: _declare_extern,
    nodes.Include: _compile_include,
    nodes.Pragma: pragmas.compile_pragma,
    nodes.CalibrationGrammarDeclaration: _ignore_grammar,
}
