"""What a straight-line program declares, read by the full path."""

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

_MOST_REMEMBERED = 50_000
"""Declared names, bits and lines of text."""


class Declarations(NamedTuple):
    """The names that a program declares, in order, and their qubits, cells and gates.

    `undeclared`: the owners of the undeclared gates that its definitions use, by name of the gate.
    `memory` and `cells` are those of the compiled program: the bits of the result are in `cells`.
    """

    names: tuple[tuple[str, Symbol], ...]
    built_in: dict[str, Gate]
    included: dict[str, Gate]
    registers: tuple[Register, ...]
    qubits: int
    memory: tuple[Any, ...]
    cells: tuple[int, ...]
    warnings: tuple[str, ...]
    undeclared: dict[str, str]
    legacy: bool


def read_declarations(
    declarations: list[str], settings: Settings, device: TargetGates | None = None
) -> Declarations:
    """What these declare. Raises UnsupportedByFastPath, Diagnostic or CircuitError."""
    text = "".join([d if d.endswith("}") else d + ";" for d in declarations])
    key = (text, settings, device)
    head = _remembered.get(key)
    if head is None:
        head = _read(text, settings, device)
        size = len(head.names) + len(head.memory) + len(text) // 50 + 20
        _remembered.put(key, head, size)
    return head


_remembered: SizedLruCache[Declarations] = SizedLruCache(_MOST_REMEMBERED)


def _read(text: str, settings: Settings, device: TargetGates | None) -> Declarations:
    context = compile_source(preprocess(text, settings), settings, {}, device)
    if context.refusals or context.code.instructions:
        raise UnsupportedByFastPath
    scope = context.scope
    return Declarations(
        tuple([(restore_names(name), symbol) for name, symbol in scope.levels[-1].items()]),
        scope.built_in,
        scope.gates if scope.included else {},
        tuple(context.bits),
        context.qubits.count,
        tuple(context.code.memory),
        tuple(context.bit_cells),
        task_warnings(context),
        undeclared_owners(context),
        context.legacy,
    )
