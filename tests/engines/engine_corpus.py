"""Corpus of sketches on which all engines are compared; it is the same in every run.

Each group has its own seed, so that a change of one leaves the others as they are.
"""

import math
import random
from collections.abc import Iterator
from itertools import pairwise

from tests.engines.engine_textbook import textbook
from tests.engines.sketch import (
    Call,
    If,
    Measure,
    Modifier,
    Registers,
    Reset,
    Sketch,
    Step,
    count,
    sketch,
)

SHAPES = {
    (0, 1): "id x y z h s sdg t tdg sx",
    (1, 1): "p phase u1 rx ry rz",
    (2, 1): "u2",
    (3, 1): "u3 U",
    (1, 0): "gphase",
    (0, 2): "cx CX cy cz ch swap",
    (1, 2): "cp cphase crx cry crz",
    (4, 2): "cu",
    (0, 3): "ccx cswap",
}
OLD_SHAPES = {
    (3, 1): "u",
    (0, 1): "sxdg",
    (3, 2): "cu3",
    (0, 2): "csx",
    (1, 2): "rxx ryy rzz",
    (0, 4): "c3x c3sx",
}


def shapes_by_name(shapes: dict[tuple[int, int], str]) -> dict[str, tuple[int, int]]:
    return {name: shape for shape, names in shapes.items() for name in names.split()}


GATES = shapes_by_name(SHAPES)
"""Numbers of parameters and qubits of each gate of stdgates.inc and the language."""

OLD_GATES = shapes_by_name(OLD_SHAPES)
"""The other gates of qelib1.inc."""

ALL_GATES = GATES | OLD_GATES

CLIFFORD = ("id", "x", "y", "z", "h", "s", "sdg", "sx", "cx", "CX", "cy", "cz", "swap")

MODIFIERS: tuple[tuple[Modifier, ...], ...] = (
    (),
    (("inv", None),),
    (("ctrl", None),),
    (("negctrl", None),),
    (("pow", 3),),
    (("pow", 0.5),),
    (("ctrl", 2), ("pow", -1)),
    (("negctrl", None), ("ctrl", None), ("inv", None)),
)

CLIFFORD_MODIFIERS: tuple[tuple[Modifier, ...], ...] = ((), (("inv", None),), (("pow", 3),))


def corpus() -> list[Sketch]:
    """Return all sketches."""
    return [
        *textbook(),
        *every_gate(),
        *many_gates(),
        *large(),
        *clifford(),
        *layouts(),
        *half_way(),
        *forward(),
    ]


def operands(modifiers: tuple[Modifier, ...], gate: str) -> int:
    """Return the number of qubits on which a modified gate acts."""
    controls = sum(int(by or 1) for name, by in modifiers if name.endswith("ctrl"))
    return ALL_GATES[gate][1] + controls


class Dice:
    """Random steps on some qubits."""

    def __init__(self, seed: str, clifford: bool = False) -> None:
        self.random = random.Random(seed)
        self.clifford = clifford

    def angle(self) -> float:
        """Return an angle, sometimes a multiple of pi / 4."""
        if self.random.random() < 0.2:
            return self.random.randrange(-8, 9) * math.pi / 4
        return round(self.random.uniform(-7, 7), 6)

    def call(self, gate: str, modifiers: tuple[Modifier, ...], on: list[int]) -> Call:
        qubits = tuple(self.random.sample(on, operands(modifiers, gate)))
        return Call(gate, tuple(self.angle() for _ in range(ALL_GATES[gate][0])), qubits, modifiers)

    def gate(self, on: list[int]) -> Call:
        """Return a random gate on some of these qubits."""
        names = CLIFFORD if self.clifford else tuple(GATES)
        choices = CLIFFORD_MODIFIERS if self.clifford else MODIFIERS
        while True:
            gate = self.random.choice(names)
            modifiers = self.random.choice(choices) if self.random.random() < 0.3 else ()
            if operands(modifiers, gate) <= len(on):
                return self.call(gate, modifiers, on)

    def gates(self, number: int, on: list[int]) -> list[Step]:
        return [self.gate(on) for _ in range(number)]

    def spread(self, on: list[int]) -> list[Step]:
        """Return steps after which all amplitudes are different, and none is 0."""
        if self.clifford:
            return [*(Call("h", (), (q,)) for q in on), *self.gates(len(on), on)]
        turns = [Call("U", (self.angle(), self.angle(), self.angle()), (q,)) for q in on]
        return [*turns, *(Call("cx", (), pair) for pair in pairwise(on))]


def measured(qubits: list[int]) -> list[Step]:
    """Return a measurement of each qubit into the bit of the same number."""
    return [Measure(qubit, qubit) for qubit in qubits]


def every_gate() -> Iterator[Sketch]:
    """Yield each gate with each modifier."""
    for gate in GATES:
        for modifiers in MODIFIERS:
            yield one_gate(gate, modifiers, "stdgates.inc")
    for gate in OLD_GATES:
        for modifiers in MODIFIERS[:3]:
            yield one_gate(gate, modifiers, "qelib1.inc")


