"""Programs that measure qubits in Pauli bases instead of their terminal measurements."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any

from quantumtask.engines.transforms.branch_tracking import track_all_branches
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
    """Return a program whose result has one bit for each qubit of `bases`.

    Args:
        program: The program; its terminal measurements are removed.
        bases: The letter X, Y or Z for each measured qubit; bit k of the result is the k-th qubit.
    """
    changes = [
        Operation(BASIC_GATES[name], (), (qubit,))
        for qubit, basis in bases.items()
        for name in BASIS_CHANGES[basis]
    ]
    qubits = list(bases)
    circuit = program.circuit and _measured_circuit(program.circuit, changes, qubits)
    new_execution = partial(_measured_execution, program, changes, qubits)
    if circuit and not circuit.control_outcomes:
        new_execution = partial(_circuit_execution, circuit)
    return replace(
        program,
        registers=(Register("observed", len(qubits)),),
        new_execution=new_execution,
        circuit=circuit,
        outputs=(),
        fixed_outputs={} if circuit else None,
        warnings=(),
    )


def _measured_circuit(
    circuit: Circuit, changes: Sequence[Operation], qubits: Sequence[int]
) -> Circuit:
    steps = _without_terminal_measurements(circuit, {change.qubits[0] for change in changes})
    terminal_only = not any(isinstance(step, Measure | Reset) for step in steps)
    # Outcomes are numbered anew only if earlier ones are left.
    first = 0 if terminal_only else circuit.measurement_count
    steps += [*changes, *[Measure(qubit, first + k) for k, qubit in enumerate(qubits)]]
    outcomes = [step.outcome for step in steps if isinstance(step, Measure)]
    number = {outcome: k for k, outcome in enumerate(outcomes)}
    return Circuit(
        tuple(steps if terminal_only else [_renumber(step, number) for step in steps]),
        tuple([-1 - number[first + k] for k in range(len(qubits))]),
        len(number),
        circuit.clifford,
        terminal_only,
        frozenset([number[outcome] for outcome in circuit.control_outcomes]),
    )


def _renumber(step: Step, number: Mapping[int, int]) -> Step:
    return Measure(step.qubit, number[step.outcome]) if isinstance(step, Measure) else step


def _without_terminal_measurements(circuit: Circuit, changed: set[int]) -> list[Step]:
    """Return the steps without measurements that change no result.

    A mid-circuit measurement dephases its qubit, which matters only if a later step depends on the
    phase. Delays after a terminal measurement are removed, too.

    Args:
        circuit: The circuit.
        changed: The qubits whose basis is changed at the end.
    """
    terminal, acted_on = circuit.terminal_measurements.outcomes, set(changed)
    measurements = [step for step in circuit.steps if isinstance(step, Measure)]
    ended = {step.qubit for step in measurements if step.outcome in terminal}
    steps: list[Step] = []
    for step in reversed(circuit.steps):
        if isinstance(step, Measure):
            matters = step.qubit in acted_on or step.outcome in circuit.control_outcomes
            if step.outcome in terminal or not matters:
                ended.discard(step.qubit)
                continue
        elif isinstance(step, Operation) and step.gate.name in TIMING_OPERATIONS:
            if step.gate.name == BARRIER or step.qubits[0] not in ended:
                steps.append(step)
            continue
        acted_on.update(step.qubits if isinstance(step, Operation) else (step.qubit,))
        steps.append(step)
    return steps[::-1]


def _circuit_execution(circuit: Circuit) -> Execution:
    """Return an execution that runs the steps of a circuit."""
    instructions: list[Instruction] = []
    for kind, group in groupby(circuit.steps, type):
        steps = list(group)
        parts = [steps] if kind is Operation else [[step] for step in steps]
        instructions += [_instruction(part) for part in parts]
    cells = [-1 - bit for bit in circuit.bits]
    return Execution(Code(instructions, [], [0] * circuit.measurement_count, cells, [], {}))


def _instruction(steps: Sequence[Any]) -> Instruction:
    """Return the instruction for gates, or for one measurement or reset."""

    def run(execution: Execution, target: QuantumTarget) -> None:
        first = steps[0]
        if isinstance(first, Operation):
            target.apply(steps)
        elif isinstance(first, Reset):
            target.reset([first.qubit])
        else:
            execution.memory[first.outcome] = target.measure(first.qubit)

    return run


def _measured_execution(
    program: Program, changes: Sequence[Operation], qubits: Sequence[int]
) -> Execution:
    """Return an execution that measures the qubits after the program."""
    execution = track_all_branches(program.initial_execution)
    size = len(execution.memory)
    done, *cells = range(size, size + 1 + len(qubits))
    execution.memory += [None] * (1 + len(qubits))

    def finish(execution: Execution, target: QuantumTarget) -> None:
        """Measure; progress is in memory, because UndecidedOutcome interrupts the call."""
        memory = execution.memory
        if not memory[done]:
            target.drop_terminal_measurements()
            target.apply(changes)
            memory[done] = True
        for cell, qubit in zip(cells, qubits, strict=True):
            if memory[cell] is None:
                memory[cell] = target.measure(qubit)

    execution.code = execution.code._replace(bits=cells, outputs=[], finish=finish)
    return execution
