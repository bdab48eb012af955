"""Constant expressions, read from their text: what a gate of a straight-line program is given."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from quantumtask.openqasm.compiler.symbol_table import Constant
from quantumtask.openqasm.fast_path.statements import Unsure
from quantumtask.openqasm.gates.expansion import finite
from quantumtask.openqasm.text.source import Place, Span
from quantumtask.openqasm.values import builtin_functions
from quantumtask.openqasm.values.arithmetic import mixes_signs
from quantumtask.openqasm.values.casts import real
from quantumtask.openqasm.values.expr import Expr, constant
from quantumtask.openqasm.values.operators import unary
from quantumtask.openqasm.values.types import FLOAT, INT

LONGEST = 400
"""Characters of all arguments of a call: no list of these is too deep for the parser."""

DEEPEST = 20

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

_NOWHERE = Place(0, 0)

Binary = Callable[[str, Expr, Expr, Span], Expr]
Token = tuple[str, str]
_END = ("", "")


def values_of(text: str, names: Mapping[str, Any], binary: Binary) -> tuple[float, ...]:
    """The values of `a, b, c`, as the full path would have them.

    `names` are what the program declares. Raises Unsure or Refusal.
    """
    if len(text) > LONGEST or text.count("(") > DEEPEST:
        raise Unsure
    return _Formula(_tokens(text), names, binary).all()


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unsure
        assert match.lastgroup is not None
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Formula:
    """The tokens of some expressions, and how far they are read."""

    def __init__(self, tokens: list[Token], names: Mapping[str, Any], binary: Binary) -> None:
        self.tokens = tokens
        self.names = names
        self.binary = binary
        self.at = 0

    def all(self) -> tuple[float, ...]:
        found = [self.operation(0)]
        while self.skip(","):
            found.append(self.operation(0))
        if self.at < len(self.tokens):
            raise Unsure
        return tuple([finite(real(value).value, _NOWHERE) for value in found])

    def skip(self, wanted: str) -> bool:
        """Whether this comes next; if so, it is passed."""
        found = self.tokens[self.at : self.at + 1] == [("other", wanted)]
        self.at += found
        return found

    def next(self) -> Token:
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
                raise Unsure
            left = self.binary(operator, left, right, _NOWHERE)
        return left

    def operand(self) -> Expr:
        kind, text = self.next()
        if kind == "real":
            return constant(FLOAT, float(text), _NOWHERE)
        if kind == "whole":
            return constant(INT, int(text), _NOWHERE, loose=True)
        if kind == "name":
            return self.named(text)
        if text == "-":
            return unary("-", self.operation(_SIGN), _NOWHERE)
        if text != "(":
            raise Unsure
        return self.closed(self.operation(0))

    def closed(self, value: Expr) -> Expr:
        if not self.skip(")"):
            raise Unsure
        return value

    def named(self, name: str) -> Expr:
        symbol = self.names.get(name)
        if isinstance(symbol, Constant):
            return constant(symbol.type, symbol.value, _NOWHERE)
        if symbol is not None:
            raise Unsure
        if name in builtin_functions.CONSTANTS:
            return constant(FLOAT, builtin_functions.CONSTANTS[name], _NOWHERE)
        if name not in _FUNCTIONS or not self.skip("("):
            raise Unsure
        values = [self.operation(0)]
        while self.skip(","):
            values.append(self.operation(0))
        self.closed(values[-1])
        return builtin_functions.call(name, values, _NOWHERE)
