"""Qiskit Aer, the reference engine, for circuits whose shots all run the same steps."""

from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction
from qiskit.transpiler import PassManager
from qiskit_aer import AerSimulator
from qiskit_aer.library import SetMatrixProductState, SetStatevector

from quantumtask.engines.limits import available_bytes
from quantumtask.engines.qiskit.circuits import build_circuit
from quantumtask.engines.qiskit.transpiler import build_pass_manager
from quantumtask.engines.sampling.shot_counts import ShotOrder
from quantumtask.engines.selection.methods import RunPlan
from quantumtask.engines.simulators import exact_sampling
from quantumtask.engines.simulators.mps import evolution
from quantumtask.engines.simulators.mps.routing import LinearRouting, PlacedGate
from quantumtask.engines.simulators.mps.sampling import MpsState, add_shots
from quantumtask.engines.simulators.native.kernels import ComplexArray
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.openqasm.program.operations import BASIC_GATES, Operation
from quantumtask.openqasm.program.program import Circuit
from quantumtask.shared.errors import ResourceError, TaskError
from quantumtask.shared.settings import MIB, Settings
from quantumtask.shared.task import FailureCode

MAX_EXACT_QUBITS = 12
"""Measured qubits up to which shots are drawn from exact probabilities.

Aer needs more time to draw a thousand shots of a small circuit than to compute its state.
"""

NO_LIMIT_MB = 1 << 30
"""Memory limit of Aer for a matrix product state; `WorkBudget` has the limit that counts."""


def run(sampling: SamplingRun, plan: RunPlan) -> ShotOrder | None:
    """Sample a circuit; see `Engine.run`."""
    if plan.method == "matrix_product_state":
        return _sample_mps(sampling)
    circuit = sampling.circuit
    is_small = (
        circuit.terminal_measurements_only and len(sampling.clbit_map.qubits) <= MAX_EXACT_QUBITS
    )
    if is_small and plan.method == "statevector":
        compute = partial(
            probabilities,
            method=plan.method, threads=sampling.threads, settings=sampling.settings,
        )  # fmt: skip
        return exact_sampling.sample(sampling, plan, compute)
    return _sample_counts(sampling, plan.method)


def probabilities(
    circuit: Circuit, qubits: tuple[int, ...], *, method: str, threads: int, settings: Settings
) -> NDArray[np.float64]:
    """Return the probabilities of all values of some qubits; see `Probabilities`."""
    position = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
    aer_circuit = _translate(build_circuit(circuit.steps, circuit.active_qubits, {}))
    aer_circuit.save_probabilities([position[qubit] for qubit in qubits])
    data = simulate(aer_circuit, threads, settings, method=method, shots=1)
    return np.array(data["probabilities"])


def _sample_mps(sampling: SamplingRun) -> ShotOrder | None:
    """Sample a matrix product state.

    Its memory grows with the entanglement only, so the budget is checked while the state evolves.
    """
    circuit, settings = sampling.circuit, sampling.settings
    qubits = len(circuit.active_qubits)
    budget = evolution.WorkBudget(qubits, available_bytes(settings))
    routing = LinearRouting(_gates_to_route(circuit), qubits)
    evolve_segment = partial(evolve_mps, qubits=qubits, threads=sampling.threads, settings=settings)
    with sampling.progress.part(0, 2):
        gates = routing.routed_gates(sampling.progress)
        state = evolution.evolve(gates, qubits, budget, evolve_segment)
    position = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
    site_of_position = routing.sites
    sites = [site_of_position[position[qubit]] for qubit in sampling.clbit_map.qubits]
    with sampling.progress.part(1, 2):
        return add_shots(sampling, state, sites, budget.spend_sampling)


def _sample_counts(sampling: SamplingRun, method: str) -> ShotOrder | None:
    """Sample with Aer's own sampler."""
    circuit, clbit_map = sampling.circuit, sampling.clbit_map
    aer_circuit = build_circuit(circuit.steps, circuit.active_qubits, clbit_map.clbits)
    data = simulate(
        _translate(aer_circuit, method), sampling.threads, sampling.settings, method=method,
        shots=sampling.shots, seed_simulator=sampling.seed, memory=sampling.needs_order,
    )  # fmt: skip
    indices = {
        text: sampling.add(clbit_map.from_bits(int(text, 16)), shots)
        for text, shots in data["counts"].items()
    }
    if not sampling.needs_order:
        return None
    return np.array([indices[text] for text in data["memory"]], dtype=np.intp)


