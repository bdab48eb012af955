"""Selection of the method for a program: the fastest of the table that is exact and fits a slot."""

from collections.abc import Sequence
from functools import cache
from operator import attrgetter
from typing import NamedTuple
from weakref import WeakKeyDictionary

from quantumtask.engines.limits import available_bytes, out_of_memory
from quantumtask.engines.selection.circuit_features import CircuitFeatures, NoisyCircuitFeatures
from quantumtask.engines.selection.cost_model import F_contra
from quantumtask.engines.selection.methods import (
    IDEAL_METHODS,
    NOISY_METHODS,
    IdealMethod,
    Method,
    NoisyMethod,
    RunPlan,
    engine_version,
)
from quantumtask.openqasm.lru_cache import SizedLruCache
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, FailureCode

REQUESTED = "requested by the task"
"""Reason of a method that the task names."""


class EngineChoice(NamedTuple):
    """The plan of a run, and the reason for it in one sentence."""

    plan: RunPlan
    reason: str


MAX_CACHED_CHOICES = 16
"""Largest number of choices in the cache of one program."""

_choices: WeakKeyDictionary[CircuitFeatures, SizedLruCache[EngineChoice]] = WeakKeyDictionary()


def choose_engine(
    features: CircuitFeatures,
    shots: int,
    settings: Settings,
    *,
    engine: str = AUTO,
    method: str | None = None,
    threads: int = 1,
) -> EngineChoice:
    """Return the fastest way to run a program without noise; choices are cached.

    The engine is the fastest with the threads of one slot: more threads shorten its run and never
    change the engine, so that a seed gives the same counts on a busy service and on an idle one.

    Args:
        engine: The engine that the task names, or AUTO.
        method: The method that the task names.
        threads: The number of threads that the run may have.

    Raises:
        ResourceError: no such method can run the program (`engine_unsuitable`), is installed
            (`engine_unavailable`), or fits the slot (`out_of_memory`).
    """
    cache = _choices.get(features)
    if cache is None:
        cache = _choices[features] = SizedLruCache(MAX_CACHED_CHOICES)
    key = (shots, available_bytes(settings), engine, method, settings.slot_threads, threads)
    choice = cache.get(key)
    if choice is None:
        choice = _choose_engine(features, *key)
        cache.put(key, choice, 1)
    return choice


def _choose_engine(
    features: CircuitFeatures,
    shots: int,
    available: int,
    engine: str,
    method: str | None,
    slot_threads: int,
    threads: int,
) -> EngineChoice:
    matching = match_methods(IDEAL_METHODS, engine, method)
    installed = [each for each in matching if engine_version(each.engine) is not None]
    if not installed:
        raise engine_unavailable(engine)
    if engine == AUTO:
        installed = [each for each in installed if each.unselected(features) is None]
    best = choose_cheapest(installed, features, shots, available, slot_threads)
    requested = engine != AUTO or method is not None
    reason = REQUESTED if requested else _reason(best, features)
    return EngineChoice(best.plan(features, shots, threads), reason)


def engine_unavailable(engine: str) -> ResourceError:
    """Return the error of an engine that is not installed."""
    return ResourceError(
        FailureCode.ENGINE_UNAVAILABLE, f"engine: {engine} is not installed where the worker runs"
    )


def choose_noisy_method(
    engines: Sequence[str],
    features: NoisyCircuitFeatures,
    shots: int,
    method: str | None,
    settings: Settings,
) -> NoisyMethod:
    """Return the fastest method of some engines for a program with noise.

    Args:
        engines: Names of installed engines.
        method: The method that the task names; None: any.

    Raises:
        ResourceError: no such method can run the program (`engine_unsuitable`), or fits the slot
            (`out_of_memory`).
    """
    matching = _noisy_methods(tuple(engines), method)
    if not matching:
        of_engines = _noisy_methods(tuple(engines), None)
        names = ", ".join(dict.fromkeys([each.name for each in of_engines]))
        raise ResourceError(
            FailureCode.ENGINE_UNSUITABLE,
            f"method: {' or '.join(engines)} runs this program with noise by {names}; got {method}",
        )
    available = available_bytes(settings)
    return choose_cheapest(matching, features, shots, available, settings.slot_threads)


@cache
def _noisy_methods(engines: tuple[str, ...], method: str | None) -> tuple[NoisyMethod, ...]:
    """Return the methods with noise of some engines; only those of a name if there is one."""
    of_engines = [each for each in NOISY_METHODS if each.engine in engines]
    return tuple([each for each in of_engines if method in (None, each.name)])


def match_methods(
    methods: Sequence[Method[F_contra]], engine: str, method: str | None
) -> list[Method[F_contra]]:
    """Return the methods that a task allows.

    Args:
        methods: All methods.
        engine: The engine that the task names; AUTO: any.
        method: The method that the task names; None: any.
    """
    return [
        each for each in methods if engine in (AUTO, each.engine) and method in (None, each.name)
    ]


def choose_cheapest(
    methods: Sequence[Method[F_contra]],
    features: F_contra,
    shots: int,
    available: int,
    threads: int = 1,
) -> Method[F_contra]:
    """Return the fastest of `methods` that can run a program in the memory of a slot.

    If none fits, return the first adaptive method: its state may need less than predicted.

    Args:
        methods: One or more rows of the table.
        available: Bytes of a slot for the state.
        threads: The number of threads of a slot.

    Raises:
        ResourceError: `engine_unsuitable` or `out_of_memory`.
    """
    best = _cheapest_fitting(methods, features, shots, available, threads)
    if best is not None:
        return best
    able = [each for each in methods if each.unsupported(features) is None]
    if not able:
        raise unsuitable(methods[0], features)
    adaptive = [each for each in able if each.adaptive_memory]
    if adaptive:
        return adaptive[0]
    needed = min(each.plan(features, shots, threads).bytes for each in able)
    raise out_of_memory(features.qubits, needed, available)


def _cheapest_fitting(
    methods: Sequence[Method[F_contra]],
    features: F_contra,
    shots: int,
    available: int,
    threads: int,
) -> Method[F_contra] | None:
    """Return the fastest of `methods` that can run a program and fits; None if there is none.

    The cost of a method that starts more slowly than another one ends is not computed: for a small
    circuit, all costs together would take longer than its run.
    """
    best, best_us = None, float("inf")
    for each in sorted(methods, key=attrgetter("start_us")):
        if each.start_us >= best_us:
            break
        if each.unsupported(features) is None:
            plan = each.plan(features, shots, threads)
            if plan.microseconds < best_us and plan.bytes <= available:
                best, best_us = each, plan.microseconds
    return best


def unsuitable(method: Method[F_contra], features: F_contra) -> ResourceError:
    """Return the error of a method that cannot run a program."""
    return ResourceError(
        FailureCode.ENGINE_UNSUITABLE,
        f"{method.engine} ({method.name}) cannot run this program: "
        f"{method.unsupported(features)}. Omit `engine` and `method` to have them selected",
    )


def _reason(method: IdealMethod, features: CircuitFeatures) -> str:
    if features.circuit is None:
        return "the program depends on measurement outcomes: shots of equal outcomes run together"
    if features.clbit_map.is_constant:
        return "the result is the same for every shot"
    qubits = f"{features.qubits:,} qubit" + "s" * (features.qubits != 1)
    return method.reason.format(qubits=qubits)
