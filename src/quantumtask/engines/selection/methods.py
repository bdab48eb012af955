"""Table of methods: the programs that each can run, its cost, and its memory."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Generic, NamedTuple

from quantumtask.engines.selection.circuit_features import CircuitFeatures, NoisyCircuitFeatures
from quantumtask.engines.selection.cost_model import (
    ONE_THREAD,
    CostFunction,
    F_contra,
    Scaling,
    aer_mps_cost,
    aer_noisy_density_matrix_cost,
    aer_noisy_mps_cost,
    aer_noisy_stabilizer_cost,
    aer_noisy_statevector_cost,
    aer_stabilizer_cost,
    aer_statevector_cost,
    density_matrix_branching_cost,
    lightning_cost,
    qsim_cost,
    stabilizer_branching_cost,
    stabilizer_trajectory_cost,
    statevector_branching_cost,
    statevector_trajectory_cost,
    stim_cost,
    stim_noisy_cost,
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
from quantumtask.shared.approximation import MATRIX_PRODUCT_STATE as MPS
from quantumtask.shared.approximation import PAULI_PROPAGATION
from quantumtask.version import __version__

AER, LIGHTNING, OWN, QSIM, STIM = "aer", "lightning", "quantumtask", "qsim", "stim"
PAULI_PROP = "pauli_prop"

DENSITY_MATRIX, STATEVECTOR, STABILIZER = "density_matrix", "statevector", "stabilizer"

SINGLE, DOUBLE, EXACT = "single", "double", "exact"

SINGLE_PRECISION_MIN_QUBITS = 15
"""Smallest number of qubits for which single precision is chosen.

With fewer, qsim is seldom faster, and the counts of a seed are those of double precision, which all
platforms have.
"""

SINGLE_PRECISION_MAX_GATES = 100_000
"""Largest number of gates for single precision.