def evolve(
    vector: ComplexArray, operations: list[Operation], *, threads: int, settings: Settings
) -> ComplexArray:
    """Return a state vector after operations; takes about five times the memory of the vector.

    Args:
        vector: 2**n amplitudes; bit k of an index is qubit k.
        operations: Operations on the qubits 0 to n - 1.
        threads: The number of threads of Aer.
        settings: Settings with the memory of the slot.
    """
    qubits = range(len(vector).bit_length() - 1)
    gates = _translate(build_circuit(operations, qubits, {}))
    circuit = QuantumCircuit(gates.qubits)
    if vector[0] != 1:
        circuit.append(SetStatevector(vector), qubits)
    for item in gates.data:
        circuit._append(item)
    circuit.save_statevector()
    data = simulate(circuit, threads, settings, method="statevector", shots=1)
    return np.require(data["statevector"], dtype=np.complex128, requirements="W")


def _gates_to_route(circuit: Circuit) -> list[PlacedGate]:
    """Return gates on one or two qubits each, by position of a qubit in `active_qubits`."""
    operations = [step for step in circuit.steps if isinstance(step, Operation)]
    aer_circuit = _translate(
        build_circuit(operations, circuit.active_qubits, {}), "matrix_product_state"
    )
    position = {qubit: k for k, qubit in enumerate(aer_circuit.qubits)}
    return [
        PlacedGate(item.operation, tuple([position[qubit] for qubit in item.qubits]))
        for item in aer_circuit.data
        if item.qubits
    ]


def evolve_mps(
    state: MpsState | None,
    gates: list[PlacedGate],
    *,
    qubits: int,
    threads: int,
    settings: Settings,
) -> MpsState:
    """Return a matrix product state after gates on one site or two neighbouring sites."""
    circuit = QuantumCircuit(qubits)
    if state is not None:
        circuit.append(SetMatrixProductState(tuple(state)), range(qubits))
    for gate, sites in gates:
        item = CircuitInstruction(gate, [circuit.qubits[site] for site in sites], ())
        circuit._append(item)
    circuit.save_matrix_product_state(label="state")
    # Without `mps_lapack`, which is faster, because that sometimes ends the process.
    data = simulate(
        circuit, threads, settings,
        method="matrix_product_state", shots=1, max_memory_mb=NO_LIMIT_MB,
    )  # fmt: skip
    return MpsState(*data["state"])


@cache
def _simulator() -> AerSimulator:
    return AerSimulator()


@cache
def _native_gates(method: str) -> frozenset[str]:
    """Return the names of the operations that a method of Aer runs without translation.

    For a matrix product state, only those on one or two qubits.
    """
    names = AerSimulator(method=method).configuration().basis_gates
    if method == "matrix_product_state":
        return frozenset(names) & {
            name for name, gate in BASIC_GATES.items() if gate.num_qubits <= 2
        }
    return frozenset({*names, "measure", "reset"})


@cache
def _pass_manager(method: str) -> PassManager:
    if method == "matrix_product_state":
        return build_pass_manager(0, basis_gates=sorted(_native_gates(method)))
    return build_pass_manager(0, target=_simulator().target)


def _translate(circuit: QuantumCircuit, method: str = "statevector") -> QuantumCircuit:
    """Return an equal circuit of operations that Aer has: the circuit itself if it has them."""
    if circuit.count_ops().keys() <= _native_gates(method):
        return circuit
    translated: QuantumCircuit = _pass_manager(method).run(circuit)
    return translated


def simulate(
    circuit: QuantumCircuit, threads: int, settings: Settings, **options: Any
) -> dict[str, Any]:
    """Return the data of one run of Aer.

    Raises:
        ResourceError: Aer is out of memory (`out_of_memory`) or cannot run the circuit
            (`engine_refused`).
    """
    try:
        memory_mb = max(1, settings.slot_memory_bytes // MIB)
        job = _simulator().run(
            circuit, max_parallel_threads=threads, **{"max_memory_mb": memory_mb, **options}
        )
        result = job.result()
    except MemoryError:
        raise ResourceError(FailureCode.OUT_OF_MEMORY, "the slot ran out of memory") from None
    experiment = result.results[0] if result.results else None
    if not result.success or experiment is None:
        raise _engine_error(str(getattr(experiment, "status", None) or result.status))
    data: dict[str, Any] = experiment.data.to_dict()
    return data


def _engine_error(status: str) -> TaskError:
    if "memory" in status.lower() or "bad_alloc" in status:
        return ResourceError(
            FailureCode.OUT_OF_MEMORY, "the circuit needs more memory than this slot has"
        )
    # Without paths of the machine.
    words = [w for w in status.removeprefix("ERROR: ").split() if "/" not in w and "\\" not in w]
    return ResourceError(
        FailureCode.ENGINE_REFUSED, "Aer cannot run this circuit: " + " ".join(words)[:300]
    )