def one_gate(gate: str, modifiers: tuple[Modifier, ...], library: str) -> Sketch:
    """Return a circuit in which a gate affects every amplitude."""
    words = [f"{name}{'' if by is None else by}" for name, by in modifiers]
    dice = Dice(" @ ".join([*words, gate]))
    width = max(operands(modifiers, gate), 1) + 1
    on = list(range(width))
    steps = [*dice.spread(on), dice.call(gate, modifiers, on), *dice.spread(on), *measured(on)]
    bits = (("c", width),)
    return Sketch(" @ ".join([*words, gate]), (("q", width),), bits, tuple(steps), library)


def many_gates() -> Iterator[Sketch]:
    """Yield random circuits of all gates."""
    for number in range(40):
        width = 2 + number % 13
        dice, on = Dice(f"gates {number}"), list(range(width))
        steps = [*dice.spread(on), *dice.gates(25, on), *dice.spread(on)]
        yield sketch(f"gates {number}", width, [*steps, *measured(on)])


def large() -> Iterator[Sketch]:
    """Yield circuits of 15 and more qubits, where engines work differently; ten are measured."""
    for width in (15, 16, 18):
        dice, on = Dice(f"large {width}"), list(range(width))
        steps = [*dice.spread(on), *dice.gates(25, on), *dice.spread(on)]
        read = dice.random.sample(on, 10)
        steps += [Measure(qubit, bit) for bit, qubit in enumerate(read)]
        yield sketch(f"large {width}", width, steps, 10)


def clifford() -> Iterator[Sketch]:
    """Yield random Clifford circuits."""
    for number in range(30):
        width = 1 + number % 14
        dice, on = Dice(f"clifford {number}", clifford=True), list(range(width))
        steps = [*dice.gates(5 * width, on), *measured(on)]
        yield sketch(f"clifford {number}", width, steps)


def layouts() -> Iterator[Sketch]:
    """Yield circuits with several registers, idle qubits and repeated measurements into any bit."""
    for number in range(50):
        dice = Dice(f"layout {number}", clifford=number % 3 == 0)
        qubits, bits = registers(dice, "q", 10), registers(dice, "c", 7)
        everything = list(range(count(qubits)))
        on = sorted(dice.random.sample(everything, max(1, len(everything) - number % 4)))
        reads = dice.random.randint(1, count(bits) + 2)
        steps = [*dice.spread(on), *dice.gates(20, on)]
        steps += [
            Measure(dice.random.choice(everything), dice.random.randrange(count(bits)))
            for _ in range(reads)
        ]
        yield Sketch(f"layout {number}", qubits, bits, tuple(steps))


def registers(dice: Dice, name: str, most: int) -> Registers:
    """Return up to four registers of `most` qubits or bits at most; some have no size."""
    sizes: list[tuple[str, int]] = []
    remaining = dice.random.randint(2, most)
    while remaining > 0 and len(sizes) < 4:
        size = dice.random.randint(0, min(remaining, 5))
        sizes.append((f"{name}{len(sizes)}", size))
        remaining -= max(size, 1)
    return tuple(sizes)


def half_way() -> Iterator[Sketch]:
    """Yield circuits with resets and mid-circuit measurements."""
    for number in range(40):
        dice = Dice(f"half-way {number}", clifford=number % 2 == 0)
        width = 2 + number % 7
        on = list(range(width))
        steps = dice.spread(on)
        for turn in range(dice.random.randint(1, 3)):
            qubit = dice.random.choice(on)
            one = Reset(qubit) if dice.random.random() < 0.5 else Measure(qubit, width + turn)
            steps += [one, *dice.gates(6, on)]
        yield sketch(f"half-way {number}", width, [*steps, *measured(on)], width + 3)


def forward() -> Iterator[Sketch]:
    """Yield circuits with gates, resets and measurements that depend on outcomes."""
    for number in range(40):
        dice = Dice(f"forward {number}", clifford=number % 2 == 0)
        width = 2 + number % 6
        on = list(range(width))
        steps = dice.spread(on)
        for turn in range(dice.random.randint(1, 3)):
            steps.append(Measure(dice.random.choice(on), width + turn))
            steps += [branch(dice, on, width, turn + 1), *dice.gates(3, on)]
        yield sketch(f"forward {number}", width, [*steps, *measured(on)], width + 3)


def branch(dice: Dice, on: list[int], first: int, measured_bits: int) -> If:
    """Return a branch on one or more of the measured bits."""
    bits = dice.random.sample(
        range(first, first + measured_bits), dice.random.randint(1, measured_bits)
    )
    condition = tuple((bit, dice.random.randrange(2)) for bit in bits)
    then: list[Step] = dice.gates(2, on)
    if dice.random.random() < 0.3:
        then.append(Reset(dice.random.choice(on)))
    otherwise = dice.gates(2, on) if dice.random.random() < 0.5 else []
    return If(condition, tuple(then), tuple(otherwise))