Rounding adds an error of 1e-7 for each gate, which grows with the square root of their number: up
to this many gates, a million shots cannot show it.
"""

QSIM_MAX_QUBITS = 4
"""Largest number of qubits of a gate given by its matrix, without its controls, for qsim."""


class RunPlan(NamedTuple):
    """A way to run a program, with its threads and its predicted time and memory."""

    engine: str
    method: str
    precision: str
    microseconds: float
    bytes: int
    threads: int = 1


Rule = Callable[[F_contra], str | None]
"""Returns why a method cannot run a program; None if it can."""


def _nothing(_: Any) -> str | None:
    return None


@dataclass(frozen=True)
class Method(Generic[F_contra]):
    """One way to run programs: a row of the table.

    Attributes:
        programs: The programs that the method can run, as `GET /engines` lists them.
        unsupported: Why the method cannot run a program.
        cost: The time in microseconds.
        memory: The memory of the state.
        reason: Why the method is selected, as a result states it; `{qubits}` is replaced.
        unselected: Why the method is not selected for a program that it can run.
        scaling: How much faster the method is with several threads.
        adaptive_memory: The state takes only the memory that it needs, which may be less than
            predicted; the simulator raises an error if it runs out of memory.
        noisy: The method simulates noise.
        start_us: Lower bound of the cost of any program, in microseconds.
    """

    engine: str
    name: str
    precision: str
    programs: str
    unsupported: Rule[F_contra]
    cost: CostFunction[F_contra]
    memory: MemoryModel[F_contra]
    reason: str
    unselected: Rule[F_contra] = _nothing
    adaptive_memory: bool = False
    noisy: bool = False
    scaling: Scaling = ONE_THREAD
    start_us: float = 0.0

    def plan(self, features: F_contra, shots: int, threads: int = 1) -> RunPlan:
        """Return the plan of a run on at most so many threads."""
        speedup = self.scaling.speedup(features, threads)
        return RunPlan(
            self.engine,
            self.name,
            self.precision,
            self.cost(features, shots, speedup),
            self.memory.predict_bytes(features),
            threads if speedup > 1 else 1,
        )


IdealMethod = Method[CircuitFeatures]
NoisyMethod = Method[NoisyCircuitFeatures]


def _dynamic(features: CircuitFeatures) -> str | None:
    return None if features.circuit else "the program depends on measurement outcomes"


def _measured_before_the_end(features: CircuitFeatures) -> str | None:
    if features.terminal_measurements_only or not features.circuit:
        return _dynamic(features)
    return "it uses qubits after they are measured or reset"


def _too_small_for_single_precision(features: CircuitFeatures) -> str | None:
    if features.qubits < SINGLE_PRECISION_MIN_QUBITS:
        return f"single precision needs at least {SINGLE_PRECISION_MIN_QUBITS} qubits"
    return None


def _too_long_for_single_precision(features: CircuitFeatures) -> str | None:
    if features.terminal_measurements_only and features.gates > SINGLE_PRECISION_MAX_GATES:
        return f"single precision allows at most {SINGLE_PRECISION_MAX_GATES:,} gates"
    return _measured_before_the_end(features)


def _unsuited_to_single_precision(features: CircuitFeatures) -> str | None:
    if features.terminal_measurements_only:
        return _too_small_for_single_precision(features) or _too_long_for_single_precision(features)
    return _measured_before_the_end(features)


def _unsuited_to_qsim(features: CircuitFeatures) -> str | None:
    if any(isinstance(gate, int) and gate > QSIM_MAX_QUBITS for gate, _ in features.gate_counts):
        return f"it has a gate given by its matrix on more than {QSIM_MAX_QUBITS} qubits"
    return _too_long_for_single_precision(features)


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


def _noisy_measured_before_the_end(features: NoisyCircuitFeatures) -> str | None:
    terminal = features.terminal_measurements_only
    return None if terminal else "it uses qubits after they are measured or reset"


def _not_pauli(features: NoisyCircuitFeatures) -> str | None:
    if features.dynamic:
        return "its gates depend on measurement outcomes"
    if not features.clifford_gates:
        return "it has gates that are not Clifford"
    return None if features.pauli_errors else "it has errors that are not Pauli operators"


def _noisy_not_clifford(features: NoisyCircuitFeatures) -> str | None:
    return None if features.clifford else "its gates or its noise are not Clifford"


IDEAL_METHODS: tuple[IdealMethod, ...] = (
    Method(
        LIGHTNING, STATEVECTOR, DOUBLE, "circuits that measure at their end",
        _measured_before_the_end, lightning_cost(False), StatevectorMemory(16, 16),
        "the fastest state vector for {qubits}", start_us=240,
    ),
    Method(
        LIGHTNING, STATEVECTOR, SINGLE, "the same with many qubits",
        _unsuited_to_single_precision, lightning_cost(True), StatevectorMemory(8, 12),
        "the fastest state vector for {qubits}; single precision", start_us=240,
    ),
    Method(
        QSIM, STATEVECTOR, SINGLE, "circuits that measure at their end",
        _unsuited_to_qsim, qsim_cost, StatevectorMemory(8, 8),
        "the fastest state vector for {qubits}; single precision",
        unselected=_too_small_for_single_precision, scaling=Scaling(0.95, min_qubits=14),
        start_us=210,
    ),
    Method(
        STIM, STABILIZER, EXACT, "Clifford circuits, measured anywhere; also with Pauli noise",
        _not_clifford, stim_cost, StabilizerMemory(),
        "a Clifford circuit: {qubits} as a stabilizer state", start_us=310,
    ),
    Method(
        AER, STATEVECTOR, DOUBLE, "circuits without feed-forward",
        _dynamic, aer_statevector_cost, StatevectorMemory(16),
        "the state vector for {qubits} that needs least memory",
        scaling=Scaling(0.95, min_qubits=15), start_us=1000,
    ),
    Method(
        AER, STABILIZER, EXACT, "Clifford circuits of named gates",
        _not_named_clifford, aer_stabilizer_cost, StabilizerMemory(),
        "a Clifford circuit: {qubits} as a stabilizer state", start_us=1300,
    ),
    Method(
        AER, MPS, DOUBLE, "many qubits with little entanglement",
        _measured_before_the_end, aer_mps_cost, MpsMemory(),
        "{qubits} with little entanglement as a matrix product state", adaptive_memory=True,
        start_us=1200,
    ),
    Method(
        OWN, STATEVECTOR, DOUBLE, "any program",
        _nothing, statevector_branching_cost, StatevectorMemory(32),
        "it uses qubits after measuring: shots of equal outcomes run together",
        adaptive_memory=True, start_us=200,
    ),
    Method(
        OWN, STABILIZER, EXACT, "any program of Clifford gates",
        _surely_not_clifford, stabilizer_branching_cost, StabilizerMemory(),
        "a Clifford circuit: {qubits} as a stabilizer state", start_us=400,
    ),
)  # fmt: skip
"""The methods without noise. The first adaptive one is the fallback if no state fits."""

NOISY_METHODS: tuple[NoisyMethod, ...] = (
    Method(
        AER, DENSITY_MATRIX, DOUBLE, "circuits, with noise or without",
        _noisy_measured_before_the_end, aer_noisy_density_matrix_cost, DensityMatrixMemory(),
        "in a density matrix", noisy=True, scaling=Scaling(0.95, min_qubits=8), start_us=13_000,
    ),
    Method(
        AER, STATEVECTOR, DOUBLE, "circuits with noise",
        _nothing, aer_noisy_statevector_cost, TrajectoryMemory(copies=1),
        "shot by shot in a state vector", noisy=True, scaling=Scaling(0.95), start_us=9000,
    ),
    Method(
        AER, STABILIZER, DOUBLE, "Clifford circuits with Clifford noise",
        _noisy_not_clifford, aer_noisy_stabilizer_cost, NegligibleMemory(),
        "shot by shot in a stabilizer state", noisy=True, scaling=Scaling(0.9),
    ),
    Method(
        AER, MPS, DOUBLE, "circuits with noise and little entanglement",
        _nothing, aer_noisy_mps_cost, NegligibleMemory(),
        "shot by shot in a matrix product state", noisy=True, scaling=Scaling(0.95),
        start_us=10_000,
    ),
    Method(
        STIM, STABILIZER, EXACT, "Clifford circuits with Pauli noise",
        _not_pauli, stim_noisy_cost, StabilizerMemory(),
        "as a stabilizer state with random Pauli errors", noisy=True, start_us=300,
    ),
    Method(
        OWN, DENSITY_MATRIX, DOUBLE, "any program, with noise or without",
        _nothing, density_matrix_branching_cost, DensityMatrixMemory(DENSITY_MATRIX_COPIES),
        "in a density matrix: shots of equal outcomes run together", noisy=True, start_us=5000,
    ),
    Method(
        OWN, STATEVECTOR, DOUBLE, "any program with noise",
        _nothing, statevector_trajectory_cost, TrajectoryMemory(STATEVECTOR_COPIES),
        "shot by shot in a state vector", noisy=True, start_us=5000,
    ),
    Method(
        OWN, STABILIZER, DOUBLE, "any program of Clifford gates with Clifford noise",
        _noisy_not_clifford, stabilizer_trajectory_cost, NegligibleMemory(),
        "shot by shot in a stabilizer state", noisy=True, start_us=5000,
    ),
)  # fmt: skip
"""The methods with noise: Aer and Stim for circuits whose shots are all alike, ours for all."""

APPROXIMATE_METHODS: tuple[IdealMethod, ...] = (
    Method(
        OWN, MPS, DOUBLE, "circuits that measure at their end, approximately: with `max_bond` or "
        "`truncation`",
        _measured_before_the_end, aer_mps_cost, MpsMemory(), "", adaptive_memory=True,
    ),
    Method(
        PAULI_PROP, PAULI_PROPAGATION, DOUBLE, "expectation values of circuits, approximately: "
        "with `max_terms` or `min_coefficient`",
        _dynamic, aer_mps_cost, MpsMemory(), "", adaptive_memory=True,
    ),
)  # fmt: skip
"""The approximate methods: a task must name them, and they are never selected.

No cost model predicts them: what they drop decides.
"""

METHODS: tuple[Method[Any], ...] = (*IDEAL_METHODS, *NOISY_METHODS, *APPROXIMATE_METHODS)
"""All ways to run a program."""

ENGINE_PACKAGES = {
    LIGHTNING: "pennylane-lightning", QSIM: "qsimcirq", STIM: "stim", AER: "qiskit-aer", OWN: "",
    PAULI_PROP: "pauli-prop",
}  # fmt: skip
"""The package of each engine; our own engine needs none."""


@cache
def engine_version(engine: str) -> str | None:
    """Return the version of an installed engine; None if its package is not installed."""
    try:
        package = ENGINE_PACKAGES[engine]
        return version(package) if package else __version__
    except PackageNotFoundError:
        return None
