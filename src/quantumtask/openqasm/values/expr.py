"""Checked expressions: a type, and a constant value or a function that reads the value."""

from collections.abc import Callable
from typing import Any

from quantumtask.openqasm.text.source import Diagnostic, Span
from quantumtask.openqasm.values.types import Type

ReadValue = Callable[[list[Any]], Any]
"""Function that returns the value of an expression from the memory of a run."""


class _NotConstant:
    def __repr__(self) -> str:
        return "NOT_CONSTANT"


NOT_CONSTANT: Any = _NotConstant()
"""The value of an expression that is not a constant."""


class Expr:
    """A checked expression.

    Attributes:
        type: The type of the value.
        span: The span of the expression.
        read: Returns the value from the memory of a run.
        value: The value of a constant; NOT_CONSTANT for any other expression.
        untyped: True for an integer constant without a fixed type, such as a literal; it takes the
            type of the other operand.
    """

    __slots__ = ("read", "span", "type", "untyped", "value")

    def __init__(
        self,
        type: Type,
        span: Span,
        read: ReadValue,
        value: Any = NOT_CONSTANT,
        untyped: bool = False,
    ) -> None:
        self.type = type
        self.span = span
        self.read = read
        self.value = value
        self.untyped = untyped

    @property
    def is_constant(self) -> bool:
        """True for a constant."""
        return self.value is not NOT_CONSTANT


def constant_expr(type: Type, value: Any, span: Span, untyped: bool = False) -> Expr:
    """Return the expression of a constant."""
    return Expr(type, span, lambda _: value, value, untyped)


def apply_operation(
    type: Type, span: Span, operation: Callable[..., Any], *operands: Expr, untyped: bool = False
) -> Expr:
    """Return the expression of `operation` on the values of `operands`.

    If all operands are constants, the result is a constant. An operation without a result (division
    by zero, or a result that is too large) raises a Diagnostic at `span`: here for constants, and
    else in `read`.
    """
    operation = _diagnosed(operation, span)
    if all(o.is_constant for o in operands):
        return constant_expr(type, operation(*[o.value for o in operands]), span, untyped)
    reads = [o.read for o in operands]
    if len(reads) == 1:
        (only,) = reads
        return Expr(type, span, lambda m: operation(only(m)))
    if len(reads) == 2:
        lhs, rhs = reads
        return Expr(type, span, lambda m: operation(lhs(m), rhs(m)))
    return Expr(type, span, lambda m: operation(*[read(m) for read in reads]))


def _diagnosed(operation: Callable[..., Any], span: Span) -> Callable[..., Any]:
    def run(*values: Any) -> Any:
        try:
            return operation(*values)
        except ZeroDivisionError:
            raise Diagnostic("division_by_zero", "this divides by zero", span) from None
        except OverflowError:
            raise Diagnostic("number_too_large", "this number is too large", span) from None
        except ValueError as error:
            message = (
                str(error) if str(error) in OPERATION_MESSAGES else "the result is not a number"
            )
            raise Diagnostic("not_finite", message, span) from None

    return run


NEGATIVE_POWER = "an integer to a negative power is not an integer: write 2.0 ** -1"
NEGATIVE_SHIFT = "a shift by a negative number is not defined"
OPERATION_MESSAGES = frozenset({NEGATIVE_POWER, NEGATIVE_SHIFT})
"""Messages of a ValueError that an operation raises; any other message is replaced."""
