"""Warning about a division of integers in an angle: `rx(1/2)` rotates by 0."""

from collections.abc import Iterator

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.subroutine_calls import contains_call
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.text.source import shorten
from quantumtask.openqasm.values.expr import Expr

_MAX_QUOTIENTS = 10
"""Most divisions of one angle that are looked at, each of which is compiled once more."""


def warn_of_integer_division(context: Context, angle: Node) -> None:
    """Add a warning for each division of an angle that drops a remainder."""
    if context.openqasm2 or b"/" not in context.text[angle.span.lo : angle.span.hi]:
        return
    for quotient in _find_quotients(angle):
        if not contains_call(context, quotient):
            _warn_of_quotient(context, quotient)


def _find_quotients(angle: Node) -> Iterator[Node]:
    """Yield the divisions that are terms or factors of an angle."""
    pending, count = [angle], 0
    while pending and count < _MAX_QUOTIENTS:
        node = pending.pop()
        if type(node) is nodes.BinaryExpression:
            pending += [node.rhs, node.lhs]
            if node.op.value == "/":
                count += 1
                yield node
        elif type(node) in (nodes.ParenExpression, nodes.UnaryExpression):
            pending.append(node.operand)


def _warn_of_quotient(context: Context, quotient: Node) -> None:
    lhs, rhs = context.expression(quotient.lhs), context.expression(quotient.rhs)
    if not (_is_integer(lhs) and _is_integer(rhs)):
        return
    text = context.text[quotient.span.lo : quotient.span.hi].decode(errors="replace")
    words = shorten(" ".join(text.split()))
    value = ""
    if lhs.is_constant and rhs.is_constant:
        if lhs.value % rhs.value == 0:
            return
        value = f": it is {context.expression(quotient).value}"
    message = f"`{words}` in an angle divides integers and drops the remainder{value}"
    hint = "Make one of them a float, such as 2.0 for 2"
    context.warn("integer_division", message, quotient.span, hint)


def _is_integer(value: Expr) -> bool:
    return value.type.kind in ("int", "uint")
