"""Qiskit Aer: the reference engine, for circuits whose every shot does the same."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction
from qiskit.transpiler import PassManager
from qiskit_aer import AerSimulator
from qiskit_aer.library import SetMatrixProductState, SetStatevector

from quantumtask.engines.limits import available_bytes
from quantumtask.engines.qiskit.circuits import circuit_of
from quantumtask.engines.qiskit.transpiler import pass_manager
from quantumtask.engines.sampling.shot_counts import Order
from quantumtask.engines.selection.methods import RunPlan
from quantumtask.engines.simulators import exact_sampling
from quantumtask.engines.simulators.mps import evolution
from quantumtask.engines.simulators.mps.routing import Placed, Route
from quantumtask.engines.simulators.mps.sampling import Matrices, Sampler
from quantumtask.engines.simulators.sampling_run import Job
from quantumtask.openqasm.program.operations import BASIC_GATES, Operation
from quantumtask.openqasm.program.program import Circuit
from quantumtask.shared.errors import ResourceError, TaskError
from quantumtask.shared.settings import MIB, Settings

MOST_EXACT = 12
"""Measured qubits up to which shots are drawn from exact probabilities."""

NO_LIMIT_MB = 1 << 30
"""For a chain of matrices, whose size Aer knows less well than we do."""

Vector = NDArray[np.complex128]


def run(job: Job, plan: RunPlan) -> Order | None:
    """The shots of a circuit; the number of each one's ending, if those are asked.

    Raises ResourceError for what needs more memory than the slot has (`out_of_memory`), before
    that happens.
    """
    if plan.method == "matrix_product_state":
        return _follow(job)
    few = job.circuit.terminal_measurements_only and len(job.readout.qubits) <= MOST_EXACT
    if few and plan.method == "statevector":
        return exact_sampling.draw(job, plan, probabilities)
    return _sample(job, plan.method)


def probabilities(
    circuit: Circuit, qubits: tuple[int, ...], plan: RunPlan, threads: int, settings: Settings
) -> NDArray[np.float64]:
    """Probabilities of all values of some qubits; bit k of an index is the k-th of them.

    Aer needs more time to draw a thousand shots of a small circuit than to compute its state.
    """
    place = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
    runnable = _runnable(circuit_of(circuit.steps, circuit.active_qubits, {}))
    runnable.save_probabilities([place[qubit] for qubit in qubits])
    data = simulate(runnable, threads, settings, method=plan.method, shots=1)
    return np.array(data["probabilities"])


def _follow(job: Job) -> Order | None:
    """Shots from a chain of matrices.

    It takes no more memory than the entanglement needs, so it is for what has no room as a vector:
    some circuits of a hundred qubits run, and what does not fit is told when it is met.
    """
    circuit, settings = job.circuit, job.settings
    qubits = len(circuit.active_qubits)
    budget = evolution.Budget(qubits, available_bytes(settings))
    route = Route(_placed(circuit), qubits)
    sampler = Sampler(
        evolution.evolve(
            route.moves(), qubits, budget,
            lambda state, moves: evolve_chain(
                state, moves, qubits, threads=job.threads, settings=settings
            ),
        )
    )  # fmt: skip
    touched = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
    row = route.places
    places = [row[touched[qubit]] for qubit in job.readout.qubits]
    rng = job.rng()
    for values, shots in sampler.draw(job.shots, max(places), rng, budget.draw):
        job.add(job.readout.result_of(values[places].tolist()), shots)
    return job.tally.shuffled(rng) if job.ordered else None


def _sample(job: Job, method: str) -> Order | None:
    """Shots that Aer draws."""
    circuit = circuit_of(job.circuit.steps, job.circuit.active_qubits, job.readout.bits)
    data = simulate(
        _runnable(circuit, method), job.threads, job.settings, method=method,
        shots=job.shots, seed_simulator=job.seed, memory=job.ordered,
    )  # fmt: skip
    numbers = {
        text: job.add(job.readout.result(int(text, 16)), shots)
        for text, shots in data["counts"].items()
    }
    if not job.ordered:
        return None
    return np.array([numbers[text] for text in data["memory"]], dtype=np.intp)


def evolve(
    vector: Vector, operations: list[Operation], *, threads: int, settings: Settings
) -> Vector:
    """A state vector after operations; qubit k is bit k of its index.

    Needs some five times the memory of the vector.
    """
    qubits = range(len(vector).bit_length() - 1)
    gates = _runnable(circuit_of(operations, qubits, {}))
    circuit = QuantumCircuit(gates.qubits)
    if vector[0] != 1:
        circuit.append(SetStatevector(vector), qubits)
    for item in gates.data:
        circuit._append(item)
    circuit.save_statevector()
    data = simulate(circuit, threads, settings, method="statevector", shots=1)
    return np.require(data["statevector"], dtype=np.complex128, requirements="W")


def _placed(circuit: Circuit) -> list[Placed]:
    """The gates of a circuit, on one or two qubits each, by their place in `touched`."""
    operations = [step for step in circuit.steps if isinstance(step, Operation)]
    whole = circuit_of(operations, circuit.active_qubits, {})
    runnable = _runnable(whole, "matrix_product_state")
    number = {qubit: k for k, qubit in enumerate(runnable.qubits)}
    return [
        Placed(item.operation, tuple([number[qubit] for qubit in item.qubits]))
        for item in runnable.data
        if item.qubits
    ]


def evolve_chain(
    state: Matrices | None, gates: list[Placed], qubits: int, *, threads: int, settings: Settings
) -> Matrices:
    """A chain of matrices after gates, each on one site or on two neighbours."""
    circuit = QuantumCircuit(qubits)
    if state is not None:
        circuit.append(SetMatrixProductState(tuple(state)), range(qubits))
    places = circuit.qubits
    for gate, on in gates:
        circuit._append(CircuitInstruction(gate, [places[k] for k in on], ()))
    circuit.save_matrix_product_state(label="state")
    # Not with `mps_lapack`, which is faster, because that ends the process now and then.
    data = simulate(
        circuit, threads, settings,
        method="matrix_product_state", shots=1, max_memory_mb=NO_LIMIT_MB,
    )  # fmt: skip
    return Matrices(*data["state"])


@cache
def _simulator() -> AerSimulator:
    return AerSimulator()


@cache
def _native(method: str) -> frozenset[str]:
    """Names of the operations that Aer runs as they are; on at most two qubits in a chain."""
    own = AerSimulator(method=method).configuration().basis_gates
    if method == "matrix_product_state":
        return frozenset(own) & {name for name, gate in BASIC_GATES.items() if gate.num_qubits <= 2}
    return frozenset({*own, "measure", "reset"})


@cache
def _pass_manager(method: str) -> PassManager:
    if method == "matrix_product_state":
        names = sorted(_native(method))
        return pass_manager(0, basis_gates=names)
    return pass_manager(0, target=_simulator().target)


def _runnable(circuit: QuantumCircuit, method: str = "statevector") -> QuantumCircuit:
    """The circuit itself where Aer knows all its operations, else one that it knows."""
    if circuit.count_ops().keys() <= _native(method):
        return circuit
    translated: QuantumCircuit = _pass_manager(method).run(circuit)
    return translated


def simulate(
    circuit: QuantumCircuit, threads: int, settings: Settings, **options: Any
) -> dict[str, Any]:
    """What Aer measured or saved. Raises TaskError for what Aer refuses."""
    try:
        most = max(1, settings.slot_memory_bytes // MIB)
        job = _simulator().run(
            circuit, max_parallel_threads=threads, **{"max_memory_mb": most, **options}
        )
        result = job.result()
    except MemoryError:
        raise ResourceError("out_of_memory", "the slot ran out of memory") from None
    outcome = result.results[0] if result.results else None
    if not result.success or outcome is None:
        raise _refused(str(getattr(outcome, "status", None) or result.status))
    data: dict[str, Any] = outcome.data.to_dict()
    return data


def _refused(status: str) -> TaskError:
    if "memory" in status.lower() or "bad_alloc" in status:
        return ResourceError("out_of_memory", "the circuit needs more memory than this slot has")
    words = [w for w in status.removeprefix("ERROR: ").split() if "/" not in w and "\\" not in w]
    return ResourceError("engine_refused", "Aer cannot run this circuit: " + " ".join(words)[:300])
