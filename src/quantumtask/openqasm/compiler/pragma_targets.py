"""Qubits that the text of a pragma names."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.references import Reference, as_sequence, of_symbol
from quantumtask.openqasm.parser.parse import PhysicalQubit
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten

_INT = r"\s*+[0-9]{1,9}+\s*+"
_INDEX = rf"\[(?:{_INT}(?::{_INT}){{0,2}}+|\s*+\{{{_INT}(?:,{_INT})*+\}}\s*+)\]\s*+"
_ONE = rf"\s*+(?:\$[0-9]++|\w++)\s*+(?:{_INDEX})?+"
_ALL = re.compile(rf"{_ONE}(?:,{_ONE})*+")
_EACH = re.compile(rf"\s*+(\$?\w++)\s*+({_INDEX})?+,?")


class Target(NamedTuple):
    """All qubits of a name, or the ones of a register at `indices`."""

    places: Reference
    indices: Sequence[int]

    @property
    def size(self) -> int:
        return len(self.indices)

    def qubits(self, memory: list[Any]) -> list[int]:
        fixed = self.places.fixed
        found = as_sequence(self.places.find(memory) if fixed is None else fixed)
        return [found[index] for index in self.indices]


def targets_of(context: Context, text: str, span: Span) -> list[Target]:
    """The targets of a text such as `q[0], $1, r[0:2], r[{2, 0}], s`; ranges include their end.

    Raises Diagnostic.
    """
    if _ALL.fullmatch(text) is None:
        message = "the qubits of this pragma cannot be read: write them as q[0], q[1] or $0, $1"
        raise Diagnostic("syntax_error", message, span)
    return [_target(context, name, index, span) for name, index in _EACH.findall(text)]


def _target(context: Context, name: str, index: str, span: Span) -> Target:
    places = _places(context, name, span)
    size = places.type.size if places.type.kind == "qubits" else 1
    if not index:
        return Target(places, range(size or 0))
    indices = _indices(index)
    if name[0] == "$" or not indices or _highest(indices) >= (size or 0):
        plural = "" if size == 1 else "s"
        where, register = shorten(f"{name}{index.strip()}"), shorten(name)
        message = f"`{where}`: `{register}` has {size} qubit{plural}"
        raise Diagnostic("index_out_of_range", message, span)
    return Target(places, indices)


def _highest(indices: Sequence[int]) -> int:
    return indices[-1] if isinstance(indices, range) else max(indices)


def _indices(index: str) -> Sequence[int]:
    """The indices of `[1]`, `[0:2]`, `[0:2:4]` or `[{2, 0}]`; empty for an empty range."""
    numbers = [int(number) for number in re.findall(r"[0-9]+", index)]
    if ":" not in index:
        return numbers
    first, *step, last = numbers
    return range(first, last + 1, *step) if step != [0] else ()


def _places(context: Context, name: str, span: Span) -> Reference:
    if name[0] == "$":
        return context.physical(PhysicalQubit(name[1:], span))
    symbol = context.scope.find(name)
    if symbol is None:
        message = f"`{shorten(name)}` is not declared"
        raise Diagnostic("undeclared_name", message, span)
    places = of_symbol(symbol, name, span)
    if not places.is_quantum:
        message = f"`{shorten(name)}` is no qubit, and one is needed here"
        raise Diagnostic("wrong_type", message, span)
    return places
