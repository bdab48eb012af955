"""The declarations of a straight-line program, compiled by the compiler and cached."""

from typing import Any, NamedTuple

from quantumtask.openqasm.compiler.pipeline import (
    compile_source,
    preprocess,
    task_warnings,
    undeclared_owners,
)
from quantumtask.openqasm.compiler.symbol_table import Symbol
from quantumtask.openqasm.fast_path.statements import UnsupportedByFastPath
from quantumtask.openqasm.gates.hardware import TargetGates
from quantumtask.openqasm.gates.library import Gate
from quantumtask.openqasm.lru_cache import SizedLruCache
from quantumtask.openqasm.program.program import Register
from quantumtask.openqasm.text.source import restore_names
from quantumtask.shared.settings import Settings

_MAX_CACHE_SIZE = 50_000
"""Most names, bits and lines of text of all cached declarations."""


class Declarations(NamedTuple):
    """The declarations of a program.

    Attributes:
        symbols: The declared names and their symbols, in the order of the text.
        built_in_gates: The gates of the language, by name.
        included_gates: The gates of the included files, by name.
        registers: The registers of the result.
        num_qubits: The number of declared qubits.
        memory: The initial memory of the compiled program.
        result_cells: The addresses in `memory` of the bits of the result.
        warnings: The warnings about the declarations.
        undeclared_origins: The origins of the undeclared gates in definitions, by name of the gate.
        openqasm2: True for OpenQASM 2.
    """

    symbols: tuple[tuple[str, Symbol], ...]
    built_in_gates: dict[str, Gate]
    included_gates: dict[str, Gate]
    registers: tuple[Register, ...]
    num_qubits: int
    memory: tuple[Any, ...]
    result_cells: tuple[int, ...]
    warnings: tuple[str, ...]
    undeclared_origins: dict[str, str]
    openqasm2: bool


def read_declarations(
    items: list[str], settings: Settings, device: TargetGates | None = None
) -> Declarations:
    """Return the compiled form of declarations, without their semicolons.

    Raises:
        UnsupportedByFastPath: A declaration has a mistake, or computes something at run time.
        Diagnostic: A declaration has a mistake.
        CircuitError: A declaration has a mistake.
    """
    text = "".join([item if item.endswith("}") else item + ";" for item in items])
    key = (text, settings, device)
    declarations = _cache.get(key)
    if declarations is None:
        declarations = _compile(text, settings, device)
        size = len(declarations.symbols) + len(declarations.memory) + len(text) // 50 + 20
        _cache.put(key, declarations, size)
    return declarations


_cache: SizedLruCache[Declarations] = SizedLruCache(_MAX_CACHE_SIZE)


def _compile(text: str, settings: Settings, device: TargetGates | None) -> Declarations:
    context = compile_source(preprocess(text, settings), settings, {}, device)
    if context.errors or context.code.instructions:
        raise UnsupportedByFastPath
    scope = context.symbols
    return Declarations(
        tuple([(restore_names(name), symbol) for name, symbol in scope.scopes[-1].items()]),
        scope.built_in,
        scope.gates if scope.included else {},
        tuple(context.result_registers),
        context.qubits.count,
        tuple(context.code.memory),
        tuple(context.result_cells),
        task_warnings(context),
        undeclared_owners(context),
        context.openqasm2,
    )
