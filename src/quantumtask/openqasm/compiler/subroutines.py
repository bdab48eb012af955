"""Definitions of subroutines, and `return` (spec: Subroutines)."""

from typing import Any

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.load_store import store_function
from quantumtask.openqasm.compiler.measurement import measure_to_temp, measurement_operand
from quantumtask.openqasm.compiler.references import static_reference
from quantumtask.openqasm.compiler.subroutine_calls import BY_REFERENCE
from quantumtask.openqasm.compiler.symbol_table import Subroutine, Variable
from quantumtask.openqasm.compiler.type_nodes import resolve_type
from quantumtask.openqasm.compiler.visibility import describe_definition
from quantumtask.openqasm.parser.parse import nodes
from quantumtask.openqasm.program.execution import Execution, Instruction, JumpLabel, QuantumTarget
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten
from quantumtask.openqasm.values.expr import Expr
from quantumtask.openqasm.values.types import VOID


def compile_subroutine(context: Context, node: nodes.SubroutineDefinition) -> None:
    """Compile a `def`; the code before it jumps over its body. Raises Diagnostic."""
    context.require_global(node, "subroutines")
    code, name = context.code, node.name.name
    after = JumpLabel()
    code.emit_jump(after, node.span)
    result = resolve_type(context, node.return_type)
    if result.kind in ("array", "qubit", "qubits", "stretch"):
        assert node.return_type is not None
        message = f"a subroutine cannot return {result}"
        raise Diagnostic("wrong_type", message, node.return_type.span)
    cells = None if result == VOID else code.allocate(result, node.span)
    subroutine = Subroutine(name, (), result, cells, code.next_address, len(code.memory))
    context.symbols.declare(name, subroutine, node.name)
    context.has_subroutines = True
    loops, context.loops, context.subroutine = context.loops, [], subroutine
    context.symbols.enter_definition(describe_definition(node))
    try:
        subroutine.parameters = tuple(_declare_parameter(context, p) for p in node.params)
        context.block(node.body)
    finally:
        context.symbols.leave()
        context.loops, context.subroutine = loops, None
        subroutine.end_cell = len(code.memory)
    if result != VOID and not subroutine.returns:
        message = f"`{shorten(name)}` returns {result}, and its body has no `return`"
        raise Diagnostic("missing_return", message, node.name.span)
    code.emit(_end_of_body(subroutine, node.name.span), node.name.span)
    code.bind_label(after)


def _end_of_body(subroutine: Subroutine, span: Span) -> Instruction:
    def run(execution: Execution, _: QuantumTarget) -> int:
        if subroutine.result != VOID:
            message = f"`{shorten(subroutine.name)}` ended without a `return`"
            raise Diagnostic("missing_return", message, span)
        return _leave(execution)

    return run


def _leave(execution: Execution) -> int:
    """Remove the innermost call, and return the address to continue at."""
    return_address, first_cell, saved = execution.calls.pop()
    if saved:
        execution.memory[first_cell : first_cell + len(saved)] = saved
    return return_address


def _declare_parameter(context: Context, node: nodes.SubroutineParameter) -> Variable:
    to = resolve_type(context, node.type)
    mutable = getattr(node.type, "mutability", None) == nodes.AccessControl.MUTABLE
    read_only = "" if mutable or to.kind != "array" else "it is `readonly`"
    if to.kind in BY_REFERENCE:
        symbol = Variable(to, None, context.code.allocate_cell(node.span), read_only)
    else:
        symbol = Variable(to, context.code.allocate(to, node.span))
    context.symbols.declare(node.identifier.name, symbol, node.identifier)
    return symbol


def compile_return(context: Context, node: nodes.ReturnStatement) -> None:
    """Compile `return` of a value, of a measurement or of nothing. Raises Diagnostic."""
    value: Any = node.value
    if context.subroutine is not None:
        context.subroutine.returns = True
    if value is None:
        _emit_return(context, node.span, None)
    elif type(value) is nodes.QuantumMeasurement:
        operand = measurement_operand(context, value.qubits, node.span)
        _emit_return(context, node.span, measure_to_temp(context, operand, node.span))
    else:
        _emit_return(context, node.span, context.expression(value))


def _emit_return(context: Context, span: Span, value: Expr | None) -> None:
    subroutine = context.subroutine
    if subroutine is None:
        raise Diagnostic("misplaced", "`return` is allowed only in a subroutine", span)
    if (value is None) != (subroutine.result == VOID):
        result = "no value" if subroutine.result == VOID else f"a value of type {subroutine.result}"
        raise Diagnostic("wrong_type", f"`{shorten(subroutine.name)}` returns {result}", span)
    if value is None:
        context.code.emit(lambda execution, _: _leave(execution), span)
        return
    read = context.convert(value, subroutine.result).read
    target = static_reference(subroutine.result, span, subroutine.result_locations)
    store = store_function(target)

    def return_value(execution: Execution, _: QuantumTarget) -> int:
        result = read(execution.memory)
        return_address = _leave(execution)
        store(execution.memory, result)
        return return_address

    context.code.emit(return_value, span)
