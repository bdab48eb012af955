"""Which engine runs a program: those that give its distribution exactly, and what each would cost.

The costs are microseconds on the machine that they were measured on;
`benchmarks/engines/estimates.py` prints how well they predict.
Another machine is faster or slower at all of them, so a choice is the same everywhere: `estimate`
alone looks at how fast this one is.
"""

from typing import NamedTuple
from weakref import WeakKeyDictionary

from quantumtask.engines.limits import available_bytes, out_of_memory
from quantumtask.engines.selection.circuit_features import CircuitFeatures
from quantumtask.engines.selection.methods import METHODS, Method, RunPlan, engine_version
from quantumtask.openqasm.lru_cache import SizedLruCache
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import FailureCode


class EngineChoice(NamedTuple):
    """A plan, and why it was chosen, in one sentence."""

    plan: RunPlan
    reason: str


MAX_CACHED_CHOICES = 16
"""Choices that are remembered for one program."""

_choices: WeakKeyDictionary[CircuitFeatures, SizedLruCache[EngineChoice]] = WeakKeyDictionary()


def choose_engine(
    features: CircuitFeatures,
    shots: int,
    settings: Settings,
    *,
    engine: str = "auto",
    method: str | None = None,
    threads: int = 1,
) -> EngineChoice:
    """The fastest way to run a program, among those of this engine and method where they are asked.

    It is remembered with the features. Raises ResourceError where there is none:
    `engine_unsuitable`, `engine_unavailable` (it is not installed), or `out_of_memory`, with what
    is needed and what there is.
    """
    known = _choices.get(features)
    if known is None:
        known = _choices[features] = SizedLruCache(MAX_CACHED_CHOICES)
    asked = (shots, available_bytes(settings), engine, method, threads)
    choice = known.get(asked)
    if choice is None:
        choice = _choose(features, *asked)
        known.put(asked, choice, 1)
    return choice


def _choose(
    features: CircuitFeatures,
    shots: int,
    available: int,
    engine: str,
    method: str | None,
    threads: int,
) -> EngineChoice:
    wanted = [m for m in METHODS if engine in ("auto", m.engine) and method in (None, m.name)]
    able = _able(features, wanted, engine)
    plans = [(m, m.plan(features, shots, threads)) for m in able]
    fitting = [found for found in plans if found[1].bytes <= available]
    # What grows with the state may fit even so: the first of those, a chain before a vector.
    growing = [found for found in plans if found[0].grows]
    if fitting:
        best, plan = min(fitting, key=lambda found: found[1].microseconds)
    elif growing:
        best, plan = growing[0]
    else:
        least = min(plan.bytes for _, plan in plans)
        raise out_of_memory(features.qubits, least, available)
    return EngineChoice(plan, _reason(best, features, engine, method))


def _able(features: CircuitFeatures, wanted: list[Method], engine: str) -> list[Method]:
    installed = [m for m in wanted if engine_version(m.engine) is not None]
    if not installed:
        raise ResourceError(
            FailureCode.ENGINE_UNAVAILABLE, f"the engine {engine!r} is not installed here"
        )
    lacks = {m: m.lacks(features) for m in installed}
    able = [m for m, why in lacks.items() if why is None]
    if not able:
        first = installed[0]
        raise ResourceError(
            FailureCode.ENGINE_UNSUITABLE,
            f"{first.engine} ({first.name}) cannot run this program: {lacks[first]}. "
            "Leave `engine` and `method` out to have one chosen",
        )
    return able


def _reason(best: Method, features: CircuitFeatures, engine: str, method: str | None) -> str:
    if engine != "auto" or method is not None:
        return "it was asked for"
    if features.circuit and features.clbit_map.is_constant:
        return "nothing that its result shows is uncertain"
    if features.circuit is None:
        return "the program acts on what it measures: shots of equal outcomes run together"
    qubits = f"{features.qubits:,} qubit" + "s" * (features.qubits != 1)
    return best.why.format(qubits=qubits)
