"""Values of `for` loops: ranges, sets, bits and arrays (spec: For loops)."""

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.indices import to_integer
from quantumtask.openqasm.compiler.subroutine_calls import evaluate_in_order
from quantumtask.openqasm.compiler.type_nodes import resolve_type
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.program.execution import (
    Execution,
    Instruction,
    JumpLabel,
    QuantumTarget,
    bit_value,
)
from quantumtask.openqasm.text.source import Diagnostic, Span
from quantumtask.openqasm.values.casts import find_conversion
from quantumtask.openqasm.values.expr import Expr, ReadValue, constant_expr
from quantumtask.openqasm.values.types import BIT, INTEGER_KINDS, Type, fits_type

MAX_RANGE_LENGTH = sys.maxsize
"""The largest length of a range in Python."""


def loop_start(read_values: ReadValue, values: int, position: int) -> Instruction:
    """Return the instruction that stores the values in a cell and sets the position to 0."""

    def start(execution: Execution, _: QuantumTarget) -> None:
        memory = execution.memory
        memory[values] = read_values(memory)
        memory[position] = 0

    return start


def loop_step(values: int, position: int, variable: int, end: JumpLabel) -> Instruction:
    """Return the instruction that sets the loop variable, or leaves the loop."""

    def step(execution: Execution, _: QuantumTarget) -> int | None:
        memory = execution.memory
        index, sequence = memory[position], memory[values]
        if index >= len(sequence):
            return end.address
        memory[variable] = sequence[index]
        memory[position] = index + 1
        return None

    return step


def compile_loop_values(context: Context, iterable: Node, to: Type) -> ReadValue:
    """Return the function that reads the values of a loop, in order. Raises Diagnostic."""
    if type(iterable) is nodes.RangeDefinition:
        return _compile_range(context, iterable, to)
    if type(iterable) in (nodes.DiscreteSet, nodes.ArrayLiteral):
        values = evaluate_in_order(context, iterable.values)
        elements = [context.convert(value, to).read for value in values]
        if to.kind == "bit":
            return lambda memory: [bit_value(read_element(memory)) for read_element in elements]
        return lambda memory: [read_element(memory) for read_element in elements]
    value = context.expression(iterable)
    read = value.read
    if value.type.kind == "bits":
        # Outcomes must be decided here: `Execution.decide` replaces only whole memory cells.
        convert = find_conversion(BIT, to, iterable.span)
        return lambda memory: [convert(bit_value(bit)) for bit in read(memory)]
    if value.type.kind == "array" and len(value.type.shape) == 1:
        assert value.type.base is not None
        convert = find_conversion(value.type.base, to, iterable.span)
        return lambda memory: [convert(element) for element in read(memory).values]
    message = f"a loop needs a range, a set, bits or an array of one dimension, not {value.type}"
    raise Diagnostic("wrong_type", message, iterable.span)


def _compile_bounds(context: Context, node: nodes.RangeDefinition) -> tuple[Expr, Expr, Expr]:
    """Return start, step and end of a range, as integers."""
    if node.start is None or node.end is None:
        message = "the range of a loop needs a start and an end"
        raise Diagnostic("wrong_type", message, node.span)
    bounds = [bound for bound in (node.start, node.step, node.end) if bound is not None]
    start, *steps, end = [to_integer(value) for value in evaluate_in_order(context, bounds)]
    return start, steps[0] if steps else constant_expr(start.type, 1, node.span), end


def _compile_range(context: Context, node: nodes.RangeDefinition, to: Type) -> ReadValue:
    start, step, end = _compile_bounds(context, node)
    read_start, read_step, read_end, span = start.read, step.read, end.read, node.span
    convert = _range_conversion(context, start.type, to, span)
    is_constant = start.is_constant and end.is_constant
    if to.kind == "uint" and is_constant and min(start.value, end.value) < 0:
        # Only for the warning: an invalid range is an error when it runs.
        with suppress(Diagnostic):
            step_value = read_step([]) if step.is_constant else 1
            convert(range_numbers(start.value, step_value, end.value, span))
    return lambda memory: convert(
        range_numbers(read_start(memory), read_step(memory), read_end(memory), span)
    )


def range_numbers(start: int, step: int, end: int, span: Span) -> range:
    """Return the numbers of `[start:step:end]`, including the end. Raises Diagnostic."""
    if step == 0:
        raise Diagnostic("wrong_type", "the step of a range cannot be 0", span)
    if abs(end - start) // abs(step) >= MAX_RANGE_LENGTH:
        raise Diagnostic("number_too_large", "this range is too long", span)
    return range(start, end + (1 if step > 0 else -1), step)


def _range_conversion(
    context: Context, source: Type, to: Type, span: Span
) -> Callable[[range], Sequence[Any]]:
    """Return the function that converts the numbers of a range to a type.

    Numbers that fit the type stay a range. Negative numbers wrap in a `uint`, as in an assignment.
    """
    convert, limit = find_conversion(source, to, span), context.settings.max_steps
    signed = Type("int", to.size)

    def convert_range(numbers: range) -> Sequence[Any]:
        bounds = (numbers[0], numbers[-1]) if numbers else ()
        if to.kind in INTEGER_KINDS:
            if all(fits_type(bound, to) for bound in bounds):
                return numbers
            fits = all(fits_type(bound, to) or fits_type(bound, signed) for bound in bounds)
            if to.kind == "int" or not fits:
                raise Diagnostic("number_too_large", f"this range does not fit into {to}", span)
            message = f"this range has negative numbers, which wrap in a {to}"
            context.warn("negative_uint", message, span, "Loop over an int instead")
        if len(numbers) > limit:
            message = f"this loop has more than {limit:,} steps"
            raise Diagnostic("too_many_steps", message, span)
        return [convert(number) for number in numbers]

    return convert_range


def constant_loop_values(context: Context, node: nodes.ForInLoop) -> list[Expr]:
    """Return the values of a loop that is unrolled. Raises Diagnostic if they are not constant."""
    to = resolve_type(context, node.type)
    iterable: Node = node.iterable
    if type(iterable) is nodes.RangeDefinition:
        bounds = _compile_bounds(context, iterable)
        if all(bound.is_constant for bound in bounds):
            start, step, end = [bound.value for bound in bounds]
            numbers = range_numbers(start, step, end, iterable.span)
            limit = context.settings.max_operations
            if len(numbers) > limit:
                message = f"this loop has more than {limit:,} steps"
                raise Diagnostic("too_many_operations", message, iterable.span)
            convert = _range_conversion(context, bounds[0].type, to, iterable.span)
            return [constant_expr(to, value, iterable.span) for value in convert(numbers)]
    elif type(iterable) is nodes.DiscreteSet:
        values = [context.convert(context.expression(v), to) for v in iterable.values]
        if all(value.is_constant for value in values):
            return values
    message = "a loop in a gate definition needs constant values"
    raise Diagnostic("not_constant", message, iterable.span)
