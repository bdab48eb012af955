"""Which engine runs a program: those that give its distribution exactly, and what each would cost.

The costs are microseconds on the machine that they were measured on;
`benchmarks/engines/estimates.py` prints how well they predict.
Another machine is faster or slower at all of them, so a choice is the same everywhere: `estimate`
alone looks at how fast this one is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from typing import NamedTuple
from weakref import WeakKeyDictionary

from quantumtask.engines.fusing import FUSED_FROM
from quantumtask.engines.limits import available_bytes, out_of_memory
from quantumtask.engines.profile import Profile
from quantumtask.openqasm.remembered import Remembered
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.version import __version__

MOST_QUBITS = 200
"""A state of more amplitudes than this fits nowhere: sizes are told as if it had these."""

SINGLE_FROM = 18
SINGLE_GATES = 100_000
"""Qubits from which single precision is worth it, and gates up to which its rounding, some 1e-7
a gate that grows with their root, stays far below what a million shots could tell."""

IN_CACHE = 16
"""Measured qubits up to which drawing a shot does not wait for memory."""

Lacks = Callable[[Profile], str | None]
Microseconds = Callable[[Profile, int, int], float]


class Plan(NamedTuple):
    """How a program would run: `microseconds` and `bytes` of memory are predicted."""

    engine: str
    method: str
    precision: str
    microseconds: float
    bytes: int


@dataclass(frozen=True)
class Method:
    """One way to run programs.

    `lacks` says why a program can't be run so, or None. `cost` is of a profile, shots and threads.
    `amplitude`: bytes for each amplitude of the state, with all copies of it; `shown`: for each
    outcome of what the result shows, likewise. `grows`: it takes only what the state needs, however
    many qubits there are, and tells when that is too much.
    """

    engine: str
    name: str
    precision: str
    runs: str
    lacks: Lacks
    cost: Microseconds
    why: str
    amplitude: int = 0
    shown: int = 0
    grows: bool = False

    def plan(self, profile: Profile, shots: int, threads: int) -> Plan:
        return Plan(
            self.engine,
            self.name,
            self.precision,
            self.cost(profile, shots, threads),
            self._bytes(profile),
        )

    def most_qubits(self, settings: Settings) -> int | None:
        """How many fit a slot, all of them measured; None: it has no amplitude for each value."""
        each = self.amplitude + self.shown
        return (available_bytes(settings) // each).bit_length() - 1 if each else None

    def _bytes(self, profile: Profile) -> int:
        qubits = profile.qubits
        if self.name == "matrix_product_state":
            return 200 * qubits << 2 * min(profile.entanglement, MOST_QUBITS)
        if self.name == "stabilizer":
            return qubits * qubits // 2 + 200 * profile.gates
        state = self.amplitude << min(qubits, MOST_QUBITS)
        return state + (self.shown << min(profile.shown, MOST_QUBITS))


def _dynamic(profile: Profile) -> str | None:
    return None if profile.circuit else "what the program does depends on what it measures"


def _early(profile: Profile) -> str | None:
    if profile.final or not profile.circuit:
        return _dynamic(profile)
    return "it goes on with qubits after measuring or resetting them"


def _few(profile: Profile) -> str | None:
    if profile.final and profile.qubits < SINGLE_FROM:
        return f"single precision is for {SINGLE_FROM} qubits and more"
    if profile.final and profile.gates > SINGLE_GATES:
        return f"it has more than {SINGLE_GATES:,} gates, too many for single precision"
    return _early(profile)


def _clifford(profile: Profile) -> str | None:
    return _dynamic(profile) or (None if profile.clifford else "it has gates that are not Clifford")


def _stabilizers_of_aer(profile: Profile) -> str | None:
    return _clifford(profile) or (None if profile.named else "it has a gate given by its matrix")


def _perhaps_clifford(profile: Profile) -> str | None:
    """Where it depends on what is measured which gates there are, that is seen under way."""
    return None if profile.all_clifford else "it has gates that are not Clifford"


def _anything(_: Profile) -> str | None:
    return None


def _amplitudes(profile: Profile) -> float:
    return 2.0 ** min(profile.qubits, MOST_QUBITS)


def _drawing(profile: Profile, shots: int) -> float:
    outcomes = 2.0 ** min(profile.shown, MOST_QUBITS)
    shown = min(profile.shown, 30)
    shot = 0.01 * (1 + shown) * (2 if shown > IN_CACHE else 1)
    # One lot for each value, or one for each shot: see `Distribution.count`.
    lots = min(0.07 * 2.0 ** min(profile.spread, MOST_QUBITS), shot * shots)
    each = 0.4 + 0.01 * shown
    return lots + 0.006 * outcomes + each * _different(profile, shots)


def _different(profile: Profile, shots: int) -> float:
    """About how many values the shots have."""
    return min(float(shots), 2.0 ** min(profile.spread, MOST_QUBITS))


def _by_lightning(single: bool) -> Microseconds:
    each, from_there, slower = (2.0e-4, 19, 0.35) if single else (2.7e-4, 18, 0.3)

    def cost(profile: Profile, shots: int, _: int) -> float:
        qubits = profile.qubits
        passes = profile.fused if qubits >= FUSED_FROM else profile.passes
        out_of_cache = 1 + slower * max(0, min(qubits, 23) - from_there)
        gates = profile.gates * (4.0 if qubits >= FUSED_FROM else 1.1)
        work = passes * _amplitudes(profile) * each * out_of_cache
        return 190 + gates + work + _drawing(profile, shots)

    return cost


def _by_aer_vector(profile: Profile, shots: int, threads: int) -> float:
    passes = profile.passes * _amplitudes(profile) / (threads if profile.qubits >= 14 else 1)
    if not profile.final:
        return 1000 + shots * (50 + 0.5 * profile.gates + 0.01 * passes)
    drawing = _drawing(profile, shots) if profile.shown <= 12 else 3 * shots
    return 1100 + 20 * profile.gates + 1.4e-3 * passes + drawing


def _by_aer_stabilizer(profile: Profile, shots: int, _: int) -> float:
    if profile.final:
        drawing = shots * (0.6 + 0.012 * profile.shown**2)
        return 1300 + (57 + 0.6 * profile.qubits) * profile.gates + drawing
    return 1300 + shots * (35 + profile.gates * (0.045 + 3.6e-3 * profile.qubits))


def _by_aer_chain(profile: Profile, shots: int, _: int) -> float:
    bond = 2.0 ** min(profile.entanglement, MOST_QUBITS)
    drawing = shots * (0.5 + profile.qubits * 4e-4 * bond**2)
    return 2000 + profile.gates * (100 + 5e-4 * bond**3) + drawing


def _by_stim(profile: Profile, shots: int, _: int) -> float:
    each = 2.8 + 0.008 * profile.shown
    drawing = shots * (0.1 + 1.7e-3 * profile.shown) + each * _different(profile, shots)
    return 140 + 1.8 * profile.gates + drawing


def _leaves(profile: Profile, shots: int) -> int:
    return min(1 << min(profile.forks, 60), shots)


def _by_histories(profile: Profile, shots: int, _: int) -> float:
    leaves = _leaves(profile, shots)
    begin = 230 + 25 * profile.gates if profile.circuit else 200
    # A qubit that is decided leaves the state: half of them, on the average.
    amplitudes = _amplitudes(profile) / 2.0 ** (min(profile.forks, MOST_QUBITS) // 2)
    work = leaves * (3.6 * profile.gates + 1.3e-3 * profile.passes * amplitudes)
    return begin + work + 0.3 * shots + 4.4 * _different(profile, shots)


def _by_stabilizer_histories(profile: Profile, shots: int, _: int) -> float:
    leaves = _leaves(profile, shots)
    begin = 190 + 32 * profile.gates if profile.circuit else 150
    drawing = shots * (0.17 + 0.0125 * profile.shown)
    drawing += (0.9 + 0.3 * profile.shown) * _different(profile, shots)
    return begin + leaves * profile.gates * (0.4 + 0.01 * profile.qubits) + drawing


LIBRARIES = {
    "lightning": "pennylane-lightning", "stim": "stim", "aer": "qiskit-aer", "quantumtask": "",
}  # fmt: skip
"""The package behind each engine; none behind our own."""

METHODS = (
    Method(
        "lightning", "statevector", "double", "circuits that measure at their end", _early,
        _by_lightning(False), "the fastest state vector for {qubits}", 16, 16,
    ),
    Method(
        "lightning", "statevector", "single", "the same with many qubits", _few,
        _by_lightning(True), "the fastest state vector for {qubits}; single precision", 8, 12,
    ),
    Method(
        "stim", "stabilizer", "exact", "Clifford circuits, measured anywhere", _clifford, _by_stim,
        "a Clifford circuit: {qubits} as a stabilizer state",
    ),
    Method(
        "aer", "statevector", "double", "circuits without feed-forward", _dynamic,
        _by_aer_vector, "the state vector for {qubits} that needs least memory", 16,
    ),
    Method(
        "aer", "stabilizer", "exact", "Clifford circuits of named gates", _stabilizers_of_aer,
        _by_aer_stabilizer, "a Clifford circuit: {qubits} as a stabilizer state",
    ),
    Method(
        "aer", "matrix_product_state", "double", "many qubits with little entanglement", _early,
        _by_aer_chain, "{qubits} with so little entanglement fit a chain of matrices", grows=True,
    ),
    Method(
        "quantumtask", "statevector", "double", "any program", _anything, _by_histories,
        "it goes on after measuring: shots of equal outcomes run together", 32, grows=True,
    ),
    Method(
        "quantumtask", "stabilizer", "exact", "any program of Clifford gates",
        _perhaps_clifford, _by_stabilizer_histories,
        "a Clifford circuit: {qubits} as a stabilizer state",
    ),
)  # fmt: skip
"""Every way to run a program."""


@cache
def version(engine: str) -> str | None:
    """The version of an engine that is installed; None: it is not."""
    try:
        return version_of(LIBRARIES[engine]) if LIBRARIES[engine] else __version__
    except PackageNotFoundError:
        return None


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
