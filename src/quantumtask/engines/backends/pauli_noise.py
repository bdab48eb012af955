"""Clifford circuits with Pauli noise: their features, and their run on Stim."""

from operator import itemgetter
from typing import NamedTuple, Self

from quantumtask.engines.backends.prepare import gate_errors
from quantumtask.engines.noise.error_model import RESET
from quantumtask.engines.noise.request import NoiseSpec
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.sampling.shot_counts import ShotCounts, ShotSample
from quantumtask.engines.selection.circuit_features import NoisyCircuitFeatures
from quantumtask.engines.simulators.pauli_noise import GateErrors
from quantumtask.engines.transforms.reset_recording import record_all_resets
from quantumtask.openqasm.program.operations import TIMING_OPERATIONS, Operation
from quantumtask.openqasm.program.program import Circuit, Program
from quantumtask.shared.settings import Settings

MAX_GATE_QUBITS = 2
"""Largest number of qubits of a Clifford gate: error rates decompose larger ones."""


class NoisyCircuit(NamedTuple):
    """The circuit of a program as written, with the errors of its steps.

    Attributes:
        circuit: The steps of every shot, with all resets if resets have errors.
    """

    circuit: Circuit
    errors: GateErrors

    @classmethod
    def from_program(cls, program: Program, noise: NoiseSpec, settings: Settings) -> Self | None:
        """Return the circuit; None if shots differ, or if a device compiles the circuit."""
        errors, circuit = gate_errors(noise), program.circuit
        if errors is None or circuit is None or circuit.control_outcomes:
            return None
        if RESET in errors.model.quantum:
            circuit = record_all_resets(program, settings)
        return None if circuit is None else cls(circuit, errors)

    @property
    def features(self) -> NoisyCircuitFeatures:
        """The features on which the choice of the method depends."""
        circuit, model = self.circuit, self.errors.model
        clifford = circuit.clifford and _largest_gate(circuit) <= MAX_GATE_QUBITS
        return NoisyCircuitFeatures(
            qubits=len(circuit.active_qubits),
            gates=len(circuit.steps),
            terminal_measurements_only=circuit.terminal_measurements_only,
            clifford=clifford and model.clifford,
            clifford_gates=clifford,
            pauli_errors=model.pauli,
        )

    def sample(
        self,
        program: Program,
        shots: int,
        seed: int,
        memory: bool,
        settings: Settings,
        progress: RunProgress,
    ) -> ShotSample:
        """Run the shots of the program on Stim; see `Backend.sample`."""
        from quantumtask.engines.simulators import stim  # not above: it may not be installed

        counts = ShotCounts(program, shots, memory, settings)
        order = stim.run_noisy(
            self.circuit, self.errors,
            shots=shots, seed=seed, counts=counts, outputs=program.fixed_outputs,
            progress=progress,
        )  # fmt: skip
        return ShotSample(counts, order)


def _largest_gate(circuit: Circuit) -> int:
    """Return the largest number of qubits of a gate."""
    operations = [step for step in circuit.steps if step.__class__ is Operation]
    largest = max(map(len, map(itemgetter(2), operations)), default=0)
    if largest <= MAX_GATE_QUBITS:
        return largest
    gates = [each for each in operations if each.gate.name not in TIMING_OPERATIONS]
    return max([len(each.qubits) for each in gates], default=0)
