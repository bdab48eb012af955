"""Which engine runs a program: those that give its distribution exactly, and what each would cost.

The costs are microseconds on the machine that they were measured on;
`benchmarks/engines/estimates.py` prints how well they predict.
Another machine is faster or slower at all of them, so a choice is the same everywhere: `estimate`
alone looks at how fast this one is.
"""

from typing import NamedTuple
from weakref import WeakKeyDictionary

from quantumtask.engines.limits import available_bytes, out_of_memory
from quantumtask.engines.selection.circuit_features import Profile
from quantumtask.engines.selection.methods import METHODS, Method, Plan, version
from quantumtask.openqasm.lru_cache import Remembered
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings


class Choice(NamedTuple):
    """A plan, and why it was chosen, in one sentence."""

    plan: Plan
    reason: str


MOST_REMEMBERED = 16
"""Choices that are remembered for one program."""

_choices: WeakKeyDictionary[Profile, Remembered[Choice]] = WeakKeyDictionary()


def choose(
    profile: Profile,
    shots: int,
    settings: Settings,
    *,
    engine: str = "auto",
    method: str | None = None,
    threads: int = 1,
) -> Choice:
    """The fastest way to run a program, among those of this engine and method where they are asked.

    It is remembered with the profile. Raises ResourceError where there is none:
    `engine_unsuitable`, `engine_unavailable` (it is not installed), or `out_of_memory`, with what
    is needed and what there is.
    """
    known = _choices.get(profile)
    if known is None:
        known = _choices[profile] = Remembered(MOST_REMEMBERED)
    asked = (shots, available_bytes(settings), engine, method, threads)
    choice = known.get(asked)
    if choice is None:
        choice = _choose(profile, *asked)
        known.put(asked, choice, 1)
    return choice


def _choose(
    profile: Profile, shots: int, available: int, engine: str, method: str | None, threads: int
) -> Choice:
    wanted = [m for m in METHODS if engine in ("auto", m.engine) and method in (None, m.name)]
    able = _able(profile, wanted, engine)
    plans = [(m, m.plan(profile, shots, threads)) for m in able]
    fitting = [found for found in plans if found[1].bytes <= available]
    # What grows with the state may fit even so: the first of those, a chain before a vector.
    growing = [found for found in plans if found[0].grows]
    if fitting:
        best, plan = min(fitting, key=lambda found: found[1].microseconds)
    elif growing:
        best, plan = growing[0]
    else:
        least = min(plan.bytes for _, plan in plans)
        raise out_of_memory(profile.qubits, least, available)
    return Choice(plan, _reason(best, profile, engine, method))


def _able(profile: Profile, wanted: list[Method], engine: str) -> list[Method]:
    installed = [m for m in wanted if version(m.engine) is not None]
    if not installed:
        raise ResourceError("engine_unavailable", f"the engine {engine!r} is not installed here")
    lacks = {m: m.lacks(profile) for m in installed}
    able = [m for m, why in lacks.items() if why is None]
    if not able:
        first = installed[0]
        raise ResourceError(
            "engine_unsuitable",
            f"{first.engine} ({first.name}) cannot run this program: {lacks[first]}. "
            "Leave `engine` and `method` out to have one chosen",
        )
    return able


def _reason(best: Method, profile: Profile, engine: str, method: str | None) -> str:
    if engine != "auto" or method is not None:
        return "it was asked for"
    if profile.circuit and profile.readout.is_fixed:
        return "nothing that its result shows is uncertain"
    if profile.circuit is None:
        return "the program acts on what it measures: shots of equal outcomes run together"
    qubits = f"{profile.qubits:,} qubit" + "s" * (profile.qubits != 1)
    return best.why.format(qubits=qubits)
