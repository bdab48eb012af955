"""Table of methods: the programs that each can run, its cost, and its memory."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Generic, NamedTuple

from quantumtask.engines.selection.circuit_features import CircuitFeatures, NoisyCircuitFeatures
from quantumtask.engines.selection.cost_model import (
    CostFunction,
    F_contra,
    aer_mps_cost,
    aer_noisy_density_matrix_cost,
    aer_noisy_mps_cost,
    aer_noisy_stabilizer_cost,
    aer_noisy_statevector_cost,
    aer_stabilizer_cost,
    aer_statevector_cost,
    density_matrix_branching_cost,
    lightning_cost,
    stabilizer_branching_cost,
    stabilizer_trajectory_cost,
    statevector_branching_cost,
    statevector_trajectory_cost,
    stim_cost,
)
from quantumtask.engines.selection.memory_model import (
    DENSITY_MATRIX_COPIES,
    STATEVECTOR_COPIES,
    DensityMatrixMemory,
    MemoryModel,
    MpsMemory,
    NegligibleMemory,
    StabilizerMemory,
    StatevectorMemory,
    TrajectoryMemory,
)
from quantumtask.version import __version__

AER, LIGHTNING, OWN, STIM = "aer", "lightning", "quantumtask", "stim"

DENSITY_MATRIX, STATEVECTOR, STABILIZER = "density_matrix", "statevector", "stabilizer"
MPS = "matrix_product_state"

SINGLE, DOUBLE, EXACT = "single", "double", "exact"

SINGLE_PRECISION_MIN_QUBITS = 18
"""Smallest number of qubits for which single precision is faster."""

SINGLE_PRECISION_MAX_GATES = 100_000
"""Largest number of gates for single precision.

