"""The base class of syntax tree nodes."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, TypeAlias, dataclass_transform


class Span(NamedTuple):
    """A half-open range of UTF-8 byte offsets."""

    lo: int
    hi: int


class Operator(NamedTuple):
    """An operator, as OpenQASM writes it."""

    value: str


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
@dataclass(frozen=True, eq=False)
class QASMNode:
    """A node with its span; every subclass becomes a frozen dataclass."""

    span: Span

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, eq=False)(cls)

    def children(self) -> list["QASMNode"]:
        """Return the direct children of the node."""
        return [node for part in fields(self) for node in _nodes(getattr(self, part.name))]


Nodes: TypeAlias = list[QASMNode]


def _nodes(value: Any) -> Iterator[QASMNode]:
    for item in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(item, QASMNode):
            yield item
