"""Qiskit Aer: the reference engine, for programs whose every shot does the same."""

import secrets
import time
from functools import cache, lru_cache
from typing import Any

import numpy as np
import qiskit_aer
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction
from qiskit.transpiler import PassManager
from qiskit.transpiler.preset_passmanagers import generate_preset_pass_manager
from qiskit_aer import AerSimulator
from qiskit_aer.library import SetMatrixProductState, SetStatevector

from quantumtask.engines import chain
from quantumtask.engines.circuits import circuit_of
from quantumtask.engines.distribution import Distribution
from quantumtask.engines.limits import available_bytes, out_of_memory
from quantumtask.engines.matrices import Matrices, Sampler
from quantumtask.engines.readout import Readout
from quantumtask.engines.routing import Placed, Route
from quantumtask.engines.tally import Order, Tally
from quantumtask.openqasm.gates import BASIC, Basic, Operation
from quantumtask.openqasm.program import Circuit, Program
from quantumtask.shared.errors import ResourceError, TaskError
from quantumtask.shared.settings import MIB, Settings
from quantumtask.shared.task import Result

STABILIZER_FROM = 12
"""Qubits from which a Clifford circuit is faster as a stabilizer state (measured)."""

BYTES_PER_AMPLITUDE = 16

MOST_EXACT = 12
"""Measured qubits up to which shots are drawn from exact probabilities."""

NO_LIMIT_MB = 1 << 30
"""For a chain of matrices, whose size Aer knows less well than we do."""

MOST_REMEMBERED = 64
LARGEST_REMEMBERED = 1000
"""Distributions kept, and the size of a program up to which its own is."""

Vector = NDArray[np.complex128]


def run(
    program: Program,
    *,
    shots: int,
    seed: int | None,
    memory: bool,
    settings: Settings,
    threads: int = 1,
) -> Result:
    """Runs a program that has a `circuit`; the same seed (0 to 2**63 - 1) gives the same counts.

    Raises ResourceError for what needs more memory than the slot has (`out_of_memory`), before
    that happens, or would give a result that is too large (`result_too_large`).
    """
    assert program.circuit is not None
    started = time.perf_counter()
    seed = secrets.randbits(63) if seed is None else seed
    tally = Tally(program, shots, memory, settings)
    job = _Job(program, program.circuit, shots, seed, tally, settings, threads)
    method = method_for(program.circuit, settings)
    texts = tally.texts(job.run(method))
    return Result(
        texts.counts, texts.memory, seed, "aer", qiskit_aer.__version__, method,
        (time.perf_counter() - started) * 1000, program.warnings, texts.outputs,
    )  # fmt: skip


def method_for(circuit: Circuit, settings: Settings) -> str:
    """How Aer is to run a circuit: as a stabilizer state, a state vector or a chain of matrices.

    The last takes no more memory than the entanglement needs, so it is for what has no room as a
    vector: some circuits of a hundred qubits run, and what does not fit is told when it is met.
    """
    qubits = len(circuit.touched)
    if qubits >= STABILIZER_FROM and circuit.clifford and _is_basic(circuit):
        return "stabilizer"
    return "statevector" if _fits(qubits, settings) else "matrix_product_state"


def _fits(qubits: int, settings: Settings) -> bool:
    return BYTES_PER_AMPLITUDE << min(qubits, 200) <= available_bytes(settings)


def _is_basic(circuit: Circuit) -> bool:
    """Whether it has no gate that is given by its matrix, which Aer's stabilizers do not take."""
    return all(isinstance(s.gate, Basic) for s in circuit.steps if isinstance(s, Operation))


