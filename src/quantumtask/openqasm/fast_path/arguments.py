"""Constant expressions, read from their text: what a gate of a straight-line program is given."""

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
from quantumtask.openqasm.values.types import FLOAT, INT

MAX_ARGUMENTS_LENGTH = 400
"""Characters of all arguments of a call: no list of these is too deep for the parser."""

MAX_PARENTHESES = 20

_TOKEN = re.compile(
    r"""\s*+(?:
        (?P<real>(?:\d++\.\d*+|\.\d++)(?:[eE][-+]?\d++)?+|\d++[eE][-+]?\d++)(?![\w.])
        |(?P<whole>\d{1,18}+)(?![\w.])
        |(?P<name>[A-Za-z_]\w*+|[πτℇ])
        |(?P<other>\*\*|[-+*/%(),])
    )""",
    re.VERBOSE | re.ASCII,
)
_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "**": 4}
_SIGN = 3
_FUNCTIONS = builtin_functions.ARITY.keys() - {"pow"}
"""To some parsers `pow` is a modifier, and nothing else."""

_NOWHERE = OffsetSpan(0, 0)

BinaryOperation = Callable[[str, Expr, Expr, Span], Expr]
ArgumentToken = tuple[str, str]
_END = ("", "")


def evaluate_arguments(
    text: str, names: Mapping[str, Any], binary: BinaryOperation
) -> tuple[float, ...]:
    """The values of `a, b, c`, as the full path would have them.

    `names` are what the program declares. Raises UnsupportedByFastPath or Diagnostic.
    """
    if len(text) > MAX_ARGUMENTS_LENGTH or text.count("(") > MAX_PARENTHESES:
        raise UnsupportedByFastPath
    return _Formula(_tokens(text), names, binary).all()


def _tokens(text: str) -> list[ArgumentToken]:
    found: list[ArgumentToken] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise UnsupportedByFastPath
        assert match.lastgroup is not None
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Formula:
    """The tokens of some expressions, and how far they are read."""

    def __init__(
        self, tokens: list[ArgumentToken], names: Mapping[str, Any], binary: BinaryOperation
    ) -> None:
        self.tokens = tokens
        self.names = names
        self.binary = binary
        self.at = 0

    def all(self) -> tuple[float, ...]:
        found = [self.operation(0)]
        while self.skip(","):
            found.append(self.operation(0))
        if self.at < len(self.tokens):
            raise UnsupportedByFastPath
        return tuple([check_finite(to_real(value).value, _NOWHERE) for value in found])

    def skip(self, wanted: str) -> bool:
        """Whether this comes next; if so, it is passed."""
        found = self.tokens[self.at : self.at + 1] == [("other", wanted)]
        self.at += found
        return found

    def next(self) -> ArgumentToken:
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else _END

    def operation(self, least: int) -> Expr:
        """Operands joined by operators that bind at least so strongly."""
        left = self.operand()
        while self.at < len(self.tokens):
            operator = self.tokens[self.at][1]
            strength = _STRENGTH.get(operator, -1)
            if strength < least:
                break
            self.at += 1
            # Powers lean to the right, everything else to the left.
            right = self.operation(strength if strength == _STRENGTH["**"] else strength + 1)
            if mixes_signs(operator, left, right):
                raise UnsupportedByFastPath
            left = self.binary(operator, left, right, _NOWHERE)
        return left

    def operand(self) -> Expr:
        kind, text = self.next()
        if kind == "real":
            return constant_expr(FLOAT, float(text), _NOWHERE)
        if kind == "whole":
            return constant_expr(INT, int(text), _NOWHERE, loose=True)
        if kind == "name":
            return self.named(text)
        if text == "-":
            return apply_unary("-", self.operation(_SIGN), _NOWHERE)
        if text != "(":
            raise UnsupportedByFastPath
        return self.closed(self.operation(0))

    def closed(self, value: Expr) -> Expr:
        if not self.skip(")"):
            raise UnsupportedByFastPath
        return value

    def named(self, name: str) -> Expr:
        symbol = self.names.get(name)
        if isinstance(symbol, Constant):
            return constant_expr(symbol.type, symbol.value, _NOWHERE)
        if symbol is not None:
            raise UnsupportedByFastPath
        if name in builtin_functions.BUILT_IN_CONSTANTS:
            return constant_expr(FLOAT, builtin_functions.BUILT_IN_CONSTANTS[name], _NOWHERE)
        if name not in _FUNCTIONS or not self.skip("("):
            raise UnsupportedByFastPath
        values = [self.operation(0)]
        while self.skip(","):
            values.append(self.operation(0))
        self.closed(values[-1])
        return builtin_functions.call_function(name, values, _NOWHERE)
