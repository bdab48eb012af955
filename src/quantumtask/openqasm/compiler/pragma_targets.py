"""Qubits in the text of a pragma."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.references import (
    Reference,
    as_sequence,
    build_reference,
    require_qubits,
)
from quantumtask.openqasm.parser.parse import PhysicalQubit
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten

_INT = r"\s*+[0-9]{1,9}+\s*+"
_INDEX = rf"\[(?:{_INT}(?::{_INT}){{0,2}}+|\s*+\{{{_INT}(?:,{_INT})*+\}}\s*+)\]\s*+"
_ONE = rf"\s*+(?:\$[0-9]++|\w++)\s*+(?:{_INDEX})?+"
_ALL = re.compile(rf"{_ONE}(?:,{_ONE})*+")
_EACH = re.compile(rf"\s*+(\$?\w++)\s*+({_INDEX})?+,?")


class PragmaTarget(NamedTuple):
    """The qubits of a reference at `indices`; a single qubit has the index 0."""

    reference: Reference
    indices: Sequence[int]

    @property
    def size(self) -> int:
        """The number of qubits."""
        return len(self.indices)

    def qubits(self, memory: list[Any]) -> list[int]:
        """Return the numbers of the qubits at run time."""
        reference = self.reference
        static = reference.static
        numbers = as_sequence(reference.resolve(memory) if static is None else static)
        return [numbers[index] for index in self.indices]


def parse_targets(context: Context, text: str, span: Span) -> list[PragmaTarget]:
    """Parse targets such as `q[0], $1, r[0:2], r[{2, 0}], s`; ranges include their end.

    Raises:
        Diagnostic: The syntax is wrong, a name is not that of qubits, or an index is out of range.
    """
    if _ALL.fullmatch(text) is None:
        message = "invalid qubits of this pragma; write them as q[0], q[1] or $0, $1"
        raise Diagnostic("syntax_error", message, span)
    return [_parse_target(context, name, index, span) for name, index in _EACH.findall(text)]


def _parse_target(context: Context, name: str, index: str, span: Span) -> PragmaTarget:
    reference = _resolve(context, name, span)
    size = (reference.type.size or 0) if reference.type.kind == "qubits" else 1
    if not index:
        return PragmaTarget(reference, range(size))
    indices = _parse_indices(index)
    if name[0] == "$" or not indices or _max_index(indices) >= size:
        plural = "" if size == 1 else "s"
        operand, register = shorten(f"{name}{index.strip()}"), shorten(name)
        message = f"`{operand}`: `{register}` has {size} qubit{plural}"
        raise Diagnostic("index_out_of_range", message, span)
    return PragmaTarget(reference, indices)


def _max_index(indices: Sequence[int]) -> int:
    return indices[-1] if isinstance(indices, range) else max(indices)


def _parse_indices(index: str) -> Sequence[int]:
    """Parse `[1]`, `[0:2]`, `[0:2:4]` or `[{2, 0}]`; return () for an empty range."""
    numbers = [int(number) for number in re.findall(r"[0-9]+", index)]
    if ":" not in index:
        return numbers
    first, *step, last = numbers
    return range(first, last + 1, *step) if step != [0] else ()


def _resolve(context: Context, name: str, span: Span) -> Reference:
    if name[0] == "$":
        return context.hardware_qubit(PhysicalQubit(name[1:], span))
    symbol = context.symbols.lookup(name)
    if symbol is None:
        raise Diagnostic("undeclared_name", f"`{shorten(name)}` is not declared", span)
    return require_qubits(build_reference(symbol, name, span), span)
