"""Evaluation of constant gate arguments from their text."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from quantumtask.openqasm.compiler.symbol_table import Constant
from quantumtask.openqasm.fast_path.statements import UnsupportedByFastPath
from quantumtask.openqasm.gates.expansion import check_finite
from quantumtask.openqasm.text.source import OffsetSpan, Span
from quantumtask.openqasm.values import builtin_functions
from quantumtask.openqasm.values.arithmetic import mixes_signs
from quantumtask.openqasm.values.casts import to_real
from quantumtask.openqasm.values.expr import Expr, constant_expr
from quantumtask.openqasm.values.operators import apply_unary
from quantumtask.openqasm.values.types import FLOAT, INT, INTEGER_KINDS

MAX_ARGUMENTS_LENGTH = 400
"""Most characters of all arguments of a call; the parser can nest as deep as these can."""

MAX_PARENTHESES = 20
"""Most parentheses in all arguments of a call."""

_TOKEN = re.compile(
    r"""\s*+(?:
        (?P<float>(?:\d++\.\d*+|\.\d++)(?:[eE][-+]?\d++)?+|\d++[eE][-+]?\d++)(?![\w.])
        |(?P<int>\d{1,18}+)(?![\w.])
        |(?P<name>[A-Za-z_]\w*+|[πτℇ])
        |(?P<sign>\*\*|[-+*/%(),])
    )""",
    re.VERBOSE | re.ASCII,
)
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "**": 4}
_NEGATION_PRECEDENCE = 3
_FUNCTIONS = builtin_functions.ARITY.keys() - {"pow"}
"""The functions whose names are not modifiers; some parsers read `pow` only as a modifier."""

_NO_SPAN = OffsetSpan(0, 0)

BinaryOperation = Callable[[str, Expr, Expr, Span], Expr]
"""Function that applies a binary operator, such as `operators.apply_binary`."""

ArgumentToken = tuple[str, str]
"""The kind of a token, and its text."""

_END = ("", "")


def evaluate_arguments(
    text: str, symbols: Mapping[str, Any], apply_operator: BinaryOperation
) -> tuple[float, ...]:
    """Return the values of arguments, equal to those that the compiler computes.

    Args:
        text: Expressions, with a comma between two.
        symbols: The names that the program declares.
        apply_operator: Applies a binary operator to two expressions.

    Raises:
        UnsupportedByFastPath: An argument is not a constant, or may have a mistake.
        Diagnostic: An operation has no result.
    """
    if len(text) > MAX_ARGUMENTS_LENGTH or text.count("(") > MAX_PARENTHESES:
        raise UnsupportedByFastPath
    return _ArgumentParser(_tokens(text), symbols, apply_operator).values()


def _tokens(text: str) -> list[ArgumentToken]:
    tokens: list[ArgumentToken] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise UnsupportedByFastPath
        assert match.lastgroup is not None
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


class _ArgumentParser:
    """Precedence-climbing parser that evaluates expressions; `position` is the next token."""

    def __init__(
        self,
        tokens: list[ArgumentToken],
        symbols: Mapping[str, Any],
        apply_operator: BinaryOperation,
    ) -> None:
        self.tokens = tokens
        self.symbols = symbols
        self.apply_operator = apply_operator
        self.position = 0

    def values(self) -> tuple[float, ...]:
        exprs = [self.operation(0)]
        while self.skip(","):
            exprs.append(self.operation(0))
        if self.position < len(self.tokens):
            raise UnsupportedByFastPath
        return tuple([check_finite(to_real(expr).value, _NO_SPAN) for expr in exprs])

    def skip(self, sign: str) -> bool:
        """Skip the next token if it is `sign`; return True if it was."""
        matches = self.tokens[self.position : self.position + 1] == [("sign", sign)]
        self.position += matches
        return matches

    def next_token(self) -> ArgumentToken:
        self.position += 1
        return self.tokens[self.position - 1] if self.position <= len(self.tokens) else _END

    def operation(self, min_precedence: int) -> Expr:
        """Parse operands joined by operators of at least this precedence."""
        lhs = self.operand()
        while self.position < len(self.tokens):
            operator = self.tokens[self.position][1]
            precedence = _PRECEDENCE.get(operator, -1)
            if precedence < min_precedence:
                break
            self.position += 1
            # The power is right-associative, every other operator left-associative.
            is_power = precedence == _PRECEDENCE["**"]
            rhs = self.operation(precedence if is_power else precedence + 1)
            if mixes_signs(operator, lhs, rhs):
                raise UnsupportedByFastPath
            result = self.apply_operator(operator, lhs, rhs, _NO_SPAN)
            if operator == "/" and result.type.kind in INTEGER_KINDS and lhs.value % rhs.value:
                raise UnsupportedByFastPath  # the compiler warns of the lost remainder
            lhs = result
        return lhs

    def operand(self) -> Expr:
        kind, text = self.next_token()
        if kind == "float":
            return constant_expr(FLOAT, float(text), _NO_SPAN)
        if kind == "int":
            return constant_expr(INT, int(text), _NO_SPAN, untyped=True)
        if kind == "name":
            return self.name(text)
        if text == "-":
            return apply_unary("-", self.operation(_NEGATION_PRECEDENCE), _NO_SPAN)
        if text != "(":
            raise UnsupportedByFastPath
        return self.close_parenthesis(self.operation(0))

    def close_parenthesis(self, value: Expr) -> Expr:
        if not self.skip(")"):
            raise UnsupportedByFastPath
        return value

    def name(self, name: str) -> Expr:
        """Parse a constant, or the call of a function."""
        symbol = self.symbols.get(name)
        if isinstance(symbol, Constant):
            return constant_expr(symbol.type, symbol.value, _NO_SPAN)
        if symbol is not None:
            raise UnsupportedByFastPath
        if name in builtin_functions.BUILT_IN_CONSTANTS:
            return constant_expr(FLOAT, builtin_functions.BUILT_IN_CONSTANTS[name], _NO_SPAN)
        if name not in _FUNCTIONS or not self.skip("("):
            raise UnsupportedByFastPath
        values = [self.operation(0)]
        while self.skip(","):
            values.append(self.operation(0))
        self.close_parenthesis(values[-1])
        return builtin_functions.call_function(name, values, _NO_SPAN)
