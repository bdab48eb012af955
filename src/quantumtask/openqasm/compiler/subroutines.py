"""Subroutines: their definition, and calls of them (spec: Subroutines)."""

from collections.abc import Callable, Sequence
from typing import Any

from quantumtask.openqasm.compiler.context import MOVES, Context
from quantumtask.openqasm.compiler.references import Reference, storer, value_of
from quantumtask.openqasm.compiler.symbol_table import Routine, Variable
from quantumtask.openqasm.compiler.type_nodes import type_of
from quantumtask.openqasm.compiler.visibility import definition
from quantumtask.openqasm.parser.parse import nodes
from quantumtask.openqasm.program.execution import (
    Execution,
    Frame,
    Instruction,
    Label,
    QuantumTarget,
    bit_value,
)
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten
from quantumtask.openqasm.values.expr import Expr, ReadValue
from quantumtask.openqasm.values.types import VOID, ArrayValue, ArrayView, Type

_REFERENCES = frozenset({"qubit", "qubits", "array"})
"""Kinds of parameters that are another name for what they are given."""


def define(context: Context, node: Any) -> None:
    """Compiles a `def` where it stands; the program itself jumps over it."""
    context.only_global(node, "subroutines")
    code, name = context.code, node.name.name
    after = Label()
    code.jump(after, node.span)
    result = type_of(context, node.return_type)
    if result.kind in ("array", "qubit", "qubits", "stretch"):
        raise Diagnostic(
            "wrong_type", f"a subroutine cannot return {result}", node.return_type.span
        )
    places = None if result == VOID else code.reserve(result, node.span)
    routine = Routine(name, (), result, places, code.here, len(code.memory))
    context.scope.declare(name, routine, node.name)
    context.has_routines = True
    loops, context.loops, context.routine = context.loops, [], routine
    context.scope.enter_definition(definition(node))
    try:
        routine.parameters = tuple(_parameter(context, p) for p in node.params)
        context.block(node.body)
    finally:
        context.scope.leave()
        context.loops, context.routine = loops, None
        routine.last = len(code.memory)
    if result != VOID and not routine.returns:
        message = f"`{shorten(name)}` returns {result}, and its body has no `return`"
        raise Diagnostic("missing_return", message, node.name.span)
    code.emit(_fallen_off(routine, node.name.span), node.name.span)
    code.place(after)


def _fallen_off(routine: Routine, span: Span) -> Instruction:
    """What happens at the closing brace."""

    def end(execution: Execution, _: QuantumTarget) -> int:
        if routine.result != VOID:
            message = f"`{shorten(routine.name)}` ended without a `return`"
            raise Diagnostic("missing_return", message, span)
        return _back(execution)

    return end


def _back(execution: Execution) -> int:
    back, first, saved = execution.calls.pop()
    if saved:
        execution.memory[first : first + len(saved)] = saved
    return back


def _parameter(context: Context, node: Any) -> Variable:
    to = type_of(context, node.type)
    mutable = getattr(node.type, "mutability", None) == nodes.AccessControl.MUTABLE
    read_only = "" if mutable or to.kind != "array" else "it is `readonly`"
    if to.kind in _REFERENCES:
        symbol = Variable(to, None, context.code.cell(node.span), read_only)
    else:
        symbol = Variable(to, context.code.reserve(to, node.span))
    context.scope.declare(node.identifier.name, symbol, node.identifier)
    return symbol


def give_back(context: Context, node: Any, value: Expr | None) -> None:
    """`return`. Raises Diagnostic outside of a subroutine and for a value of another type."""
    routine = context.routine
    if routine is None:
        raise Diagnostic("misplaced", "`return` stands outside of a subroutine", node.span)
    if (value is None) != (routine.result == VOID):
        what = "no value" if routine.result == VOID else f"a value of type {routine.result}"
        message = f"`{shorten(routine.name)}` returns {what}"
        raise Diagnostic("wrong_type", message, node.span)
    if value is None:
        context.code.emit(lambda execution, _: _back(execution), node.span)
        return
    read = context.convert(value, routine.result).read
    store = storer(_result(routine, node.span))

    def leave(execution: Execution, _: QuantumTarget) -> int:
        result = read(execution.memory)
        back = _back(execution)
        store(execution.memory, result)
        return back

    context.code.emit(leave, node.span)


def _result(routine: Routine, span: Span) -> Reference:
    places = routine.places
    return Reference(routine.result, span, routine.name, places, lambda _: places)


