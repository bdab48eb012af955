"""Calls of subroutines, and the order of evaluation around them (spec: Subroutines)."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from quantumtask.openqasm.compiler.context import COPIES_PER_STEP, Context
from quantumtask.openqasm.compiler.load_store import load, store_function
from quantumtask.openqasm.compiler.references import Reference, as_sequence, static_reference
from quantumtask.openqasm.compiler.symbol_table import Subroutine, Variable
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.program.execution import (
    Execution,
    Instruction,
    QuantumTarget,
    bit_value,
)
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten
from quantumtask.openqasm.values.expr import Expr, ReadValue
from quantumtask.openqasm.values.types import VOID, ArrayView, Type

BY_REFERENCE = frozenset({"qubit", "qubits", "array"})
"""Types of parameters that are passed by reference."""


def compile_call(context: Context, subroutine: Subroutine, node: nodes.FunctionCall) -> Expr:
    """Emit a call before the expression that contains it, and return its value.

    The value is copied to a temporary cell, because a later call of the same subroutine overwrites
    the result.

    Raises:
        Diagnostic: The arguments do not match the parameters.
    """
    args, parameters = node.args, subroutine.parameters
    if len(args) != len(parameters):
        plural = "" if len(parameters) == 1 else "s"
        message = (
            f"`{shorten(subroutine.name)}` takes {len(parameters)} argument{plural}, "
            f"not {len(args)}"
        )
        raise Diagnostic("wrong_arity", message, node.span)
    last = last_operand_with_call(context, args)
    arguments = [
        _compile_argument(context, parameter, arg, position < last)
        for position, (parameter, arg) in enumerate(zip(parameters, args, strict=True))
    ]
    context.code.emit(_enter(context, subroutine, arguments, node.span), node.span)
    if subroutine.result == VOID:
        return Expr(VOID, node.span, lambda _: None)
    result = static_reference(subroutine.result, node.span, subroutine.result_locations)
    return copy_to_temp(context, load(result), node.span)


def evaluate_in_order(context: Context, operands: Sequence[Node]) -> list[Expr]:
    """Compile operands; each is evaluated before the subroutine calls in later operands."""
    last = last_operand_with_call(context, operands)
    values = []
    for position, node in enumerate(operands):
        value = context.expression(node)
        values.append(copy_to_temp(context, value, value.span) if position < last else value)
    return values


def last_operand_with_call(context: Context, operands: Sequence[Node]) -> int:
    """Return the position of the last operand that calls a subroutine; -1 for none."""
    if not context.has_subroutines:
        return -1
    calls = [position for position, node in enumerate(operands) if contains_call(context, node)]
    return calls[-1] if calls else -1


def contains_call(context: Context, node: Node) -> bool:
    """Return True if an expression calls a subroutine."""
    pending: list[Node] = [node] if context.has_subroutines else []
    while pending:
        current = pending.pop()
        if type(current) is nodes.FunctionCall:
            if isinstance(context.symbols.lookup(current.name.name), Subroutine):
                return True
            pending.extend(current.args)
        else:
            pending.extend(current.children())
    return False


def copy_to_temp(context: Context, value: Expr, span: Span) -> Expr:
    """Emit a copy of a value to temporary cells, and return the expression that reads them."""
    if value.is_constant:
        return value
    if (value.type.size is None and value.type.kind == "bits") or None in value.type.shape:
        return _copy_to_cell(context, value, span)
    temp = static_reference(value.type, span, context.code.allocate(value.type, span))
    read, store = value.read, store_function(temp)
    context.code.emit(lambda execution, _: store(execution.memory, read(execution.memory)), span)
    return load(temp)


def _copy_to_cell(context: Context, value: Expr, span: Span) -> Expr:
    """Copy a value whose size is known only at run time; a single cell holds the whole value.

    The copy needs the values of its bits, because `Execution.decide` replaces only whole cells.
    """
    cell, read = context.code.allocate_cell(span), value.read

    def copy(execution: Execution, _: QuantumTarget) -> None:
        result = read(execution.memory)
        if value.type.kind == "bits":
            result = tuple([bit_value(bit) for bit in result])
        execution.memory[cell] = result

    context.code.emit(copy, span)
    return Expr(value.type, span, lambda m: m[cell])


class _Argument(NamedTuple):
    """A compiled argument: `read` gives its value, or its locations if passed by reference."""

    read: ReadValue
    store: Callable[[list[Any], Any], None]
    is_quantum: bool


def _compile_argument(
    context: Context, parameter: Variable, node: Node, precedes_call: bool
) -> _Argument:
    to = parameter.type
    if to.kind not in BY_REFERENCE:
        value = context.convert(context.expression(node), to)
        if precedes_call:
            value = copy_to_temp(context, value, value.span)
        target = static_reference(to, node.span, parameter.locations)
        return _Argument(value.read, store_function(target), False)
    reference = context.reference(node)
    _check_reference(parameter, reference, node.span)
    cell = parameter.cell
    resolve = _check_size_at_run_time(reference, to, node.span)
    return _Argument(resolve, lambda m, value: m.__setitem__(cell, value), to.kind != "array")


def _check_reference(parameter: Variable, reference: Reference, span: Span) -> None:
    to, type = parameter.type, reference.type
    if to.kind != "array":
        _check_qubits(to, type, span)
        return
    if type.kind != "array" or type.base != to.base or len(type.shape) != len(to.shape):
        raise Diagnostic("wrong_type", f"{to} is needed here, not {type}", span)
    for expected, actual in zip(to.shape, type.shape, strict=True):
        if expected is not None and actual is not None and expected != actual:
            raise Diagnostic("size_mismatch", f"{to} is needed here, not {type}", span)
    if reference.read_only and not parameter.read_only:
        message = f"`{shorten(reference.name)}` cannot be changed here: {reference.read_only}"
        raise Diagnostic("read_only", message, span)


def _check_qubits(to: Type, type: Type, span: Span) -> None:
    is_register_of_one = to == Type("qubits", 1) and type.kind == "qubit"
    if is_register_of_one:
        return
    if to.kind != type.kind:
        raise Diagnostic("wrong_type", f"{to} is needed here, not {type}", span)
    if to.size != type.size and None not in (to.size, type.size):
        raise Diagnostic("size_mismatch", f"{to} is needed here, not {type}", span)


def _check_size_at_run_time(reference: Reference, to: Type, span: Span) -> ReadValue:
    """Return the function that resolves an argument; it raises Diagnostic for another size."""
    resolve = reference.resolve
    if to.kind == "qubits" and reference.type.kind == "qubit":
        return lambda m: (resolve(m),)
    if to.kind == "qubits" and reference.type.size is None:

        def resolve_register(memory: list[Any]) -> Sequence[int]:
            qubits: Sequence[int] = resolve(memory)
            if len(qubits) != to.size:
                message = f"{to} is needed here, not {len(qubits)} qubits"
                raise Diagnostic("size_mismatch", message, span)
            return qubits

        return resolve_register
    if to.kind == "array" and None in reference.type.shape and None not in to.shape:

        def resolve_array(memory: list[Any]) -> Any:
            view = resolve(memory)
            if tuple(view.shape) != to.shape:
                message = f"{to} is needed here, not one of shape {list(view.shape)}"
                raise Diagnostic("size_mismatch", message, span)
            return view

        return resolve_array
    return resolve


def _enter(
    context: Context, subroutine: Subroutine, arguments: Sequence[_Argument], span: Span
) -> Instruction:
    """Return the instruction that calls a subroutine.

    A recursive call saves the cells of the body, because all calls share them.
    """
    return_address = context.code.next_address + 1
    is_recursive = context.subroutine is subroutine
    max_depth = context.settings.max_call_depth
    max_copies = COPIES_PER_STEP * context.settings.max_steps
    readers = [argument.read for argument in arguments]
    stores = [argument.store for argument in arguments]
    quantum_arguments = [k for k, argument in enumerate(arguments) if argument.is_quantum]
    aliasable_arrays = _aliasable_arrays(subroutine)

    def enter(execution: Execution, _: QuantumTarget) -> int:
        memory = execution.memory
        values = [read(memory) for read in readers]
        if quantum_arguments:
            _check_distinct_qubits([values[k] for k in quantum_arguments], span)
        if aliasable_arrays:
            _check_distinct_arrays([values[k] for k in aliasable_arrays], span)
        if len(execution.calls) >= max_depth:
            message = f"subroutines call each other more than {max_depth:,} levels deep"
            raise Diagnostic("nesting_too_deep", message, span)
        first = subroutine.first_cell
        saved = memory[first : subroutine.end_cell] if is_recursive else []
        if saved:
            execution.charge_copies(len(saved), max_copies, span)
        execution.calls.append((return_address, first, saved))
        for store, value in zip(stores, values, strict=True):
            store(memory, value)
        return subroutine.entry

    return enter


def _aliasable_arrays(subroutine: Subroutine) -> list[int]:
    """Return the positions of the array parameters, if there are several and one is mutable."""
    arrays = [k for k, p in enumerate(subroutine.parameters) if p.type.kind == "array"]
    has_mutable = any(not subroutine.parameters[k].read_only for k in arrays)
    return arrays if has_mutable and len(arrays) > 1 else []


def _check_distinct_arrays(views: Sequence[ArrayView], span: Span) -> None:
    cells: set[int] = set()
    for view in views:
        if not cells.isdisjoint(view[0]):
            message = "this call passes the same array twice, and the subroutine can change it"
            raise Diagnostic("overlapping_arrays", message, span)
        cells.update(view[0])


def _check_distinct_qubits(arguments: Sequence[Any], span: Span) -> None:
    qubits = [qubit for argument in arguments for qubit in as_sequence(argument)]
    if len(set(qubits)) < len(qubits):
        raise Diagnostic("duplicate_qubit", "this call passes the same qubit twice", span)
