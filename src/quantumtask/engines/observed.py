"""A program that measures its qubits, in bases of choice, where it has come to its end."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from quantumtask.openqasm.gates import BASIC, Operation
from quantumtask.openqasm.process import Process
from quantumtask.openqasm.program import Circuit, Measure, Program, Register, Step

TURNS = {"X": ("h",), "Y": ("sdg", "h"), "Z": ()}
"""The gates before a measurement in each basis."""


def observed(program: Program, bases: Mapping[int, str]) -> Program:
    """The program whose result has one bit for each of these qubits, the first the lowest.

    What it measured at its end it measures no more, for its result shows nothing of that.
    """
    turns = [
        Operation(BASIC[name], (), (qubit,))
        for qubit, basis in bases.items()
        for name in TURNS[basis]
    ]
    qubits = list(bases)
    return replace(
        program,
        registers=(Register("observed", len(qubits)),),
        begin=partial(_process, program, turns, qubits),
        circuit=program.circuit and _circuit(program.circuit, turns, qubits),
        outputs=(),
        fixed_outputs={} if program.circuit else None,
        warnings=(),
    )


def _circuit(circuit: Circuit, turns: list[Operation], qubits: list[int]) -> Circuit:
    """Of what was measured at the end, only that of qubits whose phases others depend on stays."""
    steps: list[Step] = []
    outcomes = 0
    for step in circuit.steps:
        if not isinstance(step, Measure):
            steps.append(step)
        elif not circuit.final or step.qubit in circuit.followed:
            steps.append(Measure(step.qubit, outcomes))
            outcomes += 1
    final = circuit.final and not outcomes
    steps += turns
    steps += [Measure(qubit, outcomes + k) for k, qubit in enumerate(qubits)]
    bits = tuple(-1 - outcomes - k for k in range(len(qubits)))
    return Circuit(
        tuple(steps), bits, outcomes + len(qubits), circuit.clifford, final, circuit.followed
    )


def _process(program: Program, turns: list[Operation], qubits: list[int]) -> Process:
    process = program.process.copy()
    cells = list(range(len(process.memory), len(process.memory) + len(qubits)))
    process.memory += [0] * len(qubits)

    def finish(process: Process) -> None:
        world = process.world
        assert world is not None
        world.unmeasure()
        world.apply(turns)
        for cell, qubit in zip(cells, qubits, strict=True):
            process.memory[cell] = world.measure(qubit)

    process.code = process.code._replace(bits=cells, outputs=[], finish=finish)
    return process
