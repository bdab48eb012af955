"""Stim: Clifford circuits of thousands of qubits and millions of shots."""

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
from quantumtask.engines.sampling.shot_counts import Order
from quantumtask.engines.selection.methods import RunPlan
from quantumtask.engines.simulators.sampling_run import Job
from quantumtask.openqasm.program.operations import BasicGate, MatrixGate, Operation
from quantumtask.openqasm.program.program import Circuit, Measure, Reset, Step

NAMES = {
    "id": "I", "x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "S_DAG", "sx": "SQRT_X",
    "sxdg": "SQRT_X_DAG", "cx": "CX", "cy": "CY", "cz": "CZ", "swap": "SWAP",
}  # fmt: skip
"""The gates that Stim has, by our names."""

MOST_AT_ONCE = 1 << 28
"""Bits that are sampled at once."""

Rows = list[bytes]


def run(job: Job, plan: RunPlan) -> Order | None:
    """The shots of a Clifford circuit; the number of each one's ending, if those are asked."""
    del plan
    numbers: dict[bytes, int] = {}
    order: list[int] = []
    for rows in _sampled(job):
        for row, shots in Counter(rows).items():
            measured = int.from_bytes(row, "little")
            numbers[row] = job.add(job.readout.result(measured), shots)
        if job.ordered:
            order += [numbers[row] for row in rows]
    return np.array(order, dtype=np.intp) if job.ordered else None


def _sampled(job: Job) -> Iterator[Rows]:
    """Of each shot the bits that the result shows, in its order; bit 0 is the lowest one."""
    sampler = stim.Circuit(text_of(job.circuit)).compile_sampler(seed=job.seed)
    outcomes = job.circuit.measurement_count
    places = {bit: outcome for outcome, bit in job.readout.bits.items()}
    shown = [places[bit] for bit in range(job.readout.shown)]
    most = max(1, MOST_AT_ONCE // outcomes)
    for begun in range(0, job.shots, most):
        shots = min(most, job.shots - begun)
        if shown == list(range(outcomes)):
            packed = sampler.sample(shots, bit_packed=True)
        else:
            packed = np.packbits(sampler.sample(shots)[:, shown], axis=1, bitorder="little")
        yield np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel().tolist()


def text_of(circuit: Circuit) -> str:
    """The circuit as Stim writes it: its measurement k is our outcome k.

    As a text, because Stim reads a line much faster than it takes a call.
    """
    place = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
    return "\n".join([_line(step, place) for step in circuit.steps])


def _line(step: Step, place: dict[int, int]) -> str:
    if isinstance(step, Measure):
        return f"M {place[step.qubit]}"
    if isinstance(step, Reset):
        return f"R {place[step.qubit]}"
    on = [place[qubit] for qubit in step.qubits]
    if isinstance(step.gate, BasicGate):
        return " ".join([NAMES[step.gate.name], *map(str, on)])
    return _lines_of(step.gate, on)


def _lines_of(gate: MatrixGate, on: list[int]) -> str:
    """The lines for a matrix: Stim finds the Clifford gates that make it."""
    made = stim.Tableau.from_unitary_matrix(gate.entries, endian="little").to_circuit()
    return "\n".join(
        " ".join([item.name, *(str(on[target.value]) for target in item.targets_copy())])
        for item in made
    )


def expectations(
    circuit: Circuit, words: Sequence[str], names: Mapping[int, int], blurred: frozenset[int]
) -> NDArray[np.float64]:
    """Exact expectation values of words (see Observables) before the measurements at the end.

    `names` has the qubits of the circuit that those of the words are; `blurred` are qubits of the
    words whose phases are gone, because they were measured.
    """
    gates = [step for step in circuit.steps if isinstance(step, Operation)]
    place = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
    places = {qubit: place[name] for qubit, name in names.items() if name in place}
    simulator = stim.TableauSimulator()
    simulator.set_num_qubits(len(place))
    simulator.do(stim.Circuit("\n".join([_line(step, place) for step in gates])))
    return np.array([_expectation(simulator, dephase(w, blurred), places) for w in words])


def _expectation(simulator: stim.TableauSimulator, word: str, places: Mapping[int, int]) -> float:
    factor, pauli = 1.0, stim.PauliString(simulator.num_qubits)
    projected = []
    for qubit, letter in enumerate(reversed(word)):
        if qubit not in places:
            factor *= expectation_of_basis_state(letter, 0)
        elif letter in PROJECTORS:
            projected.append((places[qubit], *PROJECTORS[letter]))
        elif letter in PAULIS:
            pauli[places[qubit]] = letter
        else:
            factor *= expectation_of_basis_state(letter, 0)
    if not factor:
        return 0.0
    if projected:
        simulator = simulator.copy()
        factor *= prod(_project(simulator, *one) for one in projected)
    return factor * simulator.peek_observable_expectation(pauli) if factor else 0.0


def _project(simulator: stim.TableauSimulator, place: int, basis: str, value: int) -> float:
    """Projects a qubit; gives the probability of that."""
    expected = getattr(simulator, f"peek_{basis.lower()}")(place)
    if expected:
        return float(expected == 1 - 2 * value)
    getattr(simulator, f"postselect_{basis.lower()}")(place, desired_value=bool(value))
    return 0.5
