"""An expression that has been checked: its type, and its value or the way to it."""

from collections.abc import Callable
from typing import Any

from quantumtask.openqasm.text.source import Diagnostic, Span
from quantumtask.openqasm.values.types import Type

ReadValue = Callable[[list[Any]], Any]


class _Unknown:
    def __repr__(self) -> str:
        return "NOT_CONSTANT"


NOT_CONSTANT: Any = _Unknown()
"""Stands for the value of an expression that is not a constant."""


class Expr:
    """A checked expression. `read` gives its value from memory.

    `value` is that of a constant. `loose`: a whole number whose type nothing has fixed yet, so it
    takes that of what it meets.
    """

    __slots__ = ("loose", "read", "span", "type", "value")

    def __init__(
        self,
        type: Type,
        span: Span,
        read: ReadValue,
        value: Any = NOT_CONSTANT,
        loose: bool = False,
    ) -> None:
        self.type = type
        self.span = span
        self.read = read
        self.value = value
        self.loose = loose

    @property
    def constant(self) -> bool:
        return self.value is not NOT_CONSTANT


def constant_expr(type: Type, value: Any, span: Span, loose: bool = False) -> Expr:
    """An expression whose value is known."""
    return Expr(type, span, lambda _: value, value, loose)


def apply_operation(
    type: Type, span: Span, operation: Callable[..., Any], *operands: Expr, loose: bool = False
) -> Expr:
    """`operation` on the values of `operands`; worked out now if they are all constant.

    Where the operation has no result (it divides by zero, the result is too large), a Diagnostic is
    raised at `span`: now, or when it is run.
    """
    operation = _guarded(operation, span)
    if all(o.constant for o in operands):
        return constant_expr(type, operation(*[o.value for o in operands]), span, loose)
    reads = [o.read for o in operands]
    if len(reads) == 1:
        (only,) = reads
        return Expr(type, span, lambda m: operation(only(m)))
    if len(reads) == 2:
        left, right = reads
        return Expr(type, span, lambda m: operation(left(m), right(m)))
    return Expr(type, span, lambda m: operation(*[read(m) for read in reads]))


def _guarded(operation: Callable[..., Any], span: Span) -> Callable[..., Any]:
    def run(*values: Any) -> Any:
        try:
            return operation(*values)
        except ZeroDivisionError:
            raise Diagnostic("division_by_zero", "this divides by zero", span) from None
        except OverflowError:
            raise Diagnostic("number_too_large", "this number is too large", span) from None
        except ValueError as error:
            message = (
                str(error)
                if error.args and error.args[0] in OPERATION_MESSAGES
                else "this has no value"
            )
            raise Diagnostic("not_finite", message, span) from None

    return run


NEGATIVE_POWER = "a whole number to a negative power is no whole number: write 2.0 ** -1"
NEGATIVE_SHIFT = "a shift by a negative number is not defined"
OPERATION_MESSAGES = frozenset({NEGATIVE_POWER, NEGATIVE_SHIFT})
"""Reasons that an operation gives itself."""
