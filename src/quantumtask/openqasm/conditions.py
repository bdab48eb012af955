"""Conditions of `if` and `while`: comparisons of bits, as logic over single bits."""

from typing import Any

from quantumtask.openqasm.constants import evaluate
from quantumtask.openqasm.operands import Operands
from quantumtask.openqasm.scope import Wires
from quantumtask.openqasm.source import Refusal
from quantumtask.openqasm.steps import Bit, Both, Condition, Not
from quantumtask.openqasm.syntax import Node, nodes

MOST_COMPARED = 64
"""Bits of a register in one comparison: Aer evaluates the condition recursively."""

Bits = list[Condition]
"""A whole number without sign as its bits, lowest first."""

_B = nodes.BinaryOperator


def condition(node: Any, operands: Operands) -> Condition:
    """The truth of an expression over bits and constants; a plain bool if no bit takes part."""
    kind = type(node)
    if kind is nodes.ParenExpression:
        return condition(node.operand, operands)
    if kind is nodes.UnaryExpression and node.op != nodes.UnaryOperator.NEG:
        return _negated(node, operands)
    if kind is nodes.BinaryExpression:
        return _binary(node, operands)
    bits = _value(node, operands)
    if len(bits) > MOST_COMPARED:
        raise _too_wide(node)
    return any_of(bits)


def _too_wide(node: Node) -> Refusal:
    message = f"more than {MOST_COMPARED} bits in one condition are not supported"
    return Refusal("not_supported", message, node.span)


def _negated(node: Any, operands: Operands) -> Condition:
    if node.op == nodes.UnaryOperator.BIT_NOT:
        bits = _value(node.operand, operands)
        if len(bits) != 1 or isinstance(bits[0], bool):
            raise Refusal("not_supported", "`~` is supported for a single bit only", node.span)
    return negate(condition(node.operand, operands))


def _binary(node: Any, operands: Operands) -> Condition:
    if node.op == _B.LOGIC_AND:
        return both(condition(node.lhs, operands), condition(node.rhs, operands))
    if node.op == _B.LOGIC_OR:
        return either(condition(node.lhs, operands), condition(node.rhs, operands))
    if not _mentions_bits(node, operands):
        return bool(evaluate(node, operands.scope.lookup))
    left, right = _value(node.lhs, operands), _value(node.rhs, operands)
    width = max(len(left), len(right))
    if width > MOST_COMPARED:
        raise _too_wide(node)
    left += [False] * (width - len(left))
    right += [False] * (width - len(right))
    return _compared(node, left, right)


def _compared(node: Any, left: Bits, right: Bits) -> Condition:
    if node.op == _B.EQ:
        return equal(left, right)
    if node.op == _B.NEQ:
        return negate(equal(left, right))
    if node.op == _B.LT:
        return _less(left, right)
    if node.op == _B.GT:
        return _less(right, left)
    if node.op == _B.LTE:
        return negate(_less(right, left))
    if node.op == _B.GTE:
        return negate(_less(left, right))
    if len(left) == 1 and node.op in (_B.BIT_AND, _B.BIT_OR, _B.BIT_XOR):
        return _single(node, left[0], right[0])
    message = f"`{node.op.value}` of measured bits is not supported"
    raise Refusal("not_supported", message, node.span)


def _single(node: Any, left: Condition, right: Condition) -> Condition:
    if node.op == _B.BIT_AND:
        return both(left, right)
    return either(left, right) if node.op == _B.BIT_OR else negate(equal([left], [right]))


def _mentions_bits(node: Any, operands: Operands) -> bool:
    pending = [node]
    while pending:
        current: Any = pending.pop()
        if type(current) is nodes.Identifier and isinstance(
            operands.scope.lookup(current.name), Wires
        ):
            return True
        pending.extend(current.children())
    return False


def _value(node: Any, operands: Operands) -> Bits:
    """A register, a bit, a comparison or a constant, as bits."""
    kind = type(node)
    if kind is nodes.ParenExpression:
        return _value(node.operand, operands)
    if kind is nodes.BitstringLiteral:
        return [bool(node.value >> i & 1) for i in range(node.width)]
    if kind is nodes.Cast and _mentions_bits(node.operand, operands):
        return _cast(node, operands)
    if not _mentions_bits(node, operands):
        return _constant(node, operands)
    if kind is nodes.UnaryExpression and node.op == nodes.UnaryOperator.NEG:
        raise Refusal("not_supported", "`-` of measured bits is not supported", node.span)
    if kind in (nodes.BinaryExpression, nodes.UnaryExpression):
        return [condition(node, operands)]
    return [Bit(i) for i in operands.resolve(node, "bit").indices]


def _cast(node: Any, operands: Operands) -> Bits:
    bits = _value(node.operand, operands)
    if type(node.type) is nodes.BoolType:
        return [any_of(bits)]
    if type(node.type) is nodes.UintType and node.type.size is None:
        return bits
    if type(node.type) is nodes.IntType and node.type.size is None:
        return bits
    raise Refusal("not_supported", "this cast of measured bits is not supported", node.span)


def _constant(node: Node, operands: Operands) -> Bits:
    value = evaluate(node, operands.scope.lookup)
    if (isinstance(value, float) and not value.is_integer()) or value < 0:
        message = "bits can be compared with whole numbers from 0 only"
        raise Refusal("not_supported", message, node.span)
    whole = int(value)
    return [bool(whole >> i & 1) for i in range(max(1, whole.bit_length()))]


def bits_for(value: Any, target: Wires, operands: Operands) -> Bits:
    """The value that each bit of `target` is given by an assignment."""
    bits = _value(value, operands)
    wanted = len(target.indices)
    exact = type(value) is nodes.BitstringLiteral or _mentions_bits(value, operands)
    if len(bits) > wanted or (exact and len(bits) != wanted):
        message = f"{len(bits)} bits are assigned to {wanted}"
        raise Refusal("size_mismatch", message, value.span)
    return bits + [False] * (wanted - len(bits))


def negate(of: Condition) -> Condition:
    if isinstance(of, bool):
        return not of
    return of.of if isinstance(of, Not) else Not(of)


def both(left: Condition, right: Condition) -> Condition:
    if isinstance(left, bool):
        return right if left else False
    if isinstance(right, bool):
        return left if right else False
    return Both(left, right)


def either(left: Condition, right: Condition) -> Condition:
    return negate(both(negate(left), negate(right)))


def any_of(bits: Bits) -> Condition:
    """At least one of them is 1."""
    result: Condition = False
    for bit in bits:
        result = either(result, bit)
    return result


def equal(left: Bits, right: Bits) -> Condition:
    """Both numbers have the same bits."""
    result: Condition = True
    for a, b in zip(left, right, strict=True):
        same = either(both(a, b), both(negate(a), negate(b)))
        result = both(result, same)
    return result


def _less(left: Bits, right: Bits) -> Condition:
    """Read from the lowest bit up: a higher bit that differs decides."""
    result: Condition = False
    for a, b in zip(left, right, strict=True):
        below = both(negate(a), b)
        same = either(both(a, b), both(negate(a), negate(b)))
        result = either(below, both(same, result))
    return result
