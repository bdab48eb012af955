"""Names: what each one stands for, and where it can be seen."""

import difflib
from collections.abc import Sequence
from typing import Any, NamedTuple

from quantumtask.openqasm.gates import BUILT_IN, STDGATES, Gate
from quantumtask.openqasm.source import Refusal, shorten
from quantumtask.openqasm.syntax import Node


class Wires(NamedTuple):
    """Qubits or bits that a name or an operand stands for; `single`: one, not a register of one."""

    kind: str
    indices: Sequence[int]
    single: bool


class Broken:
    """Stands for a name whose declaration was refused: its uses are not reported again."""


class AlreadyReported(Refusal):
    """Something is wrong here because of a problem that is reported elsewhere."""


Symbol = Wires | Gate | Broken | int | float | bool


class Scope:
    """The names in sight, innermost block last."""

    def __init__(self) -> None:
        self.levels: list[dict[str, Symbol]] = [dict(BUILT_IN)]
        self.included = False

    @property
    def is_global(self) -> bool:
        return len(self.levels) == 1

    def include_stdgates(self, node: Node) -> None:
        """Makes the standard gates visible; a program that already defined one is refused."""
        if self.included:
            return
        self.included = True
        taken = sorted(STDGATES.keys() & self.levels[0].keys())
        self.levels[0] |= STDGATES
        if taken:
            raise redeclared(taken[0], node)

    def declare(self, name: str, symbol: Symbol, node: Node) -> None:
        if name in self.levels[-1]:
            raise redeclared(name, node, by_include=name in STDGATES and self.included)
        self.levels[-1][name] = symbol

    def mark_broken(self, name: str) -> None:
        self.levels[-1].setdefault(name, Broken())

    def find(self, name: str) -> Symbol | None:
        for level in reversed(self.levels):
            symbol = level.get(name)
            if symbol is not None:
                return symbol
        return None

    def lookup(self, name: str) -> Any:
        """As `find`, for constant expressions: a broken name ends them silently."""
        symbol = self.find(name)
        if isinstance(symbol, Broken):
            raise AlreadyReported("undeclared_name", name, _NOWHERE)
        return symbol

    def wires(self, name: str, node: Node, kind: str) -> Wires:
        """The qubits (or bits) called `name`. Raises Refusal if it is none."""
        symbol = self.lookup(name)
        if symbol is None:
            raise Refusal(
                "undeclared_name", f"`{shorten(name)}` is not declared", node.span,
                self._similar(name, Wires),
            )  # fmt: skip
        if not isinstance(symbol, Wires) or symbol.kind != kind:
            message = f"`{shorten(name)}` is {describe(symbol)}, and a {kind} is needed here"
            raise Refusal("wrong_type", message, node.span)
        return symbol

    def gate(self, name: str, node: Node) -> Gate:
        symbol = self.lookup(name)
        if isinstance(symbol, Gate):
            return symbol
        if symbol is not None:
            message = f"`{shorten(name)}` is {describe(symbol)}, not a gate"
            raise Refusal("wrong_type", message, node.span)
        if name in STDGATES:
            raise Refusal(
                "missing_include", f"the gate `{name}` is not known without its include",
                node.span, 'Add include "stdgates.inc"; at the top',
            )  # fmt: skip
        raise Refusal(
            "unknown_gate", f"unknown gate `{shorten(name)}`", node.span,
            self._similar(name, Gate),
        )  # fmt: skip

    def _similar(self, name: str, kind: type) -> str | None:
        names = [n for level in self.levels for n, s in level.items() if isinstance(s, kind)]
        if kind is Gate:
            known = USUAL_NAMES.get(name.lower())
            close = [known] if known in STDGATES else []
            names = list({*names, *STDGATES})
        else:
            close = []
        if len(name) <= 40 and len(names) <= 1000:
            close = close or difflib.get_close_matches(name, names, n=1)
        return f"Did you mean `{close[0]}`?" if close and close[0] else None


USUAL_NAMES = {"cnot": "cx", "toffoli": "ccx", "ccnot": "ccx", "hadamard": "h", "not": "x",
               "fredkin": "cswap", "i": "id", "cnotgate": "cx", "cphaseshift": "cp"}  # fmt: skip
"""What other languages call our gates."""


class _Nowhere:
    lo = 0
    hi = 0


_NOWHERE = _Nowhere()


def redeclared(name: str, node: Node, by_include: bool = False) -> Refusal:
    where = ' by include "stdgates.inc"' if by_include else ""
    message = f"`{shorten(name)}` is already declared{where}"
    return Refusal("redeclared_name", message, node.span)


def describe(symbol: object) -> str:
    """A symbol in words, for messages."""
    if isinstance(symbol, Wires):
        register = f"a register of {len(symbol.indices)} {symbol.kind}s"
        return f"a {symbol.kind}" if symbol.single else register
    return "a gate" if isinstance(symbol, Gate) else "a constant"
