"""Algorithms of the textbooks as sketches."""

import math
from collections.abc import Iterable, Iterator
from itertools import chain

from tests.engines.sketch import Call, If, Measure, Modifier, Reset, Sketch, Step, sketch

PI = math.pi


def textbook() -> Iterator[Sketch]:
    """Yield all algorithms, in several sizes."""
    yield from chain(
        (bell(a, b) for a in (0, 1) for b in (0, 1)),
        (ghz(n) for n in (3, 5, 8, 11, 14)),
        (w_state(n) for n in (3, 6, 9)),
        (superdense(a, b) for a in (0, 1) for b in (0, 1)),
        (deutsch_jozsa(mask, 4) for mask in (0, 5, 15)),
        (bernstein_vazirani(secret, n) for secret, n in ((5, 3), (93, 7), (4001, 12))),
        (grover(marked, n) for marked, n in ((2, 2), (5, 3), (9, 4), (18, 5))),
        (fourier(value, n) for value, n in ((3, 3), (19, 5), (201, 8), (1500, 11))),
        (phase_encoded(value, n) for value, n in ((6, 3), (77, 7), (9000, 14))),
        (phase_estimation(phase, n) for phase, n in ((0.3, 4), (5 / 32, 5), (0.71, 7))),
        (swap_test(a, b) for a, b in ((0.4, 0.4), (0.3, 2.1))),
        (simon(3), simon(5)),
        (graph_state(n) for n in (4, 7, 12)),
        (adder(a, b, 4) for a, b in ((5, 9), (15, 15))),
        (ising(n, 4) for n in (4, 8, 13)),
        (walk(3),),
        (teleport(theta) for theta in (0.7, 2.4)),
        (entanglement_swap(), repeater()),
        (bit_flip(error) for error in (None, 0, 2)),
        (iterative_phase(phase) for phase in (5 / 8, 0.2)),
        (cat_by_measurement(n) for n in (3, 5)),
        (reused(4), gate_teleport()),
    )


def g(gate: str, *qubits: int, by: tuple[float, ...] = (), **modifiers: float | None) -> Call:
    modifier_items: tuple[Modifier, ...] = tuple(modifiers.items())
    return Call(gate, by, qubits, modifier_items)


def read(qubits: Iterable[int]) -> list[Step]:
    """Return measurements into the bits 0, 1, .."""
    return [Measure(qubit, bit) for bit, qubit in enumerate(qubits)]


def all_h(n: int) -> list[Step]:
    return [g("h", k) for k in range(n)]


def bits_of(value: int, n: int) -> list[int]:
    return [k for k in range(n) if value >> k & 1]


def bell(a: int, b: int) -> Sketch:
    steps = [g("x", k) for k, on in enumerate((a, b)) if on]
    return sketch(f"bell {a}{b}", 2, [*steps, g("h", 0), g("cx", 0, 1), *read(range(2))])


def ghz(n: int) -> Sketch:
    chained = [g("cx", k, k + 1) for k in range(n - 1)]
    return sketch(f"ghz {n}", n, [g("h", 0), *chained, *read(range(n))])


def w_state(n: int) -> Sketch:
    steps: list[Step] = [g("x", 0)]
    for k in range(1, n):
        steps += [g("cry", 0, k, by=(2 * math.acos(math.sqrt((n - k) / (n - k + 1))),))]
        steps += [g("cx", k, 0)]
    return sketch(f"w {n}", n, [*steps, *read(range(n))])


def superdense(a: int, b: int) -> Sketch:
    message_gates = [g("x", 0)] * b + [g("z", 0)] * a
    steps = [g("h", 0), g("cx", 0, 1), *message_gates, g("cx", 0, 1), g("h", 0), *read(range(2))]
    return sketch(f"superdense {a}{b}", 2, steps)


def deutsch_jozsa(mask: int, n: int) -> Sketch:
    oracle = [g("cx", k, n) for k in bits_of(mask, n)]
    steps = [g("x", n), *all_h(n + 1), *oracle, *all_h(n), *read(range(n))]
    return sketch(f"deutsch-jozsa {mask}", n + 1, steps, n)


def bernstein_vazirani(secret: int, n: int) -> Sketch:
    steps = [*all_h(n), *(g("z", k) for k in bits_of(secret, n)), *all_h(n), *read(range(n))]
    return sketch(f"bernstein-vazirani {secret}", n, steps)


