"""Virtual machine of compiled programs: instructions, memory and the quantum target.

A measured bit is a MeasurementOutcome in memory until the program needs its value. An instruction
that needs the value raises UndecidedOutcome; the caller decides the outcome, and the same
instruction runs again. An instruction therefore reads all its operands before it changes anything.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.text.source import Diagnostic, OffsetSpan, Span


class MeasurementOutcome:
    """The outcome of measurement `number` of a run; its value, 0 or 1, is not decided yet."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return f"MeasurementOutcome({self.number})"


class UndecidedOutcome(Exception):
    """Signals an instruction that needs the value of an outcome before it can run."""

    def __init__(self, outcome: MeasurementOutcome) -> None:
        self.outcome = outcome


class QuantumTarget(Protocol):
    """The qubits that a program acts on: a simulator, or a recorder of operations.

    Only `apply`, `apply_timing` and `reset` may raise UndecidedOutcome, before any change.
    """

    def apply(self, operations: Sequence[Operation]) -> None:
        """Apply gates."""
        ...

    def apply_timing(self, operations: Sequence[Operation]) -> None:
        """Apply barriers and delays, which only a program for a device contains."""
        ...

    def reset(self, qubits: Sequence[int]) -> None:
        """Put qubits into the state |0>."""
        ...

    def measure(self, qubit: int) -> MeasurementOutcome | int:
        """Measure a qubit; an int is an outcome whose value is certain."""
        ...

    def drop_terminal_measurements(self) -> None:
        """Remove the terminal measurements (see TerminalMeasurements)."""
        ...


class JumpLabel:
    """A jump target, whose address may be set after the jump is emitted."""

    __slots__ = ("address",)

    def __init__(self) -> None:
        self.address = END


END = 1 << 62
"""The address of a jump that ends the program."""

Instruction: TypeAlias = "Callable[[Execution, QuantumTarget], int | None]"
"""A step of the program; returns the address to jump to, None for the following instruction."""


class BranchTargets(NamedTuple):
    """The branches of an `if`, a `while`, a `switch` or a logical operator.

    Attributes:
        targets: The targets other than the following instruction.
        join: The instruction at which all branches meet.
        is_if: The statement is an `if`.
    """

    targets: tuple[JumpLabel, ...]
    join: JumpLabel
    is_if: bool = False


class Code(NamedTuple):
    """A compiled program; executions share the code and never change it.

    Attributes:
        spans: The span in the text of each instruction.
        memory: The initial values of the memory cells.
        bits: The cells of the bits of the result.
        outputs: The name of each `output` variable, and the function that reads it from memory.
        branches: The branches of each branching instruction, by address.
        finish: Runs at the end of the program, at any address. If `finish` raises
            UndecidedOutcome, it is called again and must continue.
    """

    instructions: list[Instruction]
    spans: list[Span]
    memory: list[Any]
    bits: list[int]
    outputs: list[tuple[str, Callable[[list[Any]], Any]]]
    branches: dict[int, BranchTargets]
    finish: "Callable[[Execution, QuantumTarget], None] | None" = None


Frame = tuple[int, int, list[Any]]
"""A subroutine call in progress: its return address, and the cells that the call saved.

The second part is the first cell of the subroutine. The list has the values of the cells from there
on before a recursive call; it is empty if the call is not recursive. A plain tuple, for speed.
"""


class Execution:
    """One run of a program, or the common first part of several runs; `copy` forks it.

    Attributes:
        address: The next instruction.
        steps: The number of instructions run so far.
        operations: The number of quantum operations of gate calls run so far, by their cost.
        copied_elements: The number of elements, bits and saved cells copied so far.
    """

    __slots__ = ("address", "calls", "code", "copied_elements", "memory", "operations", "steps")

    def __init__(self, code: Code) -> None:
        self.code = code
        self.memory = list(code.memory)
        self.address = 0
        self.steps = 0
        self.operations = 0.0
        self.copied_elements = 0
        self.calls: list[Frame] = []

    def copy(self) -> "Execution":
        """Return an independent execution at the same point."""
        fork = Execution.__new__(Execution)
        fork.code = self.code
        fork.memory = list(self.memory)
        fork.address = self.address
        fork.steps = self.steps
        fork.operations = self.operations
        fork.copied_elements = self.copied_elements
        fork.calls = [(back, first, list(saved)) for back, first, saved in self.calls]
        return fork

    @property
    def size(self) -> int:
        """The approximate memory of the code, in operations."""
        return len(self.memory) + 10 * len(self.code.instructions)

    def run(self, quantum: QuantumTarget, max_steps: int, stop: int | None = None) -> None:
        """Run to the end of the program, or to the address `stop`.

        Raises:
            UndecidedOutcome: An outcome is needed; call `decide` and then `run` again.
            Diagnostic: A runtime error (an index out of range, a division by zero), or more steps
                than `max_steps`.
        """
        instructions = self.code.instructions
        end = len(instructions)
        address = self.address
        remaining = max_steps - self.steps
        try:
            while address < end and address != stop:
                target = instructions[address](self, quantum)
                address = address + 1 if target is None else target
                remaining -= 1
                if remaining < 0:
                    message = f"the program did not end within {max_steps:,} steps"
                    raise Diagnostic("too_many_steps", message, self._span(address))
            if address >= end and stop is None and self.code.finish is not None:
                self.code.finish(self, quantum)
        except ArithmeticError:
            message = "this cannot be calculated: a number is too large"
            raise Diagnostic("number_too_large", message, self._span(address)) from None
        except ValueError:
            raise Diagnostic(
                "not_finite", "the result is not a number", self._span(address)
            ) from None
        finally:
            self.address = address
            self.steps = max_steps - remaining

    def charge_operations(self, cost: float, limit: int, span: Span) -> None:
        """Count the operations of a gate call. Raises Diagnostic beyond `limit`."""
        self.operations += cost
        if self.operations > limit:
            message = f"the circuit comes to more than {limit:,} operations here"
            raise Diagnostic("too_many_operations", message, span)

    def charge_copies(self, elements: int, limit: int, span: Span) -> None:
        """Count elements that an instruction copies. Raises Diagnostic beyond `limit`."""
        self.copied_elements += elements
        if self.copied_elements > limit:
            message = f"the program copies more than {limit:,} elements and bits"
            raise Diagnostic("too_many_steps", message, span)

    @property
    def span(self) -> Span:
        """The span in the text of the next instruction."""
        return self._span(self.address)

    def _span(self, address: int) -> Span:
        spans = self.code.spans
        return spans[min(address, len(spans) - 1)] if spans else OffsetSpan(0, 0)

    def decide(self, outcome: MeasurementOutcome, value: int) -> None:
        """Replace an outcome by its value, 0 or 1, in all memory."""
        self.memory = [value if cell is outcome else cell for cell in self.memory]
        for _, _, saved in self.calls:
            saved[:] = [value if cell is outcome else cell for cell in saved]

    def bits(self) -> list[int | MeasurementOutcome]:
        """Return the bits of the result, in the order of declaration."""
        memory = self.memory
        return [memory[address] for address in self.code.bits]

    def outputs(self) -> dict[str, Any]:
        """Return the `output` variables as JSON values. Raises UndecidedOutcome."""
        return {name: read(self.memory) for name, read in self.code.outputs}


def bit_value(value: Any) -> int:
    """Return the value of a bit, 0 or 1. Raises UndecidedOutcome."""
    if value.__class__ is MeasurementOutcome:
        raise UndecidedOutcome(value)
    return value  # type: ignore[no-any-return]