def call(context: Context, routine: Routine, node: Any) -> Expr:
    """A call within an expression: made before the expression is worked out.

    Its value is kept in a cell of its own, because the same subroutine may be called again.
    """
    args = node.args
    if len(args) != len(routine.parameters):
        number = len(routine.parameters)
        message = (
            f"`{shorten(routine.name)}` takes {number} argument{'' if number == 1 else 's'}, "
            f"not {len(args)}"
        )
        raise Diagnostic("wrong_arity", message, node.span)
    last = last_call(context, args)
    given = [
        _argument(context, parameter, arg, place < last)
        for place, (parameter, arg) in enumerate(zip(routine.parameters, args, strict=True))
    ]
    context.code.emit(_enter(context, routine, given, node.span), node.span)
    if routine.result == VOID:
        return Expr(VOID, node.span, lambda _: None)
    return kept(context, value_of(_result(routine, node.span)), node.span)


def in_order(context: Context, operands: Sequence[Any]) -> list[Expr]:
    """The values of operands, each as it is before the calls in the ones after it are made."""
    last = last_call(context, operands)
    values = []
    for place, node in enumerate(operands):
        value = context.expression(node)
        values.append(kept(context, value, value.span) if place < last else value)
    return values


def last_call(context: Context, operands: Sequence[Any]) -> int:
    """The place of the last operand in which a subroutine is called; -1 for none."""
    if not context.has_routines:
        return -1
    calls = [place for place, node in enumerate(operands) if contains_call(context, node)]
    return calls[-1] if calls else -1


def contains_call(context: Context, node: Any) -> bool:
    """Whether a subroutine is called in there."""
    pending: list[Any] = [node] if context.has_routines else []
    while pending:
        current = pending.pop()
        if type(current) is nodes.FunctionCall:
            if isinstance(context.scope.find(current.name.name), Routine):
                return True
            pending.extend(current.args)
        else:
            pending.extend(current.children())
    return False


def kept(context: Context, value: Expr, span: Span) -> Expr:
    """The value, copied to where nothing else is."""
    if value.is_constant:
        return value
    if (value.type.size is None and value.type.kind == "bits") or None in value.type.shape:
        return _kept_whole(context, value, span)
    places = context.code.reserve(value.type, span)
    own = Reference(value.type, span, "", places, lambda _: places)
    read, store = value.read, storer(own)
    context.code.emit(lambda execution, _: store(execution.memory, read(execution.memory)), span)
    return value_of(own)


def _kept_whole(context: Context, value: Expr, span: Span) -> Expr:
    """A value of a size that only a run tells, in one cell; its outcomes are decided for that."""
    cell, read = context.code.cell(span), value.read

    def keep(execution: Execution, _: QuantumTarget) -> None:
        found = read(execution.memory)
        if value.type.kind == "bits":
            found = tuple([bit_value(bit) for bit in found])
        execution.memory[cell] = found

    context.code.emit(keep, span)
    return Expr(value.type, span, lambda m: m[cell])


Given = tuple[ReadValue, Callable[[list[Any], Any], None], bool]
"""How to read an argument, how to store it, and whether it is qubits."""


def _argument(context: Context, parameter: Variable, node: Any, before_call: bool) -> Given:
    to = parameter.type
    if to.kind not in _REFERENCES:
        value = context.convert(context.expression(node), to)
        if before_call:
            value = kept(context, value, value.span)
        places = parameter.places
        return value.read, storer(Reference(to, node.span, "", places, lambda _: places)), False
    given = context.places(node)
    _check_reference(parameter, given, node)
    cell = parameter.cell
    find = _of_size(given, to, node.span)
    return find, lambda m, value: m.__setitem__(cell, value), to.kind != "array"


def _check_reference(parameter: Variable, given: Reference, node: Any) -> None:
    to, type = parameter.type, given.type
    if to.kind != "array":
        _check_qubits(to, type, node)
        return
    if type.kind != "array" or type.base != to.base or len(type.shape) != len(to.shape):
        raise Diagnostic("wrong_type", f"{to} is needed here, not {type}", node.span)
    for wanted, has in zip(to.shape, type.shape, strict=True):
        if wanted is not None and has is not None and wanted != has:
            raise Diagnostic("size_mismatch", f"{to} is needed here, not {type}", node.span)
    if given.read_only and not parameter.read_only:
        message = f"`{shorten(given.name)}` cannot be changed here: {given.read_only}"
        raise Diagnostic("read_only", message, node.span)