def grover(marked: int, n: int) -> Sketch:
    rounds = math.floor(PI / 4 * math.sqrt(2**n))
    zeros = [g("x", k) for k in range(n) if not marked >> k & 1]
    every = [g("x", k) for k in range(n)]
    flip = Call("z", (), tuple(range(n)), (("ctrl", n - 1),))
    turn = [*zeros, flip, *zeros, *all_h(n), *every, flip, *every, *all_h(n)]
    return sketch(f"grover {marked}", n, [*all_h(n), *turn * rounds, *read(range(n))])


def qft(n: int) -> list[Step]:
    steps: list[Step] = []
    for k in reversed(range(n)):
        steps.append(g("h", k))
        steps += [g("cp", j, k, by=(PI / 2 ** (k - j),)) for j in reversed(range(k))]
    return [*steps, *(g("swap", k, n - 1 - k) for k in range(n // 2))]


def inverse_qft(n: int) -> list[Step]:
    return [
        step._replace(modifiers=(("inv", None),)) if isinstance(step, Call) else step
        for step in reversed(qft(n))
    ]


def fourier(value: int, n: int) -> Sketch:
    """Return a Fourier transform and its inverse: the result is the input."""
    put = [g("x", k) for k in bits_of(value, n)]
    return sketch(f"fourier {value}", n, [*put, *qft(n), *inverse_qft(n), *read(range(n))])


def phase_encoded(value: int, n: int) -> Sketch:
    """Return the phases of a number, and the inverse transform that returns the number."""
    turns = [g("p", k, by=(2 * PI * value * 2**k / 2**n,)) for k in range(n)]
    return sketch(f"shifted {value}", n, [*all_h(n), *turns, *inverse_qft(n), *read(range(n))])


def phase_estimation(phase: float, n: int) -> Sketch:
    turns = [g("cp", k, n, by=(2 * PI * phase * 2**k,)) for k in range(n)]
    steps = [g("x", n), *all_h(n), *turns, *inverse_qft(n), *read(range(n))]
    return sketch(f"phase estimation {phase:.3f}", n + 1, steps, n)


def swap_test(a: float, b: float) -> Sketch:
    steps = [g("ry", 1, by=(a,)), g("ry", 2, by=(b,)), g("h", 0), g("cswap", 0, 1, 2), g("h", 0)]
    return sketch(f"swap test {a} {b}", 3, [*steps, *read([0])], 1)


def simon(secret: int) -> Sketch:
    copies = [g("cx", k, 3 + k) for k in range(3)]
    low = bits_of(secret, 3)[0]
    hidden = [g("cx", low, 3 + k) for k in bits_of(secret, 3)]
    steps = [*all_h(3), *copies, *hidden, *all_h(3), *read(range(3))]
    return sketch(f"simon {secret}", 6, steps, 3)


def graph_state(n: int) -> Sketch:
    edges = [g("cz", k, (k + 1) % n) for k in range(n)] + [g("cz", 0, n // 2)]
    turned = [g("sx", k) for k in range(0, n, 3)]
    return sketch(f"graph {n}", n, [*all_h(n), *edges, *turned, *all_h(n // 2), *read(range(n))])


def adder(a: int, b: int, n: int) -> Sketch:
    """Cuccaro's: `b` becomes the sum. Qubits: carry, a0, b0, a1, b1, .., top."""
    first, second = [1 + 2 * k for k in range(n)], [2 + 2 * k for k in range(n)]
    carries, top = [0, *first[:-1]], 2 * n + 1
    steps: list[Step] = [g("x", first[k]) for k in bits_of(a, n)]
    steps += [g("x", second[k]) for k in bits_of(b, n)]
    for c, x, y in zip(carries, first, second, strict=True):
        steps += [g("cx", x, y), g("cx", x, c), g("ccx", c, y, x)]
    steps.append(g("cx", first[-1], top))
    for c, x, y in reversed(list(zip(carries, first, second, strict=True))):
        steps += [g("ccx", c, y, x), g("cx", x, c), g("cx", c, y)]
    return sketch(f"adder {a}+{b}", 2 * n + 2, [*steps, *read([*second, top])], n + 1)


def ising(n: int, depth: int) -> Sketch:
    steps: list[Step] = []
    for _ in range(depth):
        for k in range(n - 1):
            steps += [g("cx", k, k + 1), g("rz", k + 1, by=(0.37,)), g("cx", k, k + 1)]
        steps += [g("rx", k, by=(0.61,)) for k in range(n)]
    return sketch(f"ising {n}", n, [*steps, *read(range(n))])


def walk(n: int) -> Sketch:
    """A coin (the last qubit) moves a walker up a ring of 2**n places, or down."""
    up = [Call("x", (), (n, *range(k), k), (("ctrl", k + 1),)) for k in reversed(range(n))]
    down = [
        Call("x", (), (n, *range(k), k), (("negctrl", None), *((("ctrl", k),) if k else ())))
        for k in range(n)
    ]
    steps = [*(g("h", n), *up, *down) * 3, *read(range(n))]
    return sketch(f"walk {n}", n + 1, steps, n)


def on(bit: int, *then: Step) -> If:
    return If(((bit, 1),), then)


def teleport(theta: float) -> Sketch:
    steps: list[Step] = [
        *(g("ry", 0, by=(theta,)), g("p", 0, by=(0.9,)), g("h", 1), g("cx", 1, 2)),
        *(g("cx", 0, 1), g("h", 0), Measure(0, 0), Measure(1, 1)),
        *(on(1, g("x", 2)), on(0, g("z", 2)), g("rx", 2, by=(0.4,)), Measure(2, 2)),
    ]
    return sketch(f"teleport {theta}", 3, steps)


def entanglement_swap() -> Sketch:
    pairs = [g("h", 0), g("cx", 0, 1), g("h", 2), g("cx", 2, 3)]
    joined: list[Step] = [g("cx", 1, 2), g("h", 1), Measure(1, 0), Measure(2, 1)]
    corrections: list[Step] = [on(1, g("x", 3)), on(0, g("z", 3)), Measure(0, 2), Measure(3, 3)]
    return sketch("entanglement swap", 4, [*pairs, *joined, *corrections])


def repeater() -> Sketch:
    """Teleported twice through the same two qubits, which are reset in between."""
    steps: list[Step] = [g("u3", 0, by=(1.1, 0.3, 0.2))]
    for turn in range(2):
        steps += [Reset(1), Reset(2), g("h", 1), g("cx", 1, 2), g("cx", 0, 1), g("h", 0)]
        steps += [Measure(0, 2 * turn), Measure(1, 2 * turn + 1)]
        steps += [on(2 * turn + 1, g("x", 2)), on(2 * turn, g("z", 2)), Reset(0), g("swap", 0, 2)]
    return sketch("repeater", 3, [*steps, g("h", 0), Measure(0, 4)], 5)


def bit_flip(error: int | None) -> Sketch:
    """Return the three-qubit code: an error, its syndrome and the correction."""
    steps: list[Step] = [g("ry", 0, by=(1.2,)), g("cx", 0, 1), g("cx", 0, 2)]
    steps += [] if error is None else [g("x", error)]
    steps += [g("cx", 0, 3), g("cx", 1, 3), g("cx", 1, 4), g("cx", 2, 4)]
    steps += [Measure(3, 0), Measure(4, 1)]
    for syndrome, qubit in (((1, 0), 0), ((1, 1), 1), ((0, 1), 2)):
        steps.append(If(tuple(enumerate(syndrome)), (g("x", qubit),)))
    steps += [Measure(k, 2 + k) for k in range(3)]
    return sketch(f"bit flip {error}", 5, steps)


def iterative_phase(phase: float) -> Sketch:
    """Return iterative phase estimation: three bits, each corrected by the bits before it."""
    steps: list[Step] = [g("x", 1)]
    for k in range(3):
        steps += [Reset(0), g("h", 0), g("cp", 0, 1, by=(2 * PI * phase * 2 ** (2 - k),))]
        steps += [on(j, g("p", 0, by=(-PI / 2 ** (k - j),))) for j in range(k)]
        steps += [g("h", 0), Measure(0, k)]
    return sketch(f"iterative phase {phase}", 2, steps, 3)


def cat_by_measurement(n: int) -> Sketch:
    """Return a GHZ state in constant depth: measured parities control corrections."""
    steps: list[Step] = [*all_h(n)]
    for k in range(n - 1):
        steps += [Reset(n), g("cx", k, n), g("cx", k + 1, n), Measure(n, k)]
        steps += [on(k, g("x", k + 1))]
    return sketch(f"cat {n}", n + 1, [*steps, *(Measure(k, n + k) for k in range(n))], 2 * n)


def reused(times: int) -> Sketch:
    """Return repeated measurements of one qubit into a register."""
    steps: list[Step] = []
    for k in range(times):
        steps += [g("ry", 0, by=(0.5 + k,)), Measure(0, k)]
    return sketch(f"reused {times}", 1, steps, times)


def gate_teleport() -> Sketch:
    """Return a T gate by a magic state, with an S gate that the outcome controls."""
    steps: list[Step] = [g("h", 0), g("h", 1), g("t", 1), g("cx", 0, 1), Measure(1, 0)]
    return sketch("gate teleport", 2, [*steps, on(0, g("s", 0)), g("h", 0), Measure(0, 1)])
