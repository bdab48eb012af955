"""Stim, for Clifford circuits of thousands of qubits and millions of shots."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
import stim
from numpy.typing import NDArray

from quantumtask.engines.observables.observable import (
    PAULIS,
    PROJECTORS,
    dephase,
    expectation_of_basis_state,
)
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.sampling.clbit_map import ClbitMap, to_words
from quantumtask.engines.sampling.shot_counts import ShotCounts, ShotOrder
from quantumtask.engines.selection.methods import RunPlan
from quantumtask.engines.simulators.pauli_noise import GateErrors, NoisyText
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.openqasm.program.operations import BasicGate, Matrix, Operation
from quantumtask.openqasm.program.program import Circuit, Measure, Reset, Step

GATE_NAMES = {
    "id": "I", "x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "S_DAG", "sx": "SQRT_X",
    "sxdg": "SQRT_X_DAG", "cx": "CX", "cy": "CY", "cz": "CZ", "swap": "SWAP",
}  # fmt: skip
"""Stim's names of the basic gates that it has."""

MAX_BATCH_BITS = 1 << 28
"""Bits that one call of the sampler returns at most."""

PackedRows = NDArray[np.uint8]
"""The bits of each shot as a row of bytes; bit 0 of the first byte is the first bit."""


class _Sample(NamedTuple):
    """A text in Stim's format whose measurements are sampled.

    Attributes:
        text: The text; its measurement k is outcome k.
        outcome_count: The number of measurements.
        progress: The progress of the run.
        noise: The readout errors that the text lacks; None: there are none.
    """

    text: str
    outcome_count: int
    clbit_map: ClbitMap
    shots: int
    seed: int
    progress: RunProgress
    noise: NoisyText | None = None


def run(sampling: SamplingRun, _plan: RunPlan) -> ShotOrder | None:
    """Sample a Clifford circuit; see `Engine.run`."""
    circuit = sampling.circuit
    sample = _Sample(
        stim_text(circuit), circuit.measurement_count, sampling.clbit_map, sampling.shots,
        sampling.seed, sampling.progress,
    )  # fmt: skip
    return _count(sample, sampling.counts, sampling.program.fixed_outputs)


def run_noisy(
    circuit: Circuit,
    errors: GateErrors,
    *,
    shots: int,
    seed: int,
    counts: ShotCounts,
    outputs: Mapping[str, Any] | None,
    progress: RunProgress,
) -> ShotOrder | None:
    """Sample a Clifford circuit with Pauli noise.

    Args:
        circuit: The circuit, of which no step depends on an outcome.
        errors: The errors of its steps.
        shots: The number of shots.
        seed: 0 to 2**63 - 1.
        counts: The counter to which the shots are added.
        outputs: The values of the output variables.
        progress: The progress of the run.

    Returns:
        The order of the shots if the counts need it, else None.
    """
    noisy = NoisyText(circuit, errors, _step_text)
    noise = noisy if noisy.has_other_readout_errors else None
    sample = _Sample(
        noisy.text, circuit.measurement_count, ClbitMap(circuit), shots, seed, progress, noise
    )
    return _count(sample, counts, outputs)


def _count(
    sample: _Sample, counts: ShotCounts, outputs: Mapping[str, Any] | None
) -> ShotOrder | None:
    clbit_map = sample.clbit_map
    if sample.clbit_map.fits_word and not counts.needs_order:
        for packed in _sample_batches(sample):
            words, totals = np.unique(to_words(packed), return_counts=True)
            results = clbit_map.from_words(words)
            order = np.argsort(results, kind="stable")
            counts.add_arrays(results[order], totals[order], outputs)
        return None
    indices: dict[bytes, int] = {}
    shot_order: list[int] = []
    for packed in _sample_batches(sample):
        rows = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel().tolist()
        for row, shots in Counter(rows).items():
            outcome = clbit_map.from_bits(int.from_bytes(row, "little"))
            indices[row] = counts.add(outcome, shots, outputs)
        if counts.needs_order:
            shot_order += [indices[row] for row in rows]
    return np.array(shot_order, dtype=np.intp) if counts.needs_order else None


def _sample_batches(sample: _Sample) -> Iterator[PackedRows]:
    """Yield the outcomes in the result, in its order, for batches of shots."""
    sampler = stim.Circuit(sample.text).compile_sampler(seed=sample.seed)
    rng = np.random.default_rng(sample.seed)
    clbit_map = sample.clbit_map
    outcome_of_clbit = {clbit: outcome for outcome, clbit in clbit_map.clbits.items()}
    columns = [outcome_of_clbit[clbit] for clbit in range(clbit_map.outcome_count)]
    is_packed = columns == list(range(sample.outcome_count)) and sample.noise is None
    batch = max(1, MAX_BATCH_BITS // sample.outcome_count // (1 if is_packed else 8))
    for first in range(0, sample.shots, batch):
        shots = min(batch, sample.shots - first)
        if is_packed:
            yield sampler.sample(shots, bit_packed=True)
        else:
            values = sampler.sample(shots)
            if sample.noise is not None:
                sample.noise.add_readout_errors(values, rng)
            yield np.packbits(values[:, columns], axis=1, bitorder="little")
        sample.progress.advance(first + shots, sample.shots)


def stim_text(circuit: Circuit) -> str:
    """Return a circuit in Stim's format; measurement k of the text is outcome k.

    Stim parses a line much faster than Python calls `Circuit.append`.
    """
    position = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
    return "\n".join([_step_text(step, position) for step in circuit.steps])


def _step_text(step: Step, position: Mapping[int, Any]) -> str:
    if isinstance(step, Measure):
        return f"M {position[step.qubit]}"
    if isinstance(step, Reset):
        return f"R {position[step.qubit]}"
    targets = [position[qubit] for qubit in step.qubits]
    name = GATE_NAMES.get(step.gate.name) if isinstance(step.gate, BasicGate) else None
    if name is not None:
        return " ".join([name, *map(str, targets)])
    return _unitary_text(step.matrix(), targets)


def _unitary_text(matrix: Matrix, targets: list[Any]) -> str:
    """Return a matrix as the Clifford gates into which Stim decomposes it."""
    gates = stim.Tableau.from_unitary_matrix(matrix, endian="little").to_circuit()
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
        words: The Pauli words, as in `Observables`.
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
    """Project a qubit onto a value in a basis, and return the probability of that value."""
    expectation = getattr(simulator, f"peek_{basis.lower()}")(position)
    if expectation:
        return float(expectation == 1 - 2 * value)
    getattr(simulator, f"postselect_{basis.lower()}")(position, desired_value=bool(value))
    return 0.5
