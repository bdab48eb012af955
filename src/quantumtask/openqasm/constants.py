"""Constant expressions: their values as Python numbers. Never larger than MOST_BITS."""

import math
from collections.abc import Callable
from typing import Any, TypeVar

from quantumtask.openqasm.source import Refusal
from quantumtask.openqasm.syntax import Node, nodes

Number = int | float | bool
T = TypeVar("T")
Lookup = Callable[[str], Any]

MOST_BITS = 4096
"""Bits of the largest whole number an expression may come to."""

NAMED: dict[str, float] = {
    "pi": math.pi,
    "π": math.pi,
    "tau": math.tau,
    "τ": math.tau,
    "euler": math.e,
    "ℇ": math.e,
}

_FLOAT_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
}
_ROUNDING = {"ceiling": math.ceil, "floor": math.floor}
FUNCTIONS = frozenset(_FLOAT_FUNCTIONS) | set(_ROUNDING) | {"mod", "pow", "popcount"}


def evaluate(node: Node, lookup: Lookup) -> Number:
    """The value of a constant expression. Raises Refusal, at the part that has none.

    `lookup` gives the value of a name, or raises Refusal itself through `node`.
    """
    kind = type(node)
    if kind is nodes.BinaryExpression:
        return _binary_chain(node, lookup)
    handler = _HANDLERS.get(kind)
    if handler is None:
        raise Refusal("not_constant", "this is not a constant number", node.span)
    return handler(node, lookup)


LARGEST_ARGUMENT = 1e305
"""Sums and products of what is smaller stay finite in every gate and simulator."""


def evaluate_float(node: Node, lookup: Lookup) -> float:
    """A gate argument: a finite real number, never reduced modulo anything."""
    value = evaluate(node, lookup)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not abs(number) < LARGEST_ARGUMENT:
        raise Refusal("not_finite", "this argument is no finite number, or too large", node.span)
    return number


def evaluate_int(node: Node, lookup: Lookup) -> int:
    """A size, an index or a count."""
    value = evaluate(node, lookup)
    if isinstance(value, float):
        raise Refusal("wrong_type", "this must be a whole number", node.span)
    return int(value)


def _literal(node: Any, _: Lookup) -> Number:
    value: Number = node.value
    return value


def _identifier(node: Any, lookup: Lookup) -> Number:
    name = node.name
    value = lookup(name)
    if value is None:
        value = NAMED.get(name)
    if value is None:
        raise Refusal("undeclared_name", f"`{name[:60]}` is not declared", node.span)
    if isinstance(value, (int, float)):
        return value
    raise Refusal("not_constant", f"`{name[:60]}` is not a constant number", node.span)


def _paren(node: Any, lookup: Lookup) -> Number:
    return evaluate(node.operand, lookup)


def _unary(node: Any, lookup: Lookup) -> Number:
    value = evaluate(node.operand, lookup)
    if node.op == nodes.UnaryOperator.NEG:
        return -value
    if node.op == nodes.UnaryOperator.LOGIC_NOT:
        return not value
    raise Refusal("not_supported", "`~` of a number without a width is not defined", node.span)


def _refuse_complex(node: Any, _: Lookup) -> Number:
    raise Refusal("wrong_type", "a real number is needed here, not a complex one", node.span)


def _refuse_duration(node: Any, _: Lookup) -> Number:
    raise Refusal("wrong_type", "a number is needed here, not a duration", node.span)


def _cast(node: Any, lookup: Lookup) -> Number:
    return convert(evaluate(node.operand, lookup), node.type, node, lookup)


def convert(value: Number, to: Any, node: Node, lookup: Lookup) -> Number:
    """`value` as the type that the node `to` names. Refuses what does not fit."""
    kind = type(to)
    if kind is nodes.BoolType:
        return bool(value)
    if kind is nodes.FloatType:
        _check_float_size(to, lookup)
        return _guarded(lambda: float(value), node)
    if kind in (nodes.IntType, nodes.UintType):
        return _fitted(_guarded(lambda: int(value), node), to, node, lookup)
    if kind is nodes.AngleType and to.size is None:
        return _guarded(lambda: math.fmod(value, math.tau) % math.tau, node)
    raise Refusal("not_supported", "constants of this type are not supported", to.span)


def _check_float_size(to: Any, lookup: Lookup) -> None:
    if to.size is not None and evaluate_int(to.size, lookup) != 64:
        raise Refusal("not_supported", "only float[64] is supported", to.span)


def _fitted(value: int, to: Any, node: Node, lookup: Lookup) -> int:
    signed = type(to) is nodes.IntType
    width = 64 if to.size is None else evaluate_int(to.size, lookup)
    if not 1 <= width <= MOST_BITS:
        raise Refusal("wrong_type", "a type of this width is not supported", to.span)
    low, high = (-(1 << width - 1), 1 << width - 1) if signed else (0, 1 << width)
    if not low <= value < high:
        message = f"this value does not fit into {width} bits"
        raise Refusal("number_too_large", message, node.span)
    return value


