"""Compilation of circuit texts: the fast path if it applies, else the full pipeline."""

from contextlib import suppress
from operator import itemgetter

from quantumtask.openqasm.compiler.pipeline import compile_full, preprocess
from quantumtask.openqasm.fast_path.compile import compile_straight_line
from quantumtask.openqasm.gates.hardware import TargetGates
from quantumtask.openqasm.lru_cache import SizedLruCache
from quantumtask.openqasm.program.operations import MatrixGate
from quantumtask.openqasm.program.program import Program, Sweep
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.settings import Settings

__all__ = ["compile_sweep", "compile_uncached", "preprocess"]

MAX_CACHED_OPERATIONS_IN_TOTAL = 200_000
"""The size of the cache: all cached programs together, about 30 MB."""

MIN_PROGRAM_SIZE = 20
"""The size of an empty program in the cache, in operations."""

_cache: SizedLruCache[Sweep] = SizedLruCache(MAX_CACHED_OPERATIONS_IN_TOTAL)
_texts: SizedLruCache[Sweep] = SizedLruCache(MAX_CACHED_OPERATIONS_IN_TOTAL)
"""Sweeps of texts with inputs, by text, for any values."""


def compile_sweep(
    text: str, settings: Settings, parameters: str | None = None, device: TargetGates | None = None
) -> Sweep:
    """Compile a text, with a cache of single programs, which callers must not change.

    Args:
        text: The circuit text.
        settings: The limits of the service.
        parameters: The values of the inputs, as a JSON object.
        device: The gates of the target device, whose programs keep barriers and delays. None for
            an ideal simulator.

    Returns:
        The programs, one for each element of the values.

    Raises:
        CircuitError: With every error of the text.
    """
    key = (text, settings, parameters, device)
    sweep = _cache.get(key)
    if sweep is None:
        sweep = _compile(text, settings, parameters, device)
        if sweep.size == 1 and not _has_matrices(sweep.program):
            characters = len(text) + len(parameters or "")
            size = MIN_PROGRAM_SIZE + sweep.program.size + characters // 100
            _cache.put(key, sweep, size)
            if sweep.rebind:
                _texts.put((text, settings, device), sweep, size)
    return sweep


def _compile(
    text: str, settings: Settings, parameters: str | None, device: TargetGates | None
) -> Sweep:
    """Compile a text; bind a text with inputs again if it was compiled for other values.

    An optimizer sends one text again and again, each time with new values.
    """
    compiled = _texts.get((text, settings, device)) if parameters is not None else None
    if parameters is not None and compiled is not None and compiled.rebind:
        with suppress(CircuitError):  # the compiler finds all errors
            return compiled.rebind(parameters)
    return compile_uncached(text, settings, parameters, device)


def _has_matrices(program: Program) -> bool:
    steps = program.circuit.steps if program.circuit else ()
    # The first field of an operation is its gate. Written for speed: most programs have none.
    return MatrixGate in set(map(type, map(itemgetter(0), steps)))


def compile_uncached(
    text: str, settings: Settings, parameters: str | None = None, device: TargetGates | None = None
) -> Sweep:
    """Compile a text as `compile_sweep` does, without its cache. Raises CircuitError."""
    program = compile_straight_line(text, settings, device) if parameters is None else None
    return Sweep((), program) if program else compile_full(text, settings, parameters, device)
