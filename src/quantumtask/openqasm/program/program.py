"""Compiled programs: the interface between the compiler and the engines."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from numpy.typing import NDArray

from quantumtask.openqasm.program.operations import TIMING_OPERATIONS, Operation
from quantumtask.openqasm.program.terminal_measurements import TerminalMeasurements

if TYPE_CHECKING:
    from quantumtask.openqasm.program.execution import Execution


class Register(NamedTuple):
    """A bit register of the result; `bit c;` is one of size 1."""

    name: str
    size: int


class Measure(NamedTuple):
    """A measurement of a qubit; `outcome` is the number of its outcome in the run."""

    qubit: int
    outcome: int


class Reset(NamedTuple):
    """A step that puts a qubit into the state |0>."""

    qubit: int


Step = Operation | Measure | Reset


@dataclass(frozen=True, eq=False)
class Circuit:
    """A program that runs the same steps in every shot.

    Attributes:
        steps: The steps, in order.
        bits: The source of each bit of the result: a constant 0 or 1, or -1 - k for outcome k.
        measurement_count: The number of measurements.
        clifford: All gates are Clifford gates.
        terminal_measurements_only: No step on a qubit follows a measurement of this qubit, and no
            step resets a qubit in use.
        control_outcomes: The outcomes that later steps depend on; the measured qubits may control
            these steps instead.
    """

    steps: tuple[Step, ...]
    bits: tuple[int, ...]
    measurement_count: int
    clifford: bool
    terminal_measurements_only: bool
    control_outcomes: frozenset[int] = frozenset()

    @cached_property
    def active_qubits(self) -> tuple[int, ...]:
        """The qubits that occur in a step, ascending."""
        groups = {
            step.qubits if isinstance(step, Operation) else (step.qubit,) for step in self.steps
        }
        return tuple(sorted(set().union(*groups)))

    @cached_property
    def terminal_measurements(self) -> TerminalMeasurements:
        """The terminal measurements; callers must not change the object."""
        measurements = TerminalMeasurements()
        for step in self.steps:
            if isinstance(step, Operation):
                if step.gate.name not in TIMING_OPERATIONS:
                    measurements.add_operation(step.qubits)
            elif isinstance(step, Measure):
                measurements.add_measurement(step.qubit, step.outcome)
            else:
                measurements.add_operation((step.qubit,))
        for outcome in self.control_outcomes:
            measurements.add_dependency(outcome)
        return measurements


class BoundInputs(NamedTuple):
    """The inputs of a program with their values.

    Attributes:
        types: Their types, as in the text.
        values: Their values, as in the memory of a run.
        rebind: Compiles the program for other values. Raises Diagnostic.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    values: tuple[Any, ...]
    rebind: "Callable[[Sequence[Any]], Program]"


@dataclass(frozen=True, eq=False)
class Program:
    """A compiled circuit text.

    Attributes:
        registers: The bit registers of the result, in the order of declaration.
        qubits: The number of qubits, from number 0 to the highest one in use.
        new_execution: Creates the execution at its start.
        circuit: The steps of every shot. None if the program, or one of its `outputs`, depends on
            outcomes in a way that deferred measurement cannot express; shots are then executions.
        operations: The number of traced operations.
        size: The approximate memory of the program, in operations.
        outputs: The names of the `output` variables, with their types.
        fixed_outputs: The values of `outputs`, if `circuit` is not None.
        warnings: The texts of the warnings.
        physical: The program names physical qubits; `$n` is qubit number n.
        noisy: The program has noise of its own, whose environment is the qubits from number
            `qubits` on.
        inputs: Returns the inputs; None for a program without any.
    """

    registers: tuple[Register, ...]
    qubits: int
    new_execution: "Callable[[], Execution]"
    circuit: Circuit | None
    operations: int
    size: int
    outputs: tuple[tuple[str, str], ...] = ()
    fixed_outputs: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    physical: bool = False
    noisy: bool = False
    inputs: "Callable[[], BoundInputs] | None" = None

    @cached_property
    def initial_execution(self) -> "Execution":
        """The execution before its first step; callers run a copy."""
        return self.new_execution()

    @property
    def bits(self) -> int:
        """The number of bits in a result."""
        return sum(register.size for register in self.registers)


@dataclass(frozen=True, eq=False)
class Sweep:
    """The programs of one text, one for each element of the values of its inputs.

    Attributes:
        shape: The broadcast shape of the values; () for a single program.
        program: The first program.
        others: Compiles the programs after the first one, the last index running fastest. Raises
            CircuitError.
        rebind: Compiles the text for other values of its inputs, as JSON text. Raises CircuitError
            with one of the errors. None for a text without inputs.
        arrays: Arrays that were drawn with the values of the inputs, for the result.
        register_bits: For each register of the circuit, the numbers of its bits in a result; None:
            those of the program's registers.
    """

    shape: tuple[int, ...]
    program: Program
    others: "Callable[[], Iterator[Program]]" = lambda: iter(())
    rebind: "Callable[[str], Sweep] | None" = None
    register_bits: Mapping[str, Sequence[int]] | None = None
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The number of programs."""
        return prod(self.shape)

    def __iter__(self) -> "Iterator[Program]":
        yield self.program
        yield from self.others()
