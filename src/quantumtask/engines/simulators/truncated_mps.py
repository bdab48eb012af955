"""Circuits on a truncated matrix product state: routing, evolution, shots and values."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from qiskit.transpiler import PassManager

from quantumtask.engines.limits import available_bytes, format_bytes, non_finite_state
from quantumtask.engines.observables.observable import FloatArray
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.qiskit.circuits import build_circuit
from quantumtask.engines.qiskit.transpiler import build_pass_manager
from quantumtask.engines.sampling.shot_counts import ShotOrder
from quantumtask.engines.simulators.mps.expectation import expectation_values
from quantumtask.engines.simulators.mps.routing import LinearRouting, PlacedGate
from quantumtask.engines.simulators.mps.sampling import add_shots
from quantumtask.engines.simulators.mps.truncation import TruncatedMps
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.openqasm.program.operations import BASIC_GATES, TIMING_OPERATIONS, Operation
from quantumtask.openqasm.program.program import Circuit
from quantumtask.shared.approximation import Approximation
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import FailureCode

WORKING_COPIES = 6
"""Peak memory in sizes of the state: in the evolution, in the sampler, and in environments."""


class PlacedState(NamedTuple):
    """A state, and the site of each active qubit of its circuit."""

    mps: TruncatedMps
    site_of: dict[int, int]

    def sample(self, sampling: SamplingRun) -> ShotOrder | None:
        """Draw and add all shots of a run of the circuit."""
        sites = [self.site_of[qubit] for qubit in sampling.clbit_map.qubits]
        with sampling.progress.part(1, 2):
            return add_shots(sampling, self.mps.to_mps_state(), sites, lambda _: None)

    def expectation_values(self, words: Sequence[str], qubits: dict[int, int]) -> FloatArray:
        """Return the value of each word.

        Args:
            words: Words of `Observables`.
            qubits: The qubit of the circuit for each qubit of the words.
        """
        self.mps.move_center_to_end()
        places = {qubit: self.site_of[name] for qubit, name in qubits.items()}
        return expectation_values(self.mps.sites, places, words)


def evolve(
    circuit: Circuit, approximation: Approximation, settings: Settings, progress: RunProgress
) -> PlacedState:
    """Return the state of a circuit before its terminal measurements.

    Raises:
        ResourceError: The state does not fit the slot (`out_of_memory`), or is not finite.
    """
    qubits = circuit.active_qubits
    available = available_bytes(settings)

    def check_bytes(size: int) -> None:
        if WORKING_COPIES * size > available:
            raise _too_entangled(len(qubits), WORKING_COPIES * size, available)

    state = TruncatedMps(
        len(qubits), approximation.max_bond, approximation.truncation or 0.0, check_bytes
    )
    routing = LinearRouting(_placed_gates(circuit), len(qubits))
    for gate, sites in routing.routed_gates(progress):
        matrix = np.asarray(gate.to_matrix(), dtype=np.complex128)
        if not np.isfinite(matrix).all():
            raise non_finite_state()
        state.apply(matrix, sites)
    return PlacedState(state, dict(zip(qubits, routing.sites, strict=True)))


def _placed_gates(circuit: Circuit) -> list[PlacedGate]:
    """Return gates on one or two qubits each, by position of a qubit in `active_qubits`."""
    operations = [
        step
        for step in circuit.steps
        if isinstance(step, Operation) and step.gate.name not in TIMING_OPERATIONS
    ]
    translated = build_circuit(operations, circuit.active_qubits, {})
    if any(len(item.qubits) > 2 for item in translated.data):
        translated = _pass_manager().run(translated)
    position = {qubit: k for k, qubit in enumerate(translated.qubits)}
    return [
        PlacedGate(item.operation, tuple([position[qubit] for qubit in item.qubits]))
        for item in translated.data
        if item.qubits
    ]


@cache
def _pass_manager() -> PassManager:
    names = sorted(name for name, gate in BASIC_GATES.items() if gate.num_qubits <= 2)
    return build_pass_manager(0, basis_gates=names)


def _too_entangled(qubits: int, needed: int, available: int) -> ResourceError:
    return ResourceError(
        FailureCode.OUT_OF_MEMORY,
        f"the matrix product state of {qubits} qubits needs {format_bytes(needed)}, and this slot "
        f"has {format_bytes(available)} for it: give a smaller `max_bond` or a larger `truncation`",
    )
