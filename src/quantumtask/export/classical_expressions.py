"""Export of classical expressions."""

from typing import Any

from qiskit.circuit import ClassicalRegister, Clbit, Duration
from qiskit.circuit.classical import expr, types

from quantumtask.export.parameter_expressions import number
from quantumtask.export.scope import Scope

_BITWISE = {"BIT_AND": "&", "BIT_OR": "|", "BIT_XOR": "^"}
_BOOLEAN = {"BIT_AND": "&&", "BIT_OR": "||", "BIT_XOR": "!="}
_BINARY = {
    "LOGIC_AND": "&&", "LOGIC_OR": "||", "EQUAL": "==", "NOT_EQUAL": "!=", "LESS": "<",
    "LESS_EQUAL": "<=", "GREATER": ">", "GREATER_EQUAL": ">=", "SHIFT_LEFT": "<<",
    "SHIFT_RIGHT": ">>", "ADD": "+", "SUB": "-", "MUL": "*", "DIV": "/",
}  # fmt: skip


def type_name(type_: Any) -> str:
    """Return the OpenQASM name of a type of Qiskit. Raise ValueError for an unknown type."""
    match type_:
        case types.Bool():
            return "bool"
        case types.Uint():
            return f"uint[{type_.width}]"
        case types.Float():
            return "float[64]"
        case types.Duration():
            return "duration"
    raise ValueError(f"values of type {type_} are not supported")


def condition(value: Any, scope: Scope) -> str:
    """Return a condition: an expression, or a pair of a bit or register and its value."""
    if isinstance(value, tuple):
        value = expr.lift_legacy_condition(value)
    return text(value, scope)


def text(node: Any, scope: Scope) -> str:
    """Return an expression in parentheses. Raise ValueError for an unknown expression."""
    match node:
        case expr.Var():
            return _variable(node, scope)
        case expr.Value():
            return _value(node)
        case expr.Stretch():
            return scope.variables[node]
        case expr.Cast():
            return f"{type_name(node.type)}({text(node.operand, scope)})"
        case expr.Unary():
            return _unary(node, scope)
        case expr.Binary():
            return _binary(node, scope)
        case expr.Index():
            return _index(node, scope)
    raise ValueError(f"the expression {node} is not supported")


def target(node: Any, scope: Scope) -> tuple[str, str]:
    """Return the variable that an `expr` Store assigns to, as text, and its type."""
    if isinstance(node, expr.Index):
        index = text(node.index, scope)
        return f"{_whole(node.target, scope)}[{index}]", "bit"
    if isinstance(node.var, Clbit):
        return scope.bit(node.var), "bit"
    if isinstance(node.var, ClassicalRegister):
        return _whole(node, scope), f"bit[{len(node.var)}]"
    return scope.variables[node], type_name(node.type)


def _whole(node: Any, scope: Scope) -> str:
    """Return a whole register or variable. Raise ValueError for a register that overlaps others."""
    if not isinstance(node.var, ClassicalRegister):
        return scope.variables[node]
    name = scope.register(node.var)
    if name is None:
        raise ValueError(f"the register {node.var.name!r} shares bits with another register")
    return name


def _variable(node: Any, scope: Scope) -> str:
    if isinstance(node.var, Clbit):
        return f"bool({scope.bit(node.var)})"
    if isinstance(node.var, ClassicalRegister):
        return _integer(node.var, scope)
    return scope.variables[node]


def _integer(register: ClassicalRegister, scope: Scope) -> str:
    """Return the value of a register whose bits may be anywhere."""
    width = f"uint[{len(register)}]"
    if (name := scope.register(register)) is not None:
        return f"{width}({name})"
    bits = enumerate(scope.register_bits(register))
    return "(" + " | ".join(f"({width}({bit}) << {k})" for k, bit in bits) + ")"


def _value(node: Any) -> str:
    match node.type:
        case types.Bool():
            return "true" if node.value else "false"
        case types.Uint():
            return f"uint[{node.type.width}]({node.value})"
        case types.Float():
            return number(node.value)
    return _duration(node.value)


def _duration(value: Any) -> str:
    match value:
        case Duration.dt(count):
            return f"{count}dt"
        case Duration.ps(time):
            return f"{number(time / 1000)}ns"
    return f"{number(value.value())}{value.unit()}"


def _unary(node: Any, scope: Scope) -> str:
    operand = text(node.operand, scope)
    if node.op.name == "NEGATE":
        return f"(-{operand})"
    boolean = isinstance(node.type, types.Bool)
    return f"({'!' if boolean else '~'}{operand})"


def _binary(node: Any, scope: Scope) -> str:
    words = _BOOLEAN if isinstance(node.type, types.Bool) else _BITWISE
    operator = words.get(node.op.name) or _BINARY[node.op.name]
    return f"({text(node.left, scope)} {operator} {text(node.right, scope)})"


def _index(node: Any, scope: Scope) -> str:
    whole, index = text(node.target, scope), text(node.index, scope)
    return f"bool(({whole} >> {index}) & {type_name(node.target.type)}(1))"
