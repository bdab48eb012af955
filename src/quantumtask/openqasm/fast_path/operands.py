"""Resolution of operands: the names that are visible so far, and their qubits and bits."""

import re
from collections.abc import Sequence
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
"""The pattern of a name."""

OPERAND = rf"(?:\$\d{{1,9}}+|{NAME}){SPACE}(?:\[{SPACE}\d{{1,9}}+{SPACE}\]{SPACE})?+"
"""The pattern of an operand: a physical qubit, or a name with at most one index."""

MAX_CACHED_REGISTER = 64
"""Largest register whose operands are cached all at once."""

_NAME_AND_INDEX = re.compile(rf"([$\w]++){SPACE}(?:\[{SPACE}(\d++){SPACE}\]{SPACE})?+", re.ASCII)
_SPACE_AND_OPERAND = re.compile(rf"{SPACE}{OPERAND}", re.ASCII)


class OperandResolver:
    """Cache of operands: for each text, an index (an int), or the indices of a register.

    Attributes:
        visible: The symbols that the next statement can use, by name.
        count: The number of qubits.
        has_physical: True if the program names physical qubits (`$n`).
        undeclared_origins: The origins of the undeclared gates, by name of the gate.
    """

    def __init__(
        self, declarations: Declarations, max_qubits: int, device: TargetGates | None = None
    ) -> None:
        self.visible: dict[str, Any] = dict(declarations.built_in_gates)
        self.has_physical = False
        self.count = declarations.num_qubits
        self.undeclared_origins = dict(declarations.undeclared_origins)
        self._max_qubits = max_qubits
        self._device = device
        self._declarations = declarations
        self._remaining = iter(declarations.symbols)
        self._qubits: dict[str, Any] = {}
        self._bits: dict[str, Any] = {}

    @cached_property
    def _declared_names(self) -> frozenset[str]:
        return frozenset(name for name, _ in self._declarations.symbols)

    def declare(self, declaration: str) -> bool:
        """Make the name of a declaration visible; return True if it hides another symbol."""
        words = declaration.lstrip(WHITE_SPACE)
        if words.startswith("include"):
            self.visible = {**self._declarations.included_gates, **self.visible}
        elif not words.startswith("OPENQASM"):
            name, symbol = next(self._remaining, ("", None))
            hides = name in self.visible
            self.visible[name] = symbol
            return hides
        return False

    def undeclared_gate(self, name: str, num_parameters: int, num_qubits: int) -> Gate:
        """Return the undeclared gate of a name.

        Raises:
            UnsupportedByFastPath: There is no such gate, or the program declares the name later.
        """
        included = self._declarations.included_gates
        is_declared = name in self._declared_names or name in included
        is_standard = self._declarations.openqasm2 and name in STDGATES
        if is_declared or is_standard or name not in UNDECLARED_NAMES:
            raise UnsupportedByFastPath
        undeclared = find_undeclared_gate(name, num_parameters, num_qubits)
        if undeclared is None:
            raise UnsupportedByFastPath
        self.undeclared_origins[name] = undeclared.origin
        gate = undeclared.gate
        if self._device is not None:
            gate = target_gate(gate, self._device)
        if name in UNAMBIGUOUS_NAMES:
            self.visible[name] = gate
        return gate

    def check_all_declared(self) -> None:
        """Raise UnsupportedByFastPath unless each symbol belongs to one declaration."""
        if next(self._remaining, None) is not None or "" in self.visible:
            raise UnsupportedByFastPath

    def qubits(self, text: str) -> tuple[Any, ...]:
        """Return the qubits of operands with a comma between two.

        Raises:
            UnsupportedByFastPath: An operand is not a qubit or a register of qubits.
        """
        resolved = []
        for operand in text.split(","):
            index = self._qubits.get(operand)
            if index is None:
                if _SPACE_AND_OPERAND.fullmatch(operand) is None:
                    raise UnsupportedByFastPath
                index = self._resolve(operand.lstrip(WHITE_SPACE), "qubit", "qubits")
                self._qubits[operand] = index
            resolved.append(index)
        return tuple(resolved)

    def bits(self, text: str) -> Any:
        """Return the bit of an operand, or the bits of a register.

        Raises:
            UnsupportedByFastPath: The operand is not a bit or a register of bits.
        """
        text = text.rstrip(WHITE_SPACE)
        index = self._bits.get(text)
        if index is None:
            index = self._bits[text] = self._resolve(text, "bit", "bits")
        return index

    def _resolve(self, text: str, single_kind: str, register_kind: str) -> Any:
        match = _NAME_AND_INDEX.match(text)
        name, index = match.groups() if match else ("", None)
        if name[:1] == "$" and index is None and single_kind == "qubit":
            return self._resolve_physical(int(name[1:]))
        symbol: Any = self.visible.get(name)
        kind = symbol.type.kind if isinstance(symbol, Variable) else ""
        if kind not in (single_kind, register_kind):
            raise UnsupportedByFastPath
        if index is None:
            return symbol.locations
        if kind == single_kind or int(index) >= len(symbol.locations):
            raise UnsupportedByFastPath
        self._cache_register(name, symbol.locations, single_kind)
        return symbol.locations[int(index)]

    def _cache_register(self, name: str, locations: Sequence[int], kind: str) -> None:
        """Cache the operands of a register, because most programs use all of them."""
        if len(locations) > MAX_CACHED_REGISTER:
            return
        texts = [f"{name}[{k}]" for k in range(len(locations))]
        cache = self._qubits if kind == "qubit" else self._bits
        cache.update(zip(texts, locations, strict=True))
        if kind == "qubit":  # the second operand of a call
            cache.update(zip([" " + text for text in texts], locations, strict=True))

    def _resolve_physical(self, number: int) -> int:
        """Return the number n of `$n`; with declared qubits, only the compiler can assign it."""
        if self._declarations.num_qubits > 0 or number >= self._max_qubits:
            raise UnsupportedByFastPath
        self.has_physical = True
        self.count = max(self.count, number + 1)
        return number