def _call(node: Any, lookup: Lookup) -> Number:
    name = node.name.name
    if name not in FUNCTIONS:
        raise Refusal("not_supported", f"the function `{name[:60]}` is not supported", node.span)
    values = [evaluate(arg, lookup) for arg in node.args]
    if len(values) != (2 if name in ("mod", "pow") else 1):
        raise Refusal("wrong_arity", f"`{name}` does not take {len(values)} values", node.span)
    result: Number = _guarded(lambda: _apply(name, values), node)
    return result


def _apply(name: str, values: list[Number]) -> Number:
    if name == "mod":
        return _modulo(values[0], values[1])
    if name == "pow":
        return _power(values[0], values[1])
    if name in _ROUNDING:
        return _ROUNDING[name](values[0])
    if name == "popcount":
        if not isinstance(values[0], int) or values[0] < 0:
            raise ValueError
        return values[0].bit_count()
    return _FLOAT_FUNCTIONS[name](values[0])


def _binary_chain(node: Any, lookup: Lookup) -> Number:
    """Follows the left operands in a loop: a sum of hundreds of terms leans that way."""
    pending = []
    while type(node) is nodes.BinaryExpression:
        pending.append(node)
        node = node.lhs
    value = evaluate(node, lookup)
    for parent in reversed(pending):
        value = _binary(parent, value, evaluate(parent.rhs, lookup))
    return value


def _binary(node: Any, left: Number, right: Number) -> Number:
    operation = _OPERATIONS.get(int(node.op))
    if operation is None:
        raise Refusal("not_supported", f"`{node.op.value}` is not supported here", node.span)
    value: Number = _guarded(lambda: operation(left, right), node)
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise Refusal("number_too_large", "this number is too large", node.span)
    return value


def _guarded(operation: Callable[[], T], node: Node) -> T:
    """Runs one piece of arithmetic; what Python refuses becomes a Refusal at `node`."""
    try:
        return operation()
    except ZeroDivisionError:
        raise Refusal("division_by_zero", "this divides by zero", node.span) from None
    except OverflowError:
        raise Refusal("number_too_large", "this number is too large", node.span) from None
    except (ValueError, TypeError):
        raise Refusal("not_finite", "this has no real value", node.span) from None


def _divide(left: Number, right: Number) -> Number:
    if isinstance(left, int) and isinstance(right, int):  # whole numbers: toward zero
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    return left / right


def _modulo(left: Number, right: Number) -> Number:
    if isinstance(left, int) and isinstance(right, int):
        remainder = abs(left) % abs(right)
        return -remainder if left < 0 else remainder
    return math.fmod(left, right) if right else left % right


def _power(left: Number, right: Number) -> Number:
    if isinstance(left, int) and isinstance(right, int) and right >= 0:
        if abs(left) > 1 and left.bit_length() * right > MOST_BITS:
            raise OverflowError
        return int(left**right)
    value: float | complex = float(left) ** float(right)
    if isinstance(value, complex):
        raise ValueError
    return value


def _shift(left: Number, right: Number) -> Number:
    if not (isinstance(left, int) and isinstance(right, int)) or right < 0:
        raise ValueError
    if right > MOST_BITS:
        raise OverflowError
    return left << right


def _whole(operation: Callable[[int, int], int]) -> Callable[[Number, Number], Number]:
    def apply(left: Number, right: Number) -> Number:
        if not (isinstance(left, int) and isinstance(right, int)):
            raise ValueError
        return int(operation(left, right))

    return apply


_B = nodes.BinaryOperator
_OPERATIONS: dict[int, Callable[[Any, Any], Number]] = {
    int(_B.ADD): lambda a, b: a + b,
    int(_B.SUB): lambda a, b: a - b,
    int(_B.MUL): lambda a, b: a * b,
    int(_B.DIV): _divide,
    int(_B.MOD): _modulo,
    int(_B.POW): _power,
    int(_B.EQ): lambda a, b: a == b,
    int(_B.NEQ): lambda a, b: a != b,
    int(_B.GT): lambda a, b: a > b,
    int(_B.GTE): lambda a, b: a >= b,
    int(_B.LT): lambda a, b: a < b,
    int(_B.LTE): lambda a, b: a <= b,
    int(_B.LOGIC_AND): lambda a, b: bool(a) and bool(b),
    int(_B.LOGIC_OR): lambda a, b: bool(a) or bool(b),
    int(_B.BIT_AND): _whole(lambda a, b: a & b),
    int(_B.BIT_OR): _whole(lambda a, b: a | b),
    int(_B.BIT_XOR): _whole(lambda a, b: a ^ b),
    int(_B.SHL): _shift,
    int(_B.SHR): _whole(lambda a, b: a >> b if b >= 0 else a << min(-b, MOST_BITS)),
}

_HANDLERS: dict[type, Callable[[Any, Lookup], Number]] = {
    nodes.IntegerLiteral: _literal,
    nodes.FloatLiteral: _literal,
    nodes.BooleanLiteral: _literal,
    nodes.Identifier: _identifier,
    nodes.ParenExpression: _paren,
    nodes.UnaryExpression: _unary,
    nodes.FunctionCall: _call,
    nodes.Cast: _cast,
    nodes.ImaginaryLiteral: _refuse_complex,
    nodes.DurationLiteral: _refuse_duration,
}
