"""Programs that measure qubits in bases of choice, in place of the end measurements."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any

from quantumtask.engines.transforms.branching import track_all_branches
from quantumtask.openqasm.program.execution import Code, Execution, Instruction, QuantumTarget
from quantumtask.openqasm.program.operations import (
    BARRIER,
    BASIC_GATES,
    TIMING_OPERATIONS,
    Operation,
)
from quantumtask.openqasm.program.program import Circuit, Measure, Program, Register, Reset, Step

BASIS_CHANGES = {"X": ("h",), "Y": ("sdg", "h"), "Z": ()}
"""The gates before a measurement in each basis."""


def measure_in_bases(program: Program, bases: Mapping[int, str]) -> Program:
    """The program whose result has one bit for each of these qubits, the first the lowest.

    The measurements at the end are taken back before (see `Ends`).
    """
    turns = [
        Operation(BASIC_GATES[name], (), (qubit,))
        for qubit, basis in bases.items()
        for name in BASIS_CHANGES[basis]
    ]
    qubits = list(bases)
    circuit = program.circuit and _circuit(program.circuit, turns, qubits)
    begin = partial(_process, program, turns, qubits)
    if circuit and not circuit.control_outcomes:
        begin = partial(_straight, circuit)
    return replace(
        program,
        registers=(Register("observed", len(qubits)),),
        new_execution=begin,
        circuit=circuit,
        outputs=(),
        fixed_outputs={} if circuit else None,
        warnings=(),
    )


def _circuit(circuit: Circuit, turns: Sequence[Operation], qubits: Sequence[int]) -> Circuit:
    steps = _before_the_end(circuit, {turn.qubits[0] for turn in turns})
    final = not any(isinstance(step, Measure | Reset) for step in steps)
    first = (
        0 if final else circuit.measurement_count
    )  # then no earlier outcome is left to number anew
    steps += [*turns, *[Measure(qubit, first + k) for k, qubit in enumerate(qubits)]]
    outcomes = [step.outcome for step in steps if isinstance(step, Measure)]
    number = {outcome: k for k, outcome in enumerate(outcomes)}
    return Circuit(
        tuple(steps if final else [_numbered(step, number) for step in steps]),
        tuple([-1 - number[first + k] for k in range(len(qubits))]),
        len(number),
        circuit.clifford,
        final,
        frozenset([number[outcome] for outcome in circuit.control_outcomes]),
    )


def _numbered(step: Step, number: Mapping[int, int]) -> Step:
    return Measure(step.qubit, number[step.outcome]) if isinstance(step, Measure) else step


def _before_the_end(circuit: Circuit, turned: set[int]) -> list[Step]:
    """The steps without end measurements, and without measurements that change no result.

    A measurement on the way removes the phase of its qubit, which matters only to a later step that
    depends on the phase. A delay after an end measurement is left out, too.
    """
    taken_back, later = circuit.terminal_measurements.outcomes, set(turned)
    measured = [step for step in circuit.steps if isinstance(step, Measure)]
    ended = {step.qubit for step in measured if step.outcome in taken_back}
    steps: list[Step] = []
    for step in reversed(circuit.steps):
        if isinstance(step, Measure):
            is_shown = step.qubit in later or step.outcome in circuit.control_outcomes
            if step.outcome in taken_back or not is_shown:
                ended.discard(step.qubit)
                continue
        elif isinstance(step, Operation) and step.gate.name in TIMING_OPERATIONS:
            if step.gate.name == BARRIER or step.qubits[0] not in ended:
                steps.append(step)
            continue
        later.update(step.qubits if isinstance(step, Operation) else (step.qubit,))
        steps.append(step)
    return steps[::-1]


def _straight(circuit: Circuit) -> Execution:
    """The steps of a circuit as a program that can be run."""
    instructions: list[Instruction] = []
    for kind, run in groupby(circuit.steps, type):
        steps = list(run)
        parts = [steps] if kind is Operation else [[step] for step in steps]
        instructions += [_instruction(part) for part in parts]
    cells = [-1 - bit for bit in circuit.bits]
    return Execution(Code(instructions, [], [0] * circuit.measurement_count, cells, [], {}))


def _instruction(steps: Sequence[Any]) -> Instruction:
    """The instruction for the gates in `steps`, or for the one measurement or reset."""

    def run(process: Execution, world: QuantumTarget) -> None:
        first = steps[0]
        if isinstance(first, Operation):
            world.apply(steps)
        elif isinstance(first, Reset):
            world.reset([first.qubit])
        else:
            process.memory[first.outcome] = world.measure(first.qubit)

    return run


def _process(program: Program, turns: Sequence[Operation], qubits: Sequence[int]) -> Execution:
    process = track_all_branches(program.initial_execution)
    turned, *cells = range(len(process.memory), len(process.memory) + 1 + len(qubits))
    process.memory += [None] * (1 + len(qubits))

    def finish(process: Execution, world: QuantumTarget) -> None:
        """Measures the qubits; notes progress in memory, because Undecided interrupts the call."""
        memory = process.memory
        if not memory[turned]:
            world.drop_terminal_measurements()
            world.apply(turns)
            memory[turned] = True
        for cell, qubit in zip(cells, qubits, strict=True):
            if memory[cell] is None:
                memory[cell] = world.measure(qubit)

    process.code = process.code._replace(bits=cells, outputs=[], finish=finish)
    return process
