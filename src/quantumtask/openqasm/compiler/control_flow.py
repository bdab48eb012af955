"""Control flow: if, for, while, switch, break, continue, end (spec: Looping and branching)."""

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.indices import as_whole
from quantumtask.openqasm.compiler.subroutines import in_order
from quantumtask.openqasm.compiler.symbol_table import Variable
from quantumtask.openqasm.compiler.type_nodes import type_of
from quantumtask.openqasm.parser.parse import nodes
from quantumtask.openqasm.program.execution import (
    END,
    BranchTargets,
    Execution,
    Instruction,
    Label,
    QuantumTarget,
    bit_value,
)
from quantumtask.openqasm.text.source import Diagnostic, Span, format_int
from quantumtask.openqasm.values.arithmetic import to_condition
from quantumtask.openqasm.values.casts import find_conversion
from quantumtask.openqasm.values.expr import Expr, ReadValue, constant_expr
from quantumtask.openqasm.values.types import BIT, INTEGER_KINDS, Type, fits_type

MOST_NUMBERS = sys.maxsize
"""Most numbers of a range: the largest length that Python has."""


def _body(context: Context, body: Any) -> None:
    with context.inner():
        context.block(_statements(body))


def _statements(body: Any) -> Sequence[Any]:
    found: Sequence[Any] = body.statements if type(body) is nodes.CompoundStatement else [body]
    return found


def _jump_unless(context: Context, condition: Expr, ways: BranchTargets) -> None:
    read, label = condition.read, ways.targets[0]

    def jump(execution: Execution, _: QuantumTarget) -> int | None:
        return None if read(execution.memory) else label.address

    context.code.fork(jump, ways, condition.span)


def branch(context: Context, node: Any) -> None:
    condition = to_condition(context.expression(node.condition))
    code, otherwise, end = context.code, Label(), Label()
    join = otherwise if node.else_body is None else end
    _jump_unless(context, condition, BranchTargets((otherwise,), join, is_if=True))
    _body(context, node.if_body)
    if node.else_body is None:
        code.place(otherwise)
        return
    code.jump(end, node.span)
    code.place(otherwise)
    _body(context, node.else_body)
    code.place(end)


def while_loop(context: Context, node: Any) -> None:
    code, again, end = context.code, Label(), Label()
    code.place(again)
    condition = to_condition(context.expression(node.condition))
    _jump_unless(context, condition, BranchTargets((end,), end))
    context.loops.append((end, again))
    _body(context, node.body)
    context.loops.pop()
    code.jump(again, node.span)
    code.place(end)


def leave(context: Context, node: Any) -> None:
    breaks = type(node) is nodes.BreakStatement
    if not context.loops:
        word = "break" if breaks else "continue"
        raise Diagnostic("misplaced", f"`{word}` stands outside of a loop", node.span)
    ending, again = context.loops[-1]
    context.code.jump(ending if breaks else again, node.span)


def end_program(context: Context, node: Any) -> None:
    if context.routine is not None:
        context.routine.returns = True  # it needs no other way out
    context.code.emit(lambda _, __: END, node.span)


def for_loop(context: Context, node: Any) -> None:
    """The values are worked out once, before the first step."""
    to = type_of(context, node.type)
    if to.kind not in INTEGER_KINDS | {"bit", "bool", "float", "angle", "complex", "duration"}:
        raise Diagnostic("wrong_type", f"a loop variable cannot be a {to}", node.type.span)
    code, again, end = context.code, Label(), Label()
    values = _values(context, node, to)
    items, position = code.cell(node.span), code.cell(node.span)
    code.emit(_start(values, items, position), node.span)
    with context.inner():
        variable = code.reserve(to, node.span)
        context.scope.declare(node.identifier.name, Variable(to, variable), node.identifier)
        code.place(again)
        code.emit(_step(items, position, variable, end), node.span)
        context.loops.append((end, again))
        context.block(_statements(node.body))  # in the scope of the variable itself
        context.loops.pop()
    code.jump(again, node.span)
    code.place(end)


def _start(values: ReadValue, items: int, position: int) -> Instruction:
    def start(execution: Execution, _: QuantumTarget) -> None:
        memory = execution.memory
        memory[items] = values(memory)
        memory[position] = 0

    return start


def _step(items: int, position: int, variable: int, end: Label) -> Instruction:
    def step(execution: Execution, _: QuantumTarget) -> int | None:
        memory = execution.memory
        at, sequence = memory[position], memory[items]
        if at >= len(sequence):
            return end.address
        memory[variable] = sequence[at]
        memory[position] = at + 1
        return None

    return step


def _values(context: Context, node: Any, to: Type) -> ReadValue:
    """The values that the variable takes, in order."""
    iterable = node.iterable
    if type(iterable) is nodes.RangeDefinition:
        return _range(context, iterable, to)
    if type(iterable) in (nodes.DiscreteSet, nodes.ArrayLiteral):
        values = in_order(context, iterable.values)
        parts = [context.convert(value, to).read for value in values]
        if to.kind == "bit":
            return lambda memory: [bit_value(part(memory)) for part in parts]
        return lambda memory: [part(memory) for part in parts]
    value = context.expression(iterable)
    read = value.read
    if value.type.kind == "bits":
        # A list is no place for outcomes: they would not be found there once they are decided.
        one = find_conversion(BIT, to, iterable.span)
        return lambda memory: [one(bit_value(bit)) for bit in read(memory)]
    if value.type.kind == "array" and len(value.type.shape) == 1:
        assert value.type.base is not None
        one = find_conversion(value.type.base, to, iterable.span)
        return lambda memory: [one(element) for element in read(memory).values]
    message = f"a loop goes over a range, a set, bits or a list, not {value.type}"
    raise Diagnostic("wrong_type", message, iterable.span)


