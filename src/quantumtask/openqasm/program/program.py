"""What a circuit text becomes: everything an engine needs to know."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from quantumtask.openqasm.program.operations import SCHEDULING_OPERATIONS, Operation
from quantumtask.openqasm.program.terminal_measurements import Ends

if TYPE_CHECKING:
    from quantumtask.openqasm.program.process import Process


class Register(NamedTuple):
    """A bit register of the program, in the order of declaration; `bit c;` is one of size 1."""

    name: str
    size: int


class Measure(NamedTuple):
    """A measurement of a qubit; its outcome is number `outcome` of the run."""

    qubit: int
    outcome: int


class Reset(NamedTuple):
    """A qubit is put into the state |0>."""

    qubit: int


Step = Operation | Measure | Reset


@dataclass(frozen=True, eq=False)
class Circuit:
    """A program whose every shot does the same: `steps`, in order.

    `bits` has an entry for each bit of the result: a constant 0 or 1, or -1 - k for outcome k.
    `outcomes`: the number of measurements. `final`: no step follows the measurement of a qubit on
    that qubit. `followed`: outcomes that the program needs; later gates may be controlled by the
    measured qubits instead.
    """

    steps: tuple[Step, ...]
    bits: tuple[int, ...]
    outcomes: int
    clifford: bool
    final: bool
    followed: frozenset[int] = frozenset()

    @cached_property
    def touched(self) -> tuple[int, ...]:
        """The qubits that an operation touches, ascending."""
        groups = {
            step.qubits if isinstance(step, Operation) else (step.qubit,) for step in self.steps
        }
        return tuple(sorted(set().union(*groups)))

    @cached_property
    def ends(self) -> Ends:
        """The end measurements; callers must not change the object."""
        ends = Ends()
        for step in self.steps:
            if isinstance(step, Operation):
                ends.touch(() if step.gate.name in SCHEDULING_OPERATIONS else step.qubits)
            elif isinstance(step, Measure):
                ends.measure(step.qubit, step.outcome)
            else:
                ends.touch((step.qubit,))
        for outcome in self.followed:
            ends.need(outcome)
        return ends


@dataclass(frozen=True, eq=False)
class Program:
    """A checked circuit, ready to run.

    Attributes:
        qubits: The number of qubits, from number 0 to the highest one in use.
        physical: The program names physical qubits; `$n` is qubit number n.
        noisy: The program has noise of its own, whose environment is the qubits from number
            `qubits` on.
        circuit: The steps of every shot. None if more than gates depends on outcomes (see
            `deferred`), or if `outputs` does: each history of outcomes is then a run of `process`,
            which `begin` makes.
        operations: The number of traced operations.
        size: The approximate memory of the program, in operations.
        outputs: The `output` variables with their types.
        fixed_outputs: The values of `outputs`, if `circuit` is not None.
    """

    registers: tuple[Register, ...]
    qubits: int
    begin: "Callable[[], Process]"
    circuit: Circuit | None
    operations: int
    size: int
    outputs: tuple[tuple[str, str], ...] = ()
    fixed_outputs: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    physical: bool = False
    noisy: bool = False

    @cached_property
    def process(self) -> "Process":
        """The program before its first step: a copy of it can be run."""
        return self.begin()

    @property
    def bits(self) -> int:
        """The number of bits in a result."""
        return sum(register.size for register in self.registers)


@dataclass(frozen=True, eq=False)
class Sweep:
    """Programs of one text, with one after another of the values of its inputs.

    `shape` is that of the values, broadcast; () for a single program. `program` is the first;
    `others` makes those after it, the last index running fastest, and raises CircuitError.
    """

    shape: tuple[int, ...]
    program: Program
    others: "Callable[[], Iterator[Program]]" = lambda: iter(())

    @property
    def size(self) -> int:
        return prod(self.shape)

    def __iter__(self) -> "Iterator[Program]":
        yield self.program
        yield from self.others()
