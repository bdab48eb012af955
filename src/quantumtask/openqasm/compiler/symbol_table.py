"""Names: what each one stands for, and where it can be seen (spec: Scoping of variables)."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from quantumtask.openqasm.compiler.visibility import Declaration, refusal
from quantumtask.openqasm.gates.library import STDGATES, Gate
from quantumtask.openqasm.gates.undeclared import UNDECLARED_NAMES, find_undeclared_gate
from quantumtask.openqasm.parser.parse import Node
from quantumtask.openqasm.text.source import Diagnostic, OffsetSpan, shorten
from quantumtask.openqasm.values.builtin_functions import BUILT_IN_CONSTANTS
from quantumtask.openqasm.values.types import Type


class Variable(NamedTuple):
    """Qubits, or a variable: an alias is another name for the places of one.

    `places`: the numbers of the qubits or cells, an int for a single one, a View for an array;
    None where only `cell` tells them, at run time. `read_only`: why nothing may be assigned to it.
    """

    type: Type
    places: Any
    cell: int = -1
    read_only: str = ""


class Constant(NamedTuple):
    type: Type
    value: Any


@dataclass(eq=False)
class Routine:
    """A `def`: where it begins, the cells that are its own, and those for its result."""

    name: str
    parameters: tuple[Variable, ...]
    result: Type
    places: Any
    entry: int
    first: int
    last: int = 0
    returns: bool = False


class Extern:
    """Stands for an `extern` function, which can be declared, but not called."""


class InvalidSymbol:
    """Stands for a name whose declaration was refused: its uses are not reported again."""


class AlreadyReported(Diagnostic):
    """Something is wrong here because of a problem that is reported elsewhere."""


Symbol = Variable | Constant | Gate | Routine | Extern | InvalidSymbol


class SymbolTable:
    """The names in sight, innermost block last.

    `declarations` are all of the program, read only to explain an unknown name. `definitions`: the
    enclosing `gate` or `def` in words, innermost last; "" for none.
    """

    def __init__(
        self,
        built_in: dict[str, Gate],
        declarations: Callable[[], dict[str, Declaration]],
        legacy: bool = False,
    ) -> None:
        self.built_in = built_in
        self._declarations = declarations
        self._index: dict[str, Declaration] | None = None
        self._legacy = legacy
        # What the program declares can hide what an include brings, one level further out.
        self.levels: list[dict[str, Symbol]] = [dict(built_in), {}]
        self.walls = [0]
        self.definitions = [""]
        self.gates = STDGATES
        self.included = ""
        self.hidden: dict[str, Node] = {}
        self.calls_of_hidden: dict[str, Node] = {}
        # Undeclared gates: the owner of each gate, and its first use.
        self.undeclared_gates: dict[str, tuple[str, Node]] = {}
        # What some words mean, as long as no name changes: nine of ten operands come again.
        self.places: dict[bytes, Any] = {}
        self.values: dict[bytes, float] = {}

    @property
    def is_global(self) -> bool:
        return len(self.levels) == 2

    def enter(self) -> None:
        self.levels.append({})
        self._forget()

    def _forget(self) -> None:
        if self.places or self.values:
            self.places.clear()
            self.values.clear()

    def enter_definition(self, name: str) -> None:
        """A block that sees only constants, gates and subroutines of the blocks around it."""
        self.walls.append(len(self.levels))
        self.definitions.append(name)
        self.enter()

    def leave(self) -> None:
        self.levels.pop()
        self._forget()
        if self.walls[-1] == len(self.levels) and len(self.walls) > 1:
            self.walls.pop()
            self.definitions.pop()

    def include(self, name: str, gates: dict[str, Gate]) -> None:
        """Makes gates visible."""
        if not self.included:
            for gate in self.undeclared_gates.keys() & gates.keys():
                raise self._too_early(gate, "missing_include", f"included with {name}")
            self.included, self.gates = name, gates
            self.levels[0] = {**gates, **self.built_in}
            self._forget()

    def declare(self, name: str, symbol: Symbol, node: Node) -> None:
        taken = name in self.built_in or name in BUILT_IN_CONSTANTS
        if name in self.levels[-1] or (self.is_global and taken):
            raise redeclared(name, node)
        if self.is_global and name in self.undeclared_gates:
            raise self._too_early(name, "unknown_gate", "declared")
        if self.is_global and name in self.levels[0]:
            self.hidden[name] = node
        self.levels[-1][name] = symbol
        self._forget()

    def _too_early(self, name: str, code: str, how: str) -> Diagnostic:
        """The refusal of a gate whose first use precedes its declaration."""
        message = f"the gate `{shorten(name)}` is used here, and {how} only further down"
        return Diagnostic(code, message, self.undeclared_gates[name][1].span)

    def mark_broken(self, name: str) -> None:
        self.levels[-1].setdefault(name, InvalidSymbol())

    def find(self, name: str) -> Symbol | None:
        """What a name stands for, where it is used. Raises AlreadyReported."""
        wall = self.walls[-1]
        for depth in range(len(self.levels) - 1, -1, -1):
            symbol = self.levels[depth].get(name)
            if symbol is None or (depth < wall and isinstance(symbol, Variable)):
                continue
            if isinstance(symbol, InvalidSymbol):
                raise AlreadyReported("undeclared_name", name, OffsetSpan(0, 0))
            return symbol
        return None

    def undeclared(self, name: str, node: Node) -> Diagnostic:
        """The refusal of a name that stands for nothing here."""
        if self._index is None:
            self._index = self._declarations()
        declaration = self._index.get(name)
        if declaration is not None:
            return refusal(name, node, declaration, self.definitions[-1])
        message = f"`{shorten(name)}` is not declared"
        return Diagnostic("undeclared_name", message, node.span, self._similar(name, Variable))

    def gate(self, name: str, node: Node, parameters: int, qubits: int) -> Gate:
        """The gate called `name`, used with so many parameters and qubits.

        An undeclared name may be the gate of a well-known tool (see `undeclared`). Raises
        Diagnostic if the name is no gate.
        """
        symbol = self.find(name)
        if isinstance(symbol, Gate):
            return symbol
        hidden = self._hidden_gate(name)
        if hidden is not None and isinstance(symbol, Variable | Constant):
            self.hidden.pop(name, None)
            self.calls_of_hidden[name] = node
            return hidden
        if symbol is not None:
            message = f"`{shorten(name)}` is {describe(symbol)}, not a gate"
            raise Diagnostic("wrong_type", message, node.span)
        return self._undeclared_gate(name, node, parameters, qubits)

    def _undeclared_gate(self, name: str, node: Node, parameters: int, qubits: int) -> Gate:
        old = self._legacy and name in STDGATES  # tools that do not declare these write OpenQASM 3
        if (
            name in UNDECLARED_NAMES
            and not old
            and (known := find_undeclared_gate(name, parameters, qubits))
        ):
            self.undeclared_gates.setdefault(name, (known.origin, node))
            return known.gate
        if name in STDGATES and not self.included:
            file = "qelib1.inc" if self._legacy else "stdgates.inc"
            raise Diagnostic(
                "missing_include", f"the gate `{name}` is not known without its include",
                node.span, f'Add include "{file}"; at the top',
            )  # fmt: skip
        raise Diagnostic(
            "unknown_gate", f"unknown gate `{shorten(name)}`", node.span,
            self._similar(name, Gate),
        )  # fmt: skip

    def _hidden_gate(self, name: str) -> Gate | None:
        """The innermost gate of a name that a variable hides; a call cannot mean the variable."""
        symbols = (level.get(name) for level in reversed(self.levels))
        return next((symbol for symbol in symbols if isinstance(symbol, Gate)), None)

    def _similar(self, name: str, kind: type) -> str | None:
        if kind is Gate and (known := USUAL_NAMES.get(name.lower())) in self.gates:
            return f"Did you mean `{known}`?"
        names = {n for level in self.levels for n, s in level.items() if isinstance(s, kind)}
        if kind is Gate:
            names |= self.gates.keys()
        if len(name) > 40 or len(names) > 1000:
            return None
        close = difflib.get_close_matches(name, sorted(names), n=1)
        return f"Did you mean `{close[0]}`?" if close else None


USUAL_NAMES = {"cnot": "cx", "toffoli": "ccx", "ccnot": "ccx", "hadamard": "h", "not": "x",
               "fredkin": "cswap", "i": "id", "cnotgate": "cx", "cphaseshift": "cp",
               "phaseshift": "p"}  # fmt: skip
"""What other languages call our gates."""


def redeclared(name: str, node: Node) -> Diagnostic:
    message = f"`{shorten(name)}` is already declared"
    return Diagnostic("redeclared_name", message, node.span)


def describe(symbol: Symbol) -> str:
    """A symbol in words, for messages."""
    if isinstance(symbol, Gate):
        return "a gate"
    if isinstance(symbol, Routine):
        return "a subroutine"
    if isinstance(symbol, Extern):
        return "an extern function"
    if isinstance(symbol, Constant):
        return "a constant"
    return describe_type(symbol.type) if isinstance(symbol, Variable) else "unknown"


def describe_type(type: Type) -> str:
    if type.kind in ("bits", "qubits"):
        kind = type.kind[:-1]
        return (
            f"a register of {kind}s" if type.size is None else f"a register of {type.size} {kind}s"
        )
    name = str(type)
    return f"an {name}" if name[0] in "ai" else f"a {name}"