def _bounds(context: Context, node: Any) -> tuple[Expr, Expr, Expr]:
    """Start, step and end of a range, each with its value in its own type."""
    if node.start is None or node.end is None:
        message = "the range of a loop needs a start and an end"
        raise Diagnostic("wrong_type", message, node.span)
    written = [bound for bound in (node.start, node.step, node.end) if bound is not None]
    start, *steps, end = [as_whole(value) for value in in_order(context, written)]
    return start, steps[0] if steps else constant_expr(start.type, 1, node.span), end


def _range(context: Context, node: Any, to: Type) -> ReadValue:
    start, step, end = _bounds(context, node)
    first, by, last, span = start.read, step.read, end.read, node.span
    take = _taker(context, start.type, to, span)
    if (
        to.kind == "uint"
        and start.is_constant
        and end.is_constant
        and min(start.value, end.value) < 0
    ):
        with suppress(Diagnostic):  # a range that does not fit is refused when it runs
            take(numbers(start.value, by([]) if step.is_constant else 1, end.value, span))
    return lambda memory: take(numbers(first(memory), by(memory), last(memory), span))


def numbers(start: int, step: int, end: int, span: Span) -> range:
    """`[start:step:end]`, which includes its end. Raises Diagnostic."""
    if step == 0:
        raise Diagnostic("wrong_type", "a range cannot have a step of 0", span)
    if abs(end - start) // abs(step) >= MOST_NUMBERS:
        raise Diagnostic("number_too_large", "this range is too large", span)
    return range(start, end + (1 if step > 0 else -1), step)


def _taker(
    context: Context, source: Type, to: Type, span: Span
) -> Callable[[range], Sequence[Any]]:
    """The function that makes values of a loop variable from the numbers of a range.

    Numbers that fit stay a range. Negative ones wrap in a `uint`, as in an assignment.
    """
    one, most = find_conversion(source, to, span), context.settings.max_steps

    def take(values: range) -> Sequence[Any]:
        ends = (values[0], values[-1]) if values else ()
        if to.kind in INTEGER_KINDS:
            if all(fits_type(value, to) for value in ends):
                return values
            if to.kind == "int" or not all(fits_type(v, to) or fits_type(v, signed) for v in ends):
                raise Diagnostic("number_too_large", f"this range does not fit into {to}", span)
            message = f"this range has negative numbers, which wrap in a {to}"
            context.warn("negative_uint", message, span, "Loop over an int instead")
        if len(values) > most:
            raise Diagnostic("too_many_steps", f"this loop has more than {most:,} steps", span)
        return [one(value) for value in values]

    signed = Type("int", to.size)
    return take


def constant_values(context: Context, node: Any) -> list[Expr]:
    """The values of a loop that is unrolled where it stands. Raises Diagnostic if not constant."""
    to = type_of(context, node.type)
    iterable = node.iterable
    if type(iterable) is nodes.RangeDefinition:
        bounds = _bounds(context, iterable)
        if all(bound.is_constant for bound in bounds):
            first, by, last = [bound.value for bound in bounds]
            found = numbers(first, by, last, iterable.span)
            if len(found) > context.settings.max_operations:
                message = f"this loop has more than {context.settings.max_operations:,} steps"
                raise Diagnostic("too_many_operations", message, iterable.span)
            take = _taker(context, bounds[0].type, to, iterable.span)
            return [constant_expr(to, value, iterable.span) for value in take(found)]
    elif type(iterable) is nodes.DiscreteSet:
        values = [context.convert(context.expression(v), to) for v in iterable.values]
        if all(value.is_constant for value in values):
            return values
    message = "a loop in a gate definition needs constant values"
    raise Diagnostic("not_constant", message, iterable.span)


def switch(context: Context, node: Any) -> None:
    target = context.expression(node.target)
    if target.type.kind not in INTEGER_KINDS:
        hint = "Cast it: int(...)" if target.type.kind in ("bit", "bits", "bool") else None
        message = f"`switch` needs a whole number, not a value of type {target.type}"
        raise Diagnostic("wrong_type", message, node.target.span, hint)
    if not node.cases:
        raise Diagnostic("wrong_type", "a `switch` needs at least one `case`", node.span)
    code, end = context.code, Label()
    table: dict[int, Label] = {}
    labels = [_labels(context, case, table) for case in node.cases]
    default, read = Label(), target.read
    code.fork(
        lambda execution, _: table.get(read(execution.memory), default).address,
        BranchTargets((*labels, default), end),
        node.target.span,
    )
    for label, case in zip(labels, node.cases, strict=True):
        code.place(label)
        with context.inner():
            context.block(case.body)
        code.jump(end, case.span)
    code.place(default)
    if node.default is not None:
        with context.inner():
            context.block(node.default)
    code.place(end)


def _labels(context: Context, case: Any, table: dict[int, Label]) -> Label:
    label = Label()
    for node in case.labels:
        value = context.expression(node)
        if value.type.kind not in INTEGER_KINDS:
            message = f"a `case` needs whole numbers, not a value of type {value.type}"
            raise Diagnostic("wrong_type", message, node.span)
        if not value.is_constant:
            raise Diagnostic("not_constant", "a `case` must be a constant", node.span)
        if value.value in table:
            message = f"the case {format_int(value.value)} stands here twice"
            raise Diagnostic("duplicate_label", message, node.span)
        table[value.value] = label
    return label