class _Job:
    """One task: its shots go to the tally."""

    def __init__(
        self,
        program: Program,
        circuit: Circuit,
        shots: int,
        seed: int,
        tally: Tally,
        settings: Settings,
        threads: int,
    ) -> None:
        self._program = program
        self._circuit = circuit
        self._readout = Readout(circuit)
        self._shots = shots
        self._seed = seed
        self._tally = tally
        self._settings = settings
        self._threads = threads

    def run(self, method: str) -> Order | None:
        """Gives the number of each shot's ending, if the result tells of single shots."""
        if self._readout.is_fixed:
            number = self._add(self._readout.result(0), self._shots)
            return np.full(self._shots, number) if self._tally.ordered else None
        if method == "matrix_product_state":
            return self._follow()
        exact = self._circuit.final and len(self._readout.qubits) <= MOST_EXACT
        return self._draw() if exact and method == "statevector" else self._sample(method)

    def _add(self, outcome: int, shots: int) -> int:
        return self._tally.add(outcome, shots, self._program.fixed_outputs)

    def _draw(self) -> Order | None:
        """Shots from exact probabilities.

        Aer needs more time to draw a thousand shots of a small circuit than to compute its state.
        """
        make = _remembered if self._program.size <= LARGEST_REMEMBERED else _distribution
        distribution = make(self._circuit, self._threads, self._settings)
        drawn = distribution.draw(self._shots, np.random.default_rng(self._seed))
        totals = np.bincount(drawn)
        numbers = np.zeros(len(totals), dtype=np.intp)
        qubits = range(len(self._readout.qubits))
        for index in np.flatnonzero(totals).tolist():
            outcome = self._readout.result_of([index >> k & 1 for k in qubits])
            numbers[index] = self._add(outcome, int(totals[index]))
        return numbers[drawn]

    def _follow(self) -> Order | None:
        """Shots from a chain of matrices."""
        qubits, available = len(self._circuit.touched), available_bytes(self._settings)
        if not self._circuit.final:
            raise out_of_memory(qubits, BYTES_PER_AMPLITUDE << min(qubits, 200), available)
        budget = chain.Budget(qubits, available)
        route = Route(_placed(self._circuit), qubits)
        sampler = Sampler(
            chain.evolve(
                route.moves(), qubits, budget,
                lambda state, moves: evolve_chain(
                    state, moves, qubits, threads=self._threads, settings=self._settings
                ),
            )
        )  # fmt: skip
        touched = {qubit: k for k, qubit in enumerate(self._circuit.touched)}
        row = route.places
        places = [row[touched[qubit]] for qubit in self._readout.qubits]
        rng = np.random.default_rng(self._seed)
        for values, shots in sampler.draw(self._shots, max(places), rng, budget.draw):
            self._add(self._readout.result_of(values[places].tolist()), shots)
        return self._tally.shuffled(rng) if self._tally.ordered else None

    def _sample(self, method: str) -> Order | None:
        """Shots that Aer draws."""
        circuit = circuit_of(self._circuit.steps, self._circuit.touched, self._readout.bits)
        data = _simulate(
            _runnable(circuit, method), self._threads, self._settings, method=method,
            shots=self._shots, seed_simulator=self._seed, memory=self._tally.ordered,
        )  # fmt: skip
        numbers = {
            text: self._add(self._readout.result(int(text, 16)), shots)
            for text, shots in data["counts"].items()
        }
        if not self._tally.ordered:
            return None
        return np.array([numbers[text] for text in data["memory"]], dtype=np.intp)


def _distribution(circuit: Circuit, threads: int, settings: Settings) -> Distribution:
    """The exact distribution of what a circuit that measures at its end measures."""
    place = {qubit: k for k, qubit in enumerate(circuit.touched)}
    runnable = _runnable(circuit_of(circuit.steps, circuit.touched, {}))
    runnable.save_probabilities([place[qubit] for qubit in Readout(circuit).qubits])
    data = _simulate(runnable, threads, settings, method="statevector", shots=1)
    return Distribution(np.array(data["probabilities"]))


_remembered = lru_cache(MOST_REMEMBERED)(_distribution)


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
    data = _simulate(circuit, threads, settings, method="statevector", shots=1)
    return np.require(data["statevector"], dtype=np.complex128, requirements="W")


def _placed(circuit: Circuit) -> list[Placed]:
    """The gates of a circuit, on one or two qubits each, by their place in `touched`."""
    operations = [step for step in circuit.steps if isinstance(step, Operation)]
    whole = circuit_of(operations, circuit.touched, {})
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
    data = _simulate(
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
        return frozenset(own) & {name for name, gate in BASIC.items() if gate.qubits <= 2}
    return frozenset({*own, "measure", "reset"})


@cache
def _pass_manager(method: str) -> PassManager:
    if method == "matrix_product_state":
        names = sorted(_native(method))
        return generate_preset_pass_manager(optimization_level=0, basis_gates=names)
    return generate_preset_pass_manager(optimization_level=0, target=_simulator().target)


def _runnable(circuit: QuantumCircuit, method: str = "statevector") -> QuantumCircuit:
    """The circuit itself where Aer knows all its operations, else one that it knows."""
    if circuit.count_ops().keys() <= _native(method):
        return circuit
    translated: QuantumCircuit = _pass_manager(method).run(circuit)
    return translated


def _simulate(
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
