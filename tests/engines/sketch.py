"""Sketch: a circuit as a list of steps, which has a text and an exact distribution.

Qubits and bits are numbered through all registers, in the order of declaration.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

Modifier = tuple[str, float | None]
"""`ctrl`, `negctrl`, `inv` or `pow`, and its argument."""

Registers = tuple[tuple[str, int], ...]
"""Names and sizes; the size 0 declares a single qubit or bit."""


class Call(NamedTuple):
    """Call of a gate; the last modifier is applied first."""

    gate: str
    params: tuple[float, ...]
    qubits: tuple[int, ...]
    modifiers: tuple[Modifier, ...] = ()


class Measure(NamedTuple):
    """Measurement of a qubit into a bit."""

    qubit: int
    bit: int


class Reset(NamedTuple):
    """Reset of a qubit to |0>."""

    qubit: int


class If(NamedTuple):
    """Branch: `then` if the bits have the values of `condition`, else `otherwise`."""

    condition: tuple[tuple[int, int], ...]
    then: "tuple[Step, ...]"
    otherwise: "tuple[Step, ...]" = ()


Step = Call | Measure | Reset | If


@dataclass(frozen=True)
class Sketch:
    """Circuit with a name."""

    name: str
    qubits: Registers
    bits: Registers
    steps: tuple[Step, ...]
    library: str = "stdgates.inc"

    @property
    def width(self) -> int:
        return count(self.qubits)

    @property
    def outcome_bits(self) -> int:
        return count(self.bits)

    def text(self) -> str:
        """Return the circuit as OpenQASM 3."""
        lines = ["OPENQASM 3.0;", f'include "{self.library}";']
        lines += [declaration("qubit", *register) for register in self.qubits]
        lines += [declaration("bit", *register) for register in self.bits]
        writer = Writer(operands(self.qubits), operands(self.bits))
        return "\n".join([*lines, *writer.lines(self.steps), ""])


def sketch(name: str, width: int, steps: Iterable[Step], bits: int | None = None) -> Sketch:
    """Return a circuit on the registers `q` and `c`, of one size unless `bits` is set."""
    return Sketch(name, (("q", width),), (("c", width if bits is None else bits),), tuple(steps))


def count(registers: Registers) -> int:
    return sum(max(size, 1) for _, size in registers)


def declaration(word: str, name: str, size: int) -> str:
    return f"{word}[{size}] {name};" if size else f"{word} {name};"


def operands(registers: Registers) -> list[str]:
    """Return the name of each qubit, or bit."""
    return [
        f"{name}[{k}]" if size else name for name, size in registers for k in range(max(size, 1))
    ]


class Writer(NamedTuple):
    """Writer of steps, with the names of the qubits and bits."""

    qubits: list[str]
    bits: list[str]

    def lines(self, steps: Iterable[Step]) -> Iterator[str]:
        for step in steps:
            if isinstance(step, Call):
                yield self.call(step)
            elif isinstance(step, Measure):
                yield self.measure(step)
            elif isinstance(step, Reset):
                yield f"reset {self.qubits[step.qubit]};"
            else:
                yield from self.branch(step)

    def call(self, step: Call) -> str:
        before = "".join(f"{modifier(each)} @ " for each in step.modifiers)
        params = f"({', '.join(map(repr, step.params))})" if step.params else ""
        return f"{before}{step.gate}{params} {', '.join(self.qubits[q] for q in step.qubits)};"

    def measure(self, step: Measure) -> str:
        """Return one of the two forms of a measurement."""
        qubit, bit = self.qubits[step.qubit], self.bits[step.bit]
        return f"measure {qubit} -> {bit};" if step.qubit % 2 else f"{bit} = measure {qubit};"

    def branch(self, step: If) -> Iterator[str]:
        condition = [f"{self.bits[bit]} == {value}" for bit, value in step.condition]
        yield f"if ({' && '.join(condition)}) {{"
        yield from self.lines(step.then)
        if step.otherwise:
            yield "} else {"
            yield from self.lines(step.otherwise)
        yield "}"


def modifier(each: Modifier) -> str:
    name, argument = each
    return name if argument is None else f"{name}({argument})"
