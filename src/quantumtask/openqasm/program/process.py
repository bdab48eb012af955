"""A compiled program as it runs: instructions, memory, and the world its gates act on.

A measured bit that nothing has looked at is an Outcome in memory, not a 0 or 1. Whoever needs its
value raises Undecided; the outcome is then decided, and the same instruction is run again. So an
instruction reads all it needs before it changes anything.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.text.source import Diagnostic, OffsetSpan, Span


class Outcome:
    """What a measurement gave: number `number` of this run, not yet known to be 0 or 1."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return f"Outcome({self.number})"


class Undecided(Exception):
    """The program cannot go on before this outcome is 0 or 1."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


class World(Protocol):
    """What a process acts on. Either may raise Undecided, before it has changed anything."""

    def apply(self, operations: Sequence[Operation]) -> None: ...

    def pause(self, operations: Sequence[Operation]) -> None:
        """Adds barriers and delays, which only a program for a device keeps."""
        ...

    def reset(self, qubits: Sequence[int]) -> None: ...

    def measure(self, qubit: int) -> Outcome | int:
        """Never raises; an int where the outcome is known."""
        ...

    def unmeasure(self) -> None:
        """Takes back the measurements at the end. Never raises."""
        ...


class Label:
    """A place in the code that may not be known yet."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = END


END = 1 << 62
"""A jump here ends the program."""

Instruction = Callable[["Process"], int | None]
"""Does one thing; gives the number of the next instruction where that is not the one after."""


class Ways(NamedTuple):
    """The ways of an `if`, a `while`, a `switch` or a logical operator.

    `others`: targets beside the next instruction. `join`: the instruction where all ways meet.
    """

    others: tuple[Label, ...]
    join: Label
    is_if: bool = False


class Code(NamedTuple):
    """A compiled program, which no run of it changes.

    `ways`: the ways of each branching instruction. `finish` runs at the end of the program,
    wherever that is. If `finish` raises Undecided, the next call goes on from there.
    """

    instructions: list[Instruction]
    spans: list[Span]
    memory: list[Any]
    bits: list[int]
    outputs: "list[tuple[str, Callable[[list[Any]], Any]]]"
    ways: dict[int, Ways]
    finish: "Callable[[Process], None] | None" = None


class Process:
    """One run of a program, or the common beginning of several: `copy` makes two of it."""

    __slots__ = ("calls", "code", "memory", "moved", "next", "spent", "steps", "world")

    def __init__(self, code: Code) -> None:
        self.code = code
        self.memory = list(code.memory)
        self.next = 0
        self.steps = 0
        self.spent = 0.0
        self.moved = 0
        self.calls: list[tuple[int, int, list[Any]]] = []
        self.world: World | None = None

    def copy(self) -> "Process":
        """The same point of the same run; its world is still to be given."""
        twin = Process.__new__(Process)
        twin.code = self.code
        twin.memory = list(self.memory)
        twin.next = self.next
        twin.steps = self.steps
        twin.spent = self.spent
        twin.moved = self.moved
        twin.calls = [(back, start, list(saved)) for back, start, saved in self.calls]
        twin.world = None
        return twin

    @property
    def size(self) -> int:
        """About how much memory its code takes, in operations."""
        return len(self.memory) + 10 * len(self.code.instructions)

    def run(self, world: World, most_steps: int, stop: int | None = None) -> None:
        """Goes on to the end, or to instruction `stop`.

        Raises Undecided, and then goes on from there when run again after `decide`; Refusal for
        what cannot be done (an index out of range, a division by zero), and beyond `most_steps`.
        """
        self.world = world
        instructions = self.code.instructions
        end = len(instructions)
        at = self.next
        left = most_steps - self.steps
        try:
            while at < end and at != stop:
                target = instructions[at](self)
                at = at + 1 if target is None else target
                left -= 1
                if left < 0:
                    raise Diagnostic("too_many_steps", _ENDLESS.format(most_steps), self._span(at))
            if at >= end and stop is None and self.code.finish is not None:
                self.code.finish(self)
        except ArithmeticError:
            message = "this cannot be calculated: a number is too large"
            raise Diagnostic("number_too_large", message, self._span(at)) from None
        except ValueError:
            raise Diagnostic("not_finite", "this has no value", self._span(at)) from None
        finally:
            self.next = at
            self.steps = most_steps - left

    def spend(self, cost: float, most: int, span: Span) -> None:
        """Counts what gate calls come to. Raises Diagnostic beyond `most` operations."""
        self.spent += cost
        if self.spent > most:
            message = f"the circuit comes to more than {most:,} operations here"
            raise Diagnostic("too_many_operations", message, span)

    def move(self, elements: int, most: int, span: Span) -> None:
        """Counts what is copied in one step. Raises Diagnostic beyond `most` elements."""
        self.moved += elements
        if self.moved > most:
            message = f"the program moves more than {most:,} elements, bits and words around"
            raise Diagnostic("too_many_steps", message, span)

    @property
    def span(self) -> Span:
        """Where in the text it is."""
        return self._span(self.next)

    def _span(self, at: int) -> Span:
        spans = self.code.spans
        return spans[min(at, len(spans) - 1)] if spans else OffsetSpan(0, 0)

    def decide(self, outcome: Outcome, value: int) -> None:
        """From here on the outcome is `value`."""
        self.memory = [value if cell is outcome else cell for cell in self.memory]
        for _, _, saved in self.calls:
            saved[:] = [value if cell is outcome else cell for cell in saved]

    def bits(self) -> list[int | Outcome]:
        """The bits of the result, in order of declaration."""
        memory = self.memory
        return [memory[address] for address in self.code.bits]

    def outputs(self) -> dict[str, Any]:
        """The `output` variables, ready for JSON. Raises Undecided."""
        return {name: read(self.memory) for name, read in self.code.outputs}


_ENDLESS = "the program did not end within {:,} steps"


def known(value: Any) -> int:
    """The value of a bit. Raises Undecided."""
    if value.__class__ is Outcome:
        raise Undecided(value)
    return value  # type: ignore[no-any-return]
