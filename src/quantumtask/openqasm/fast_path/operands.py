"""The names that a straight-line program can use so far, and the qubits and bits they stand for."""

import re
from functools import cached_property
from typing import Any

from quantumtask.openqasm.compiler.symbol_table import Variable
from quantumtask.openqasm.fast_path.declarations import Declarations
from quantumtask.openqasm.fast_path.statements import (
    SPACE,
    WHITE_SPACE,
    UnsupportedByFastPath,
)
from quantumtask.openqasm.gates.hardware import TargetGates, target_gate
from quantumtask.openqasm.gates.library import STDGATES, Gate
from quantumtask.openqasm.gates.undeclared import (
    UNAMBIGUOUS_NAMES,
    UNDECLARED_NAMES,
    find_undeclared_gate,
)

NAME = r"[A-Za-z_]\w*+"
OPERAND = rf"(?:\$\d{{1,9}}+|{NAME}){SPACE}(?:\[{SPACE}\d{{1,9}}+{SPACE}\]{SPACE})?+"
_PARTS = re.compile(
    rf"([$\w]++){SPACE}(?:\[{SPACE}(\d++){SPACE}\]{SPACE})?+",
    re.ASCII,
)
_ONE = re.compile(rf"{SPACE}{OPERAND}", re.ASCII)


class OperandResolver:
    """Cache of operands: each text stands for one place (an int), or for those of a register.

    `count`: the number of qubits. `physical`: some qubits are physical ones (`$n`).
    """

    def __init__(
        self, head: Declarations, most_qubits: int, device: TargetGates | None = None
    ) -> None:
        self.visible: dict[str, Any] = dict(head.built_in)
        self.physical = False
        self.count = head.qubits
        self._most = most_qubits
        self._device = device
        self._declared = head.qubits > 0
        self._head = head
        self._included = head.included
        self._undeclared = iter(head.names)
        self._legacy = head.legacy
        self.undeclared_gates = dict(head.undeclared)
        self._qubits: dict[str, Any] = {}
        self._bits: dict[str, Any] = {}

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(name for name, _ in self._head.names)

    def declare(self, declaration: str) -> bool:
        """From here on, its name can be seen; whether it takes the place of another."""
        words = declaration.lstrip(WHITE_SPACE)
        if words.startswith("include"):
            self.visible = {**self._included, **self.visible}
        elif not words.startswith("OPENQASM"):
            name, symbol = next(self._undeclared, ("", None))
            hides = name in self.visible
            self.visible[name] = symbol
            return hides
        return False

    def undeclared_gate(self, name: str, parameters: int, qubits: int) -> Gate:
        """The undeclared gate of a name. Raises UnsupportedByFastPath."""
        declared = name in self._names or name in self._included
        if declared or name not in UNDECLARED_NAMES or (self._legacy and name in STDGATES):
            raise UnsupportedByFastPath
        known = find_undeclared_gate(name, parameters, qubits)
        if known is None:
            raise UnsupportedByFastPath
        self.undeclared_gates[name] = known.owner
        gate = known.gate if self._device is None else target_gate(known.gate, self._device)
        if name in UNAMBIGUOUS_NAMES:
            self.visible[name] = gate
        return gate

    def check_declared(self) -> None:
        """Raises UnsupportedByFastPath if there were names that no declaration was seen of."""
        if next(self._undeclared, None) is not None or "" in self.visible:
            raise UnsupportedByFastPath

    def qubits(self, text: str) -> tuple[Any, ...]:
        """The places of operands with a comma between two. Raises UnsupportedByFastPath."""
        found = []
        for one in text.split(","):
            place = self._qubits.get(one)
            if place is None:
                if _ONE.fullmatch(one) is None:
                    raise UnsupportedByFastPath
                place = self._qubits[one] = self._place(one.lstrip(WHITE_SPACE), "qubit", "qubits")
            found.append(place)
        return tuple(found)

    def bits(self, text: str) -> Any:
        """The place of an operand."""
        place = self._bits.get(text)
        if place is None:
            place = self._bits[text] = self._place(text, "bit", "bits")
        return place

    def _place(self, text: str, single: str, register: str) -> Any:
        found = _PARTS.match(text)
        name, index = found.groups() if found else ("", None)
        if name[:1] == "$" and index is None and single == "qubit":
            return self._physical(int(name[1:]))
        symbol: Any = self.visible.get(name)
        kind = symbol.type.kind if isinstance(symbol, Variable) else ""
        if kind not in (single, register):
            raise UnsupportedByFastPath
        if index is None:
            return symbol.places
        if kind == single or int(index) >= len(symbol.places):
            raise UnsupportedByFastPath
        return symbol.places[int(index)]

    def _physical(self, number: int) -> int:
        """Return the number n of `$n`. Raises UnsupportedByFastPath if qubits are declared, too."""
        if self._declared or number >= self._most:
            raise UnsupportedByFastPath
        self.physical = True
        self.count = max(self.count, number + 1)
        return number