Rounding adds an error of 1e-7 for each gate, which grows with the square root of their number: up
to this many gates, a million shots cannot show it.
"""


class RunPlan(NamedTuple):
    """A way to run a program, with its predicted time and memory."""

    engine: str
    method: str
    precision: str
    microseconds: float
    bytes: int


Rule = Callable[[F_contra], str | None]
"""Returns why a method cannot run a program; None if it can."""


@dataclass(frozen=True)
class Method(Generic[F_contra]):
    """One way to run programs: a row of the table.

    Attributes:
        programs: The programs that the method can run, as `GET /engines` lists them.
        unsupported: Why the method cannot run a program.
        cost: The time in microseconds.
        memory: The memory of the state.
        reason: Why the method is selected, as a result states it; `{qubits}` is replaced.
        adaptive_memory: The state takes only the memory that it needs, which may be less than
            predicted; the simulator raises an error if it runs out of memory.
        noisy: The method simulates noise.
    """

    engine: str
    name: str
    precision: str
    programs: str
    unsupported: Rule[F_contra]
    cost: CostFunction[F_contra]
    memory: MemoryModel[F_contra]
    reason: str
    adaptive_memory: bool = False
    noisy: bool = False

    def plan(self, features: F_contra, shots: int, threads: int = 1) -> RunPlan:
        """Return the plan of a run, with its predicted time and memory."""
        return RunPlan(
            self.engine,
            self.name,
            self.precision,
            self.cost(features, shots, threads),
            self.memory.predict_bytes(features),
        )


IdealMethod = Method[CircuitFeatures]
NoisyMethod = Method[NoisyCircuitFeatures]


def _dynamic(features: CircuitFeatures) -> str | None:
    return None if features.circuit else "the program depends on measurement outcomes"


def _measured_before_the_end(features: CircuitFeatures) -> str | None:
    if features.terminal_measurements_only or not features.circuit:
        return _dynamic(features)
    return "it uses qubits after they are measured or reset"


def _unsuited_to_single_precision(features: CircuitFeatures) -> str | None:
    if features.terminal_measurements_only:
        if features.qubits < SINGLE_PRECISION_MIN_QUBITS:
            return f"single precision needs at least {SINGLE_PRECISION_MIN_QUBITS} qubits"
        if features.gates > SINGLE_PRECISION_MAX_GATES:
            return f"single precision allows at most {SINGLE_PRECISION_MAX_GATES:,} gates"
    return _measured_before_the_end(features)


def _not_clifford(features: CircuitFeatures) -> str | None:
    return _dynamic(features) or (
        None if features.clifford else "it has gates that are not Clifford"
    )


def _not_named_clifford(features: CircuitFeatures) -> str | None:
    matrix = None if features.only_named_gates else "it has a gate given by its matrix"
    return _not_clifford(features) or matrix


def _surely_not_clifford(features: CircuitFeatures) -> str | None:
    """Return None also for a program whose gates depend on outcomes: the run checks them."""
    return None if features.all_clifford else "it has gates that are not Clifford"


def _nothing(_: Any) -> str | None:
    return None


def _noisy_measured_before_the_end(features: NoisyCircuitFeatures) -> str | None:
    terminal = features.terminal_measurements_only
    return None if terminal else "it uses qubits after they are measured or reset"


def _noisy_not_clifford(features: NoisyCircuitFeatures) -> str | None:
    return None if features.clifford else "its gates or its noise are not Clifford"


IDEAL_METHODS: tuple[IdealMethod, ...] = (
    Method(
        LIGHTNING, STATEVECTOR, DOUBLE, "circuits that measure at their end",
        _measured_before_the_end, lightning_cost(False), StatevectorMemory(16, 16),
        "the fastest state vector for {qubits}",
    ),
    Method(
        LIGHTNING, STATEVECTOR, SINGLE, "the same with many qubits",
        _unsuited_to_single_precision, lightning_cost(True), StatevectorMemory(8, 12),
        "the fastest state vector for {qubits}; single precision",
    ),
    Method(
        STIM, STABILIZER, EXACT, "Clifford circuits, measured anywhere",
        _not_clifford, stim_cost, StabilizerMemory(),
        "a Clifford circuit: {qubits} as a stabilizer state",
    ),
    Method(
        AER, STATEVECTOR, DOUBLE, "circuits without feed-forward",
        _dynamic, aer_statevector_cost, StatevectorMemory(16),
        "the state vector for {qubits} that needs least memory",
    ),
    Method(
        AER, STABILIZER, EXACT, "Clifford circuits of named gates",
        _not_named_clifford, aer_stabilizer_cost, StabilizerMemory(),
        "a Clifford circuit: {qubits} as a stabilizer state",
    ),
    Method(
        AER, MPS, DOUBLE, "many qubits with little entanglement",
        _measured_before_the_end, aer_mps_cost, MpsMemory(),
        "{qubits} with little entanglement as a matrix product state", adaptive_memory=True,
    ),
    Method(
        OWN, STATEVECTOR, DOUBLE, "any program",
        _nothing, statevector_branching_cost, StatevectorMemory(32),
        "it uses qubits after measuring: shots of equal outcomes run together",
        adaptive_memory=True,
    ),
    Method(
        OWN, STABILIZER, EXACT, "any program of Clifford gates",
        _surely_not_clifford, stabilizer_branching_cost, StabilizerMemory(),
        "a Clifford circuit: {qubits} as a stabilizer state",
    ),
)  # fmt: skip
"""The methods without noise. The first adaptive one is the fallback if no state fits."""

NOISY_METHODS: tuple[NoisyMethod, ...] = (
    Method(
        AER, DENSITY_MATRIX, DOUBLE, "circuits, with noise or without",
        _noisy_measured_before_the_end, aer_noisy_density_matrix_cost, DensityMatrixMemory(),
        "in a density matrix", noisy=True,
    ),
    Method(
        AER, STATEVECTOR, DOUBLE, "circuits with noise",
        _nothing, aer_noisy_statevector_cost, TrajectoryMemory(copies=1),
        "shot by shot in a state vector", noisy=True,
    ),
    Method(
        AER, STABILIZER, DOUBLE, "Clifford circuits with Clifford noise",
        _noisy_not_clifford, aer_noisy_stabilizer_cost, NegligibleMemory(),
        "shot by shot in a stabilizer state", noisy=True,
    ),
    Method(
        AER, MPS, DOUBLE, "circuits with noise and little entanglement",
        _nothing, aer_noisy_mps_cost, NegligibleMemory(),
        "shot by shot in a matrix product state", noisy=True,
    ),
    Method(
        OWN, DENSITY_MATRIX, DOUBLE, "any program, with noise or without",
        _nothing, density_matrix_branching_cost, DensityMatrixMemory(DENSITY_MATRIX_COPIES),
        "in a density matrix: shots of equal outcomes run together", noisy=True,
    ),
    Method(
        OWN, STATEVECTOR, DOUBLE, "any program with noise",
        _nothing, statevector_trajectory_cost, TrajectoryMemory(STATEVECTOR_COPIES),
        "shot by shot in a state vector", noisy=True,
    ),
    Method(
        OWN, STABILIZER, DOUBLE, "any program of Clifford gates with Clifford noise",
        _noisy_not_clifford, stabilizer_trajectory_cost, NegligibleMemory(),
        "shot by shot in a stabilizer state", noisy=True,
    ),
)  # fmt: skip
"""The methods with noise: Aer for circuits whose shots are all alike, our engine for all."""

METHODS: tuple[Method[Any], ...] = (*IDEAL_METHODS, *NOISY_METHODS)
"""All ways to run a program."""

ENGINE_PACKAGES = {LIGHTNING: "pennylane-lightning", STIM: "stim", AER: "qiskit-aer", OWN: ""}
"""The package of each engine; our own engine needs none."""


@cache
def engine_version(engine: str) -> str | None:
    """Return the version of an installed engine; None if its package is not installed."""
    try:
        package = ENGINE_PACKAGES[engine]
        return version(package) if package else __version__
    except PackageNotFoundError:
        return None
