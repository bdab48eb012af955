"""Stim: Clifford circuits of thousands of qubits and millions of shots."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import stim

from quantumtask.engines.job import Job
from quantumtask.engines.select import Plan
from quantumtask.engines.tally import Order
from quantumtask.openqasm.gates import Basic, Unitary
from quantumtask.openqasm.program import Circuit, Measure, Reset, Step

NAMES = {
    "id": "I", "x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "S_DAG", "sx": "SQRT_X",
    "sxdg": "SQRT_X_DAG", "cx": "CX", "cy": "CY", "cz": "CZ", "swap": "SWAP",
}  # fmt: skip
"""The gates that Stim has, by our names."""

MOST_AT_ONCE = 1 << 28
"""Bits that are sampled at once."""

Rows = list[bytes]


def run(job: Job, plan: Plan) -> Order | None:
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
    outcomes = job.circuit.outcomes
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
    place = {qubit: k for k, qubit in enumerate(circuit.touched)}
    return "\n".join([_line(step, place) for step in circuit.steps])


def _line(step: Step, place: dict[int, int]) -> str:
    if isinstance(step, Measure):
        return f"M {place[step.qubit]}"
    if isinstance(step, Reset):
        return f"R {place[step.qubit]}"
    on = [place[qubit] for qubit in step.qubits]
    if isinstance(step.gate, Basic):
        return " ".join([NAMES[step.gate.name], *map(str, on)])
    return _lines_of(step.gate, on)


def _lines_of(gate: Unitary, on: list[int]) -> str:
    """The lines for a matrix: Stim finds the Clifford gates that make it."""
    made = stim.Tableau.from_unitary_matrix(gate.values, endian="little").to_circuit()
    return "\n".join(
        " ".join([item.name, *(str(on[target.value]) for target in item.targets_copy())])
        for item in made
    )
