"""Table of methods: the programs that each can run, and the cost of each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from typing import NamedTuple

from quantumtask.engines.limits import available_bytes
from quantumtask.engines.selection.circuit_features import Profile
from quantumtask.engines.selection.cost_model import (
    MOST_QUBITS,
    Microseconds,
    _by_aer_chain,
    _by_aer_stabilizer,
    _by_aer_vector,
    _by_histories,
    _by_lightning,
    _by_stabilizer_histories,
    _by_stim,
)
from quantumtask.shared.settings import Settings
from quantumtask.version import __version__

SINGLE_FROM = 18


SINGLE_GATES = 100_000
"""Qubits from which single precision is worth it, and gates up to which its rounding, some 1e-7
a gate that grows with their root, stays far below what a million shots could tell."""


Lacks = Callable[[Profile], str | None]


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
