"""The way from a text to a program: the short path where it goes, the full one where it must."""

from quantumtask.openqasm.compiler.pipeline import compile_full, preprocess
from quantumtask.openqasm.fast_path.compile import compile_straight_line
from quantumtask.openqasm.gates.hardware import TargetGates
from quantumtask.openqasm.lru_cache import SizedLruCache
from quantumtask.openqasm.program.operations import MatrixGate, Operation
from quantumtask.openqasm.program.program import Program, Sweep
from quantumtask.shared.settings import Settings

__all__ = ["compile_circuit", "compile_sweep", "compile_uncached", "preprocess"]

MOST_REMEMBERED = 200_000
"""Operations of all remembered programs together: some thirty megabytes at most."""

LEAST = 20
"""What the smallest program takes, in operations."""

_remembered: SizedLruCache[Sweep] = SizedLruCache(MOST_REMEMBERED)


def compile_circuit(text: str, settings: Settings, parameters: str | None = None) -> Program:
    """The program that a text describes, as the first of `compile_sweep`."""
    return compile_sweep(text, settings, parameters).program


def compile_sweep(
    text: str, settings: Settings, parameters: str | None = None, device: TargetGates | None = None
) -> Sweep:
    """The programs that a text describes, with `parameters` (a JSON object) for its inputs.

    `device`: the gates of the device that the programs are for; such programs keep their barriers
    and delays. Raises CircuitError with every problem of the text. The last used single programs
    are cached, because the same circuit often comes again; a Program is never changed.
    """
    key = (text, settings, parameters, device)
    sweep = _remembered.get(key)
    if sweep is None:
        sweep = compile_uncached(text, settings, parameters, device)
        if sweep.size == 1 and not _holds_matrices(sweep.program):
            letters = len(text) + len(parameters or "")
            _remembered.put(key, sweep, LEAST + sweep.program.size + letters // 100)
    return sweep


def _holds_matrices(program: Program) -> bool:
    steps = program.circuit.steps if program.circuit else ()
    return any(isinstance(step, Operation) and isinstance(step.gate, MatrixGate) for step in steps)


def compile_uncached(
    text: str, settings: Settings, parameters: str | None = None, device: TargetGates | None = None
) -> Sweep:
    """As `compile_sweep`, without remembering anything."""
    straight = compile_straight_line(text, settings, device) if parameters is None else None
    return Sweep((), straight) if straight else compile_full(text, settings, parameters, device)
