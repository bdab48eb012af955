"""Stim, for Clifford circuits of thousands of qubits and millions of shots."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import prod

import numpy as np
import stim
from numpy.typing import NDArray

from quantumtask.engines.observables.observable import (
    PAULIS,
    PROJECTORS,
    dephase,
    expectation_of_basis_state,
)
from quantumtask.engines.sampling.shot_counts import ShotOrder
from quantumtask.engines.selection.methods import RunPlan
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.openqasm.program.operations import BasicGate, MatrixGate, Operation
from quantumtask.openqasm.program.program import Circuit, Measure, Reset, Step

GATE_NAMES = {
    "id": "I", "x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "S_DAG", "sx": "SQRT_X",
    "sxdg": "SQRT_X_DAG", "cx": "CX", "cy": "CY", "cz": "CZ", "swap": "SWAP",
}  # fmt: skip
"""Stim's names of the basic gates that it has."""

MAX_BATCH_BITS = 1 << 28
"""Bits that one call of the sampler returns at most."""

PackedRows = list[bytes]
"""The bits of each shot, packed; bit 0 of the first byte is bit 0 of the result."""


def run(sampling: SamplingRun, _plan: RunPlan) -> ShotOrder | None:
    """Sample a Clifford circuit; see `Engine.run`."""
    indices: dict[bytes, int] = {}
    order: list[int] = []
    for rows in _sample_batches(sampling):
        for row, shots in Counter(rows).items():
            bits = int.from_bytes(row, "little")
            indices[row] = sampling.add(sampling.clbit_map.from_bits(bits), shots)
        if sampling.needs_order:
            order += [indices[row] for row in rows]
    return np.array(order, dtype=np.intp) if sampling.needs_order else None


def _sample_batches(sampling: SamplingRun) -> Iterator[PackedRows]:
    """Yield the outcomes that the result shows, in its order, for batches of shots."""
    sampler = stim.Circuit(stim_text(sampling.circuit)).compile_sampler(seed=sampling.seed)
    outcomes, clbit_map = sampling.circuit.measurement_count, sampling.clbit_map
    outcome_of_clbit = {clbit: outcome for outcome, clbit in clbit_map.clbits.items()}
    columns = [outcome_of_clbit[clbit] for clbit in range(clbit_map.outcome_count)]
    batch = max(1, MAX_BATCH_BITS // outcomes)
    for first in range(0, sampling.shots, batch):
        shots = min(batch, sampling.shots - first)
        if columns == list(range(outcomes)):
            packed = sampler.sample(shots, bit_packed=True)
        else:
            packed = np.packbits(sampler.sample(shots)[:, columns], axis=1, bitorder="little")
        yield np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel().tolist()


def stim_text(circuit: Circuit) -> str:
    """Return a circuit in Stim's format; measurement k of the text is outcome k.

    Stim parses a line much faster than Python calls `Circuit.append`.
    """
    position = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
    return "\n".join([_step_text(step, position) for step in circuit.steps])


def _step_text(step: Step, position: dict[int, int]) -> str:
    if isinstance(step, Measure):
        return f"M {position[step.qubit]}"
    if isinstance(step, Reset):
        return f"R {position[step.qubit]}"
    targets = [position[qubit] for qubit in step.qubits]
    if isinstance(step.gate, BasicGate):
        return " ".join([GATE_NAMES[step.gate.name], *map(str, targets)])
    return _unitary_text(step.gate, targets)


def _unitary_text(gate: MatrixGate, targets: list[int]) -> str:
    """Return a matrix as the Clifford gates into which Stim decomposes it."""
    gates = stim.Tableau.from_unitary_matrix(gate.entries, endian="little").to_circuit()
    return "\n".join(
        " ".join([item.name, *(str(targets[target.value]) for target in item.targets_copy())])
        for item in gates
    )


def expectation_values(
    circuit: Circuit, words: Sequence[str], names: Mapping[int, int], dephased: frozenset[int]
) -> NDArray[np.float64]:
    """Return the exact expectation value of each word before the terminal measurements.

    Args:
        circuit: A Clifford circuit that measures at its end.
        words: Words of `Observables`.
        names: The qubit of the circuit for each qubit of the words.
        dephased: Qubits of the words without phase, because they were measured.
    """
    gates = [step for step in circuit.steps if isinstance(step, Operation)]
    position = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
    positions = {qubit: position[name] for qubit, name in names.items() if name in position}
    simulator = stim.TableauSimulator()
    simulator.set_num_qubits(len(position))
    simulator.do(stim.Circuit("\n".join([_step_text(step, position) for step in gates])))
    return np.array([_word_value(simulator, dephase(w, dephased), positions) for w in words])


def _word_value(simulator: stim.TableauSimulator, word: str, positions: Mapping[int, int]) -> float:
    factor, pauli = 1.0, stim.PauliString(simulator.num_qubits)
    projectors = []
    for qubit, letter in enumerate(reversed(word)):
        if qubit not in positions:
            factor *= expectation_of_basis_state(letter, 0)
        elif letter in PROJECTORS:
            projectors.append((positions[qubit], *PROJECTORS[letter]))
        elif letter in PAULIS:
            pauli[positions[qubit]] = letter
        else:
            factor *= expectation_of_basis_state(letter, 0)
    if not factor:
        return 0.0
    if projectors:
        simulator = simulator.copy()
        factor *= prod(_project(simulator, *projector) for projector in projectors)
    return factor * simulator.peek_observable_expectation(pauli) if factor else 0.0


def _project(simulator: stim.TableauSimulator, position: int, basis: str, value: int) -> float:
    """Project a qubit, and return the probability of the projection."""
    expectation = getattr(simulator, f"peek_{basis.lower()}")(position)
    if expectation:
        return float(expectation == 1 - 2 * value)
    getattr(simulator, f"postselect_{basis.lower()}")(position, desired_value=bool(value))
    return 0.5
