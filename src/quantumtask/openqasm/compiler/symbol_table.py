"""Symbol table: the meaning of each name, and its scope (spec: Scoping of variables)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from quantumtask.openqasm.compiler.gate_hints import ask_for, suggest_gate
from quantumtask.openqasm.compiler.visibility import NameDeclaration, invisible_name
from quantumtask.openqasm.gates.library import STDGATES, Gate
from quantumtask.openqasm.gates.undeclared import UNDECLARED_NAMES, find_undeclared_gate
from quantumtask.openqasm.parser.parse import Node
from quantumtask.openqasm.text.source import Diagnostic, OffsetSpan, shorten
from quantumtask.openqasm.values.builtin_functions import BUILT_IN_CONSTANTS
from quantumtask.openqasm.values.types import Type
from quantumtask.shared.close_names import close_name


class Variable(NamedTuple):
    """Declared qubits, a variable, or an alias of either.

    Attributes:
        locations: The numbers of the qubits or memory cells: an int for a single one, a sequence
            for a register, an ArrayView for an array. None if they are known only at run time.
        cell: The cell that has the locations at run time, if `locations` is None.
        read_only: The reason why nothing can be assigned; "" if something can.
    """

    type: Type
    locations: Any
    cell: int = -1
    read_only: str = ""


class Constant(NamedTuple):
    """A constant, whose value is known at compile time."""

    type: Type
    value: Any


@dataclass(eq=False)
class Subroutine:
    """A `def`.

    Attributes:
        result_locations: The memory cells of the result; None without a result.
        entry: The address of the first instruction.
        first_cell: The first memory cell of the body.
        end_cell: The cell after the last one of the body.
        returns: The body contains a `return` or an `end`.
    """

    name: str
    parameters: tuple[Variable, ...]
    result: Type
    result_locations: Any
    entry: int
    first_cell: int
    end_cell: int = 0
    returns: bool = False


class Extern:
    """An `extern` function, which can be declared but not called."""


class InvalidSymbol:
    """A name whose declaration has an error: its uses report no further errors."""


class AlreadyReported(Diagnostic):
    """An error that follows from an error that is reported elsewhere."""


Symbol = Variable | Constant | Gate | Subroutine | Extern | InvalidSymbol


class UndeclaredGateUse(NamedTuple):
    """The first use of an undeclared gate; `owner` names the tool that the gate is from."""

    owner: str
    node: Node


class SymbolTable:
    """The visible names, by scope.

    Args:
        built_in: The gates without an include.
        declarations: Collects all declarations of the program, to explain an unknown name.
        openqasm2: The program is OpenQASM 2.

    Attributes:
        scopes: The symbols of each scope, innermost last. The first scope has the gates of the
            language and of includes, which global declarations can shadow.
        definition_boundaries: The number of scopes outside of each enclosing definition.
        definitions: The enclosing `gate` or `def` in words, innermost last; "" for none.
        gates: The gates of the included library, or those of stdgates.inc for hints.
        included: The name of the included library; "" for none.
        shadowed: The declarations that shadow a gate of the library, by name.
        calls_of_shadowed: The first call of each gate that a variable shadows.
        undeclared_gates: The first use of each undeclared gate.
        operand_cache: The locations of gate operands, by source text. 90 % of operands repeat. A
            declaration or a new scope clears the cache.
        argument_cache: The values of constant gate arguments, by source text.
    """

    def __init__(
        self,
        built_in: dict[str, Gate],
        declarations: Callable[[], dict[str, NameDeclaration]],
        openqasm2: bool = False,
    ) -> None:
        self.built_in = built_in
        self._collect_declarations = declarations
        self._declarations: dict[str, NameDeclaration] | None = None
        self._openqasm2 = openqasm2
        self.scopes: list[dict[str, Symbol]] = [dict(built_in), {}]
        self.definition_boundaries = [0]
        self.definitions = [""]
        self.gates = STDGATES
        self.included = ""
        self.shadowed: dict[str, Node] = {}
        self.calls_of_shadowed: dict[str, Node] = {}
        self.undeclared_gates: dict[str, UndeclaredGateUse] = {}
        self.operand_cache: dict[bytes, Any] = {}
        self.argument_cache: dict[bytes, float] = {}

    @property
    def is_global(self) -> bool:
        """The current scope is the global one."""
        return len(self.scopes) == 2

    def enter(self) -> None:
        """Open a scope."""
        self.scopes.append({})
        self._clear_caches()

    def _clear_caches(self) -> None:
        if self.operand_cache or self.argument_cache:
            self.operand_cache.clear()
            self.argument_cache.clear()

    def enter_definition(self, description: str) -> None:
        """Open the scope of a definition, in which outer variables and qubits are not visible."""
        self.definition_boundaries.append(len(self.scopes))
        self.definitions.append(description)
        self.enter()

    def leave(self) -> None:
        """Close the innermost scope."""
        self.scopes.pop()
        self._clear_caches()
        boundaries = self.definition_boundaries
        if boundaries[-1] == len(self.scopes) and len(boundaries) > 1:
            boundaries.pop()
            self.definitions.pop()

    def include(self, name: str, gates: dict[str, Gate]) -> None:
        """Add the gates of a library. Raises Diagnostic if one was used before."""
        if not self.included:
            for gate in self.undeclared_gates.keys() & gates.keys():
                raise self._late_declaration(gate, "missing_include", f"included with {name}")
            self.included, self.gates = name, gates
            self.scopes[0] = {**gates, **self.built_in}
            self._clear_caches()

    def declare(self, name: str, symbol: Symbol, node: Node) -> None:
        """Add a name to the innermost scope. Raises Diagnostic for a redeclaration."""
        is_reserved = name in self.built_in or name in BUILT_IN_CONSTANTS
        if name in self.scopes[-1] or (self.is_global and is_reserved):
            raise redeclared_name(name, node)
        if self.is_global and name in self.undeclared_gates:
            raise self._late_declaration(name, "unknown_gate", "declared")
        if self.is_global and name in self.scopes[0]:
            self.shadowed[name] = node
        self.scopes[-1][name] = symbol
        self._clear_caches()

    def _late_declaration(self, name: str, code: str, participle: str) -> Diagnostic:
        """Return the error of a gate whose first use precedes its declaration."""
        message = f"the gate `{shorten(name)}` is used here, and {participle} only further down"
        return Diagnostic(code, message, self.undeclared_gates[name].node.span)

    def mark_invalid(self, name: str) -> None:
        """Add a name whose declaration has an error."""
        self.scopes[-1].setdefault(name, InvalidSymbol())

    def lookup(self, name: str) -> Symbol | None:
        """Return the symbol of a name. Raises AlreadyReported for an InvalidSymbol."""
        boundary = self.definition_boundaries[-1]
        for depth in range(len(self.scopes) - 1, -1, -1):
            symbol = self.scopes[depth].get(name)
            if symbol is None or (depth < boundary and isinstance(symbol, Variable)):
                continue
            if isinstance(symbol, InvalidSymbol):
                raise AlreadyReported("undeclared_name", name, OffsetSpan(0, 0))
            return symbol
        return None

    def undeclared_name(self, name: str, node: Node) -> Diagnostic:
        """Return the error of a name that has no symbol here."""
        if self._declarations is None:
            self._declarations = self._collect_declarations()
        declaration = self._declarations.get(name)
        if declaration is not None:
            return invisible_name(name, node, declaration, self.definitions[-1])
        message = f"`{shorten(name)}` is not declared"
        return Diagnostic("undeclared_name", message, node.span, self._suggest_variable(name))

    def lookup_gate(self, name: str, node: Node, parameters: int, qubits: int) -> Gate:
        """Return the gate of a call with these numbers of parameters and qubits.

        An undeclared name can be the gate of a well-known tool (see gates/undeclared.py).

        Raises:
            Diagnostic: The name is no gate.
        """
        symbol = self.lookup(name)
        if isinstance(symbol, Gate):
            return symbol
        shadowed = self._shadowed_gate(name)
        if shadowed is not None and isinstance(symbol, Variable | Constant):
            self.shadowed.pop(name, None)
            self.calls_of_shadowed[name] = node
            return shadowed
        if symbol is not None:
            message = f"`{shorten(name)}` is {describe_symbol(symbol)}, not a gate"
            raise Diagnostic("wrong_type", message, node.span)
        return self._undeclared_gate(name, node, parameters, qubits)

    def _undeclared_gate(self, name: str, node: Node, parameters: int, qubits: int) -> Gate:
        # The tools that do not declare these gates write OpenQASM 3.
        is_openqasm2_gate = self._openqasm2 and name in STDGATES
        if name in UNDECLARED_NAMES and not is_openqasm2_gate:
            undeclared = find_undeclared_gate(name, parameters, qubits)
            if undeclared:
                use = UndeclaredGateUse(undeclared.origin, node)
                self.undeclared_gates.setdefault(name, use)
                return undeclared.gate
        if name in STDGATES and not self.included:
            file = "qelib1.inc" if self._openqasm2 else "stdgates.inc"
            message = f"the gate `{name}` needs its include"
            hint = f'Add include "{file}"; at the top'
            raise Diagnostic("missing_include", message, node.span, hint)
        message = f"unknown gate `{shorten(name)}`"
        raise Diagnostic("unknown_gate", message, node.span, self._suggest_gate(name, qubits))

    def _shadowed_gate(self, name: str) -> Gate | None:
        """Return the innermost gate of a name that a variable shadows."""
        symbols = (scope.get(name) for scope in reversed(self.scopes))
        return next((symbol for symbol in symbols if isinstance(symbol, Gate)), None)

    def _suggest_gate(self, name: str, qubits: int) -> str | None:
        gates = {n: s for scope in self.scopes for n, s in scope.items() if isinstance(s, Gate)}
        return suggest_gate(name, {**self.gates, **gates}, qubits, not self._openqasm2)

    def _suggest_variable(self, name: str) -> str | None:
        names = {n for scope in self.scopes for n, s in scope.items() if isinstance(s, Variable)}
        return ask_for(close_name(name, names))


def redeclared_name(name: str, node: Node) -> Diagnostic:
    """Return the error of a name that its scope already has."""
    message = f"`{shorten(name)}` is already declared"
    return Diagnostic("redeclared_name", message, node.span)


def describe_symbol(symbol: Symbol) -> str:
    """Return a symbol in words, for messages."""
    if isinstance(symbol, Gate):
        return "a gate"
    if isinstance(symbol, Subroutine):
        return "a subroutine"
    if isinstance(symbol, Extern):
        return "an extern function"
    if isinstance(symbol, Constant):
        return "a constant"
    return describe_type(symbol.type) if isinstance(symbol, Variable) else "unknown"


def describe_type(type: Type) -> str:
    """Return a type in words, for messages."""
    if type.kind in ("bits", "qubits"):
        kind, size = type.kind[:-1], type.size
        return f"a register of {kind}s" if size is None else f"a register of {size} {kind}s"
    name = str(type)
    return f"an {name}" if name[0] in "ai" else f"a {name}"
