"""The checker: walks a parsed program once and compiles it, or tells all that is wrong with it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from quantumtask.openqasm.compiler import (
    assignment,
    control_flow,
    declarations,
    expressions,
    gate_definitions,
    io_variables,
    measurement,
    pragmas,
    subroutines,
    timing,
)
from quantumtask.openqasm.compiler.context import Context, TooManyErrors
from quantumtask.openqasm.compiler.gate_calls import emit_call
from quantumtask.openqasm.compiler.symbol_table import AlreadyReported, Extern
from quantumtask.openqasm.compiler.type_nodes import type_of
from quantumtask.openqasm.gates.hardware import TargetGates
from quantumtask.openqasm.gates.undeclared import (
    INCLUDES,
    UNDECLARED_GATE_CODE,
    undeclared_warnings,
)
from quantumtask.openqasm.inputs.sweep_binding import broadcast_shape
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.text.source import Diagnostic, Source, shorten
from quantumtask.openqasm.text.syntax_errors import include_not_allowed
from quantumtask.shared.settings import Settings


def check(
    tree: Sequence[Node],
    source: Source,
    settings: Settings,
    given: dict[str, Any] | None,
    device: TargetGates | None = None,
) -> Context:
    """The compiled program of a text and its tree, or all its problems in `refusals`.

    Args:
        tree: The statements of the text.
        source: The text.
        settings: The limits of the service.
        given: The values of the inputs; None: the program is only checked.
        device: The gates of the device that the program is for; None: an ideal simulator.
    """
    context = Context(tree, source, settings, given, device)
    context.expression = partial(expressions.expression, context)
    context.places = partial(expressions.places, context)
    context.block = partial(_block, context)
    with suppress(TooManyErrors), _refusing(context):
        _block(context, tree)
        if b"verbatim" in context.text:
            pragmas.check_verbatim(tree)
        _warn_hidden(context)
        _warn_undeclared(context)
        if not context.refusals:
            io_variables.check_all_used(context)
            context.shape = broadcast_shape(context.inputs, settings.max_sweep)
    return context


@contextmanager
def _refusing(context: Context) -> Iterator[None]:
    try:
        yield
    except Diagnostic as refusal:
        context.refuse(refusal)


def _warn_hidden(context: Context) -> None:
    for name, node in context.scope.hidden.items():
        message = f"`{shorten(name)}` hides the gate of that name in {context.scope.included}"
        context.warn("hides_gate", message, node.span)
    for name, node in context.scope.calls_of_hidden.items():
        short = shorten(name)
        message = f"`{short}` is a variable: this call is taken for the gate `{short}`"
        context.warn("hides_gate", message, node.span)


def _warn_undeclared(context: Context) -> None:
    used = context.scope.undeclared_gates
    for name, message in undeclared_warnings({name: owner for name, (owner, _) in used.items()}):
        context.warn(UNDECLARED_GATE_CODE, message, used[name][1].span)


def _block(context: Context, tree: Sequence[Node]) -> None:
    for node in tree:
        handler = _HANDLERS.get(type(node), _unsupported)
        if context.annotated:
            _warn_of_annotations(context, node)
        try:
            handler(context, node)
        except AlreadyReported:
            _give_up(context, node)
        except Diagnostic as refusal:
            _give_up(context, node)
            context.refuse(refusal)
        except RecursionError:
            message = "this is nested too deeply"
            context.refuse(Diagnostic("nesting_too_deep", message, node.span))


def _warn_of_annotations(context: Context, node: Any) -> None:
    for note in getattr(node, "annotations", ()):
        message = f"annotation @{shorten(note.identifier, 40)} is ignored"
        context.warn("ignored", message, note.span)


def _give_up(context: Context, node: Any) -> None:
    attribute = _NAMED_BY.get(type(node))
    name = getattr(getattr(node, attribute), "name", None) if attribute else None
    if isinstance(name, str):
        context.scope.mark_broken(name)


def _unsupported(_: Context, node: Any) -> None:
    what = _UNSUPPORTED.get(type(node), "this statement is not supported")
    raise Diagnostic("not_supported", what, node.span)


def _include(context: Context, node: Any) -> None:
    gates = INCLUDES.get(node.filename)
    if gates is None:
        raise include_not_allowed(node.filename, node.span)
    context.only_global(node, "includes")
    if context.device is not None:  # here: the short path looks its gates up by itself
        gates = {name: context.own(gate, node.span) for name, gate in gates.items()}
    context.scope.include(node.filename, gates)


def _compound(context: Context, node: Any) -> None:
    with context.inner():
        context.block(node.statements)


_NAMED_BY: dict[type, str] = {
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
    nodes.CalibrationDefinition: "`defcal` is for hardware, and this is a simulator",
    nodes.CalibrationStatement: "`cal` is for hardware, and this is a simulator",
}


def _extern(context: Context, node: Any) -> None:
    context.only_global(node, "`extern` functions")
    for parameter in node.param_types:
        type_of(context, parameter)
    type_of(context, node.return_type)
    context.scope.declare(node.name.name, Extern(), node.name)


def _grammar(context: Context, node: Any) -> None:
    context.warn("ignored", "`defcalgrammar` is ignored", node.span)


_HANDLERS: dict[type, Callable[[Context, Any], None]] = {
    nodes.QuantumGate: emit_call,
    nodes.QuantumPhase: emit_call,
    nodes.QuantumGateDefinition: gate_definitions.define,
    nodes.QuantumMeasurementStatement: assignment.measure_statement,
    nodes.QuantumReset: measurement.reset,
    nodes.QuantumBarrier: timing.hardware_time,
    nodes.DelayInstruction: timing.hardware_time,
    nodes.Box: timing.box,
    nodes.QubitDeclaration: declarations.qubits,
    nodes.ClassicalDeclaration: declarations.variable,
    nodes.ConstantDeclaration: declarations.constant_of,
    nodes.IODeclaration: io_variables.declare,
    nodes.AliasStatement: declarations.alias,
    nodes.ClassicalAssignment: assignment.assign,
    nodes.CompoundAssignment: assignment.compound,
    nodes.ExpressionStatement: assignment.expression,
    nodes.SubroutineDefinition: subroutines.define,
    nodes.ReturnStatement: assignment.give,
    nodes.BranchingStatement: control_flow.branch,
    nodes.WhileLoop: control_flow.while_loop,
    nodes.ForInLoop: control_flow.for_loop,
    nodes.SwitchStatement: control_flow.switch,
    nodes.BreakStatement: control_flow.leave,
    nodes.ContinueStatement: control_flow.leave,
    nodes.EndStatement: control_flow.end_program,
    nodes.CompoundStatement: _compound,
    nodes.ExternDeclaration: _extern,
    nodes.Include: _include,
    nodes.Pragma: pragmas.pragma,
    nodes.CalibrationGrammarDeclaration: _grammar,
}