def _check_qubits(to: Type, type: Type, node: Any) -> None:
    one = to == Type("qubits", 1) and type.kind == "qubit"
    if to.kind != type.kind and not one:
        raise Diagnostic("wrong_type", f"{to} is needed here, not {type}", node.span)
    if not one and to.size != type.size and None not in (to.size, type.size):
        raise Diagnostic("size_mismatch", f"{to} is needed here, not {type}", node.span)


def _of_size(given: Reference, to: Type, span: Span) -> ReadValue:
    """The places, of the size that the parameter has."""
    find = given.find
    if to.kind == "qubits" and given.type.kind == "qubit":
        return lambda m: (find(m),)
    if to.kind == "qubits" and given.type.size is None:

        def sized(memory: list[Any]) -> Sequence[int]:
            places: Sequence[int] = find(memory)
            if len(places) != to.size:
                message = f"{to} is needed here, not {len(places)} qubits"
                raise Diagnostic("size_mismatch", message, span)
            return places

        return sized
    if to.kind == "array" and None in given.type.shape and None not in to.shape:

        def shaped(memory: list[Any]) -> Any:
            view = find(memory)
            if tuple(view.shape) != to.shape:
                message = f"{to} is needed here, not one of shape {list(view.shape)}"
                raise Diagnostic("size_mismatch", message, span)
            return view

        return shaped
    return find


def _enter(context: Context, routine: Routine, given: Sequence[Given], span: Span) -> Instruction:
    back = context.code.here + 1
    recursive = context.routine is routine
    most = context.settings.max_call_depth
    moves = MOVES * context.settings.max_steps
    reads = [read for read, _, _ in given]
    stores = [store for _, store, _ in given]
    quantum = [k for k, (_, _, qubits) in enumerate(given) if qubits]
    shared = _shared(routine)

    def enter(execution: Execution, _: QuantumTarget) -> int:
        memory = execution.memory
        values = [read(memory) for read in reads]
        if quantum:
            _check_distinct([values[k] for k in quantum], span)
        if shared:
            _check_apart([values[k] for k in shared], span)
        if len(execution.calls) >= most:
            message = f"subroutines call each other more than {most:,} levels deep"
            raise Diagnostic("nesting_too_deep", message, span)
        saved = memory[routine.first : routine.last] if recursive else []
        if saved:
            execution.charge_copies(len(saved), moves, span)
        execution.calls.append(Frame(back, routine.first, saved))
        for store, value in zip(stores, values, strict=True):
            store(memory, value)
        return routine.entry

    return enter


def _shared(routine: Routine) -> list[int]:
    """The numbers of the array parameters, where at least one of several can be changed."""
    arrays = [k for k, p in enumerate(routine.parameters) if p.type.kind == "array"]
    mutable = any(not routine.parameters[k].read_only for k in arrays)
    return arrays if mutable and len(arrays) > 1 else []


def _check_apart(views: Sequence[ArrayView], span: Span) -> None:
    seen: set[int] = set()
    for view in views:
        if not seen.isdisjoint(view.addresses):
            message = "the same array is passed twice in this call, and can be changed in it"
            raise Diagnostic("overlapping_arrays", message, span)
        seen.update(view.addresses)


def _check_distinct(values: Sequence[Any], span: Span) -> None:
    together: list[int] = []
    for value in values:
        together.extend((value,) if isinstance(value, int) else value)
    if len(set(together)) < len(together):
        raise Diagnostic("duplicate_qubit", "the same qubit is passed twice in this call", span)


def joined_arrays(values: Sequence[Expr], span: Span) -> Expr:
    """`a ++ b` of arrays: a copy of both, along their first dimension."""
    first = values[0].type
    for value in values[1:]:
        if value.type.base != first.base or value.type.shape[1:] != first.shape[1:]:
            message = f"{first} and {value.type} cannot be joined"
            raise Diagnostic("wrong_type", message, value.span)
    lengths = [value.type.shape[0] for value in values]
    total = None if None in lengths else sum(n or 0 for n in lengths)
    reads = [value.read for value in values]

    def read(memory: list[Any]) -> ArrayValue:
        parts = [one(memory) for one in reads]
        elements = [element for part in parts for element in part.values]
        return ArrayValue(elements, (sum(p.shape[0] for p in parts), *parts[0].shape[1:]))

    return Expr(Type("array", None, first.base, (total, *first.shape[1:])), span, read)
