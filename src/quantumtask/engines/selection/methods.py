"""Table of methods: the programs that each can run, and the cost of each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from typing import NamedTuple

from quantumtask.engines.limits import available_bytes
from quantumtask.engines.selection.circuit_features import CircuitFeatures
from quantumtask.engines.selection.cost_model import (
    MAX_SIZED_QUBITS,
    CostFunction,
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

SINGLE_PRECISION_MIN_QUBITS = 18


SINGLE_PRECISION_MAX_GATES = 100_000
"""Qubits from which single precision is worth it, and gates up to which its rounding, some 1e-7
a gate that grows with their root, stays far below what a million shots could tell."""


UnsupportedReason = Callable[[CircuitFeatures], str | None]


class RunPlan(NamedTuple):
    """How a program would run: `microseconds` and `bytes` of memory are predicted."""

    engine: str
    method: str
    precision: str
    microseconds: float
    bytes: int


@dataclass(frozen=True)
class Method:
    """One way to run programs.

    `lacks` says why a program can't be run so, or None. `cost` is of a features, shots and threads.
    `amplitude`: bytes for each amplitude of the state, with all copies of it; `shown`: for each
    outcome of what the result shows, likewise. `grows`: it takes only what the state needs, however
    many qubits there are, and tells when that is too much.
    """

    engine: str
    name: str
    precision: str
    runs: str
    lacks: UnsupportedReason
    cost: CostFunction
    why: str
    amplitude: int = 0
    shown: int = 0
    grows: bool = False

    def plan(self, features: CircuitFeatures, shots: int, threads: int) -> RunPlan:
        return RunPlan(
            self.engine,
            self.name,
            self.precision,
            self.cost(features, shots, threads),
            self._bytes(features),
        )

    def most_qubits(self, settings: Settings) -> int | None:
        """How many fit a slot, all of them measured; None: it has no amplitude for each value."""
        each = self.amplitude + self.shown
        return (available_bytes(settings) // each).bit_length() - 1 if each else None

    def _bytes(self, features: CircuitFeatures) -> int:
        qubits = features.qubits
        if self.name == "matrix_product_state":
            return 200 * qubits << 2 * min(features.entanglement, MAX_SIZED_QUBITS)
        if self.name == "stabilizer":
            return qubits * qubits // 2 + 200 * features.gates
        state = self.amplitude << min(qubits, MAX_SIZED_QUBITS)
        return state + (self.shown << min(features.measured_qubits, MAX_SIZED_QUBITS))


def _dynamic(features: CircuitFeatures) -> str | None:
    return None if features.circuit else "what the program does depends on what it measures"


def _early(features: CircuitFeatures) -> str | None:
    if features.terminal_measurements_only or not features.circuit:
        return _dynamic(features)
    return "it goes on with qubits after measuring or resetting them"


def _few(features: CircuitFeatures) -> str | None:
    if features.terminal_measurements_only and features.qubits < SINGLE_PRECISION_MIN_QUBITS:
        return f"single precision is for {SINGLE_PRECISION_MIN_QUBITS} qubits and more"
    if features.terminal_measurements_only and features.gates > SINGLE_PRECISION_MAX_GATES:
        return (
            f"it has more than {SINGLE_PRECISION_MAX_GATES:,} gates, too many for single precision"
        )
    return _early(features)


def _clifford(features: CircuitFeatures) -> str | None:
    return _dynamic(features) or (
        None if features.clifford else "it has gates that are not Clifford"
    )


def _stabilizers_of_aer(features: CircuitFeatures) -> str | None:
    return _clifford(features) or (
        None if features.only_named_gates else "it has a gate given by its matrix"
    )


def _perhaps_clifford(features: CircuitFeatures) -> str | None:
    """Where it depends on what is measured which gates there are, that is seen under way."""
    return None if features.all_clifford else "it has gates that are not Clifford"


def _anything(_: CircuitFeatures) -> str | None:
    return None


ENGINE_PACKAGES = {
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
def engine_version(engine: str) -> str | None:
    """The version of an engine that is installed; None: it is not."""
    try:
        return version_of(ENGINE_PACKAGES[engine]) if ENGINE_PACKAGES[engine] else __version__
    except PackageNotFoundError:
        return None
