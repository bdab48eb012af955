"""Circuits of the benchmark of the estimates: random ones, common algorithms, and MQT Bench."""

import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, product

from qiskit import QuantumCircuit
from qiskit.circuit.library import QFTGate, efficient_su2, quantum_volume

from benchmarks.common.circuits import (
    QUICK_SIZES,
    SIZES,
    Case,
    build_family,
    common_loads,
    export_case,
    families,
    measure_all,
)
from benchmarks.common.load_generator import layers

SEED = 7
ALL_SHOTS = (1, 1024, 100_000)
MAX_VOLUME_QUBITS = 20
"""Largest quantum volume: the exporter takes longer than all engines for more qubits."""


@dataclass(frozen=True)
class Load:
    title: str
    text: str
    shots: tuple[int, ...] = ALL_SHOTS


def loads(quick: bool) -> Iterator[Load]:
    yield from random_loads(quick)
    for case in chain(common_loads(), algorithms(quick), mqt_cases(quick)):
        yield Load(case.title, case.text)


def mqt_cases(quick: bool) -> Iterator[Case]:
    """Yield the circuits of MQT Bench, if it is installed."""
    try:
        names = families()
    except SystemExit as missing:
        print(f"Without MQT Bench: {missing}", file=sys.stderr)
        return
    for name in names:
        yield from build_family(name, QUICK_SIZES if quick else SIZES)


def algorithms(quick: bool) -> Iterator[Case]:
    """Yield circuits whose numbers of qubits and gates grow in different ways."""
    for qubits in (3, 10, 16, 19) if quick else (2, 3, 5, 7, *range(9, 25)):
        rng = random.Random(qubits)
        text = layers(qubits, 10, qubits)
        yield Case("random layers", qubits, qubits, 0, text, ())
        yield export_case("QFT of rotations", fourier(qubits, rng))
        yield export_case("Trotter", trotter(qubits, rng))
        ansatz = efficient_su2(qubits)
        angles = [rng.uniform(0, 3) for _ in range(ansatz.num_parameters)]
        yield export_case("EfficientSU2", measure_all(qubits, ansatz.assign_parameters(angles)))
        if qubits <= MAX_VOLUME_QUBITS:
            part = quantum_volume(qubits, depth=min(qubits, 10), seed=qubits)
            yield export_case("quantum volume", measure_all(qubits, part))


def fourier(qubits: int, rng: random.Random) -> QuantumCircuit:
    """Return a Fourier transform of a product state; that of a basis state is a Clifford one."""
    circuit = QuantumCircuit(qubits)
    for k in range(qubits):
        circuit.ry(rng.uniform(0.1, 3), k)
    circuit.append(QFTGate(qubits), range(qubits))
    circuit.measure_all()
    return circuit


def trotter(qubits: int, rng: random.Random) -> QuantumCircuit:
    """Return four steps of an Ising chain in a transverse field."""
    circuit = QuantumCircuit(qubits)
    for _ in range(4):
        for k in range(qubits - 1):
            circuit.rzz(0.3, k, k + 1)
        for k in range(qubits):
            circuit.rx(rng.uniform(0.1, 1), k)
    circuit.measure_all()
    return circuit


def random_loads(quick: bool) -> Iterator[Load]:
    """Yield random circuits for each kind of engine."""
    sizes = (3, 9) if quick else (2, 4, 7, 9, 12, 14, 16)
    for kind, qubits in product(KINDS, sizes):
        yield Load(f"random {kind} {qubits}", build_text(kind, qubits), (1024,))
    for flips in (8, 24, 100):
        yield Load(f"{flips} coin flips on one qubit", coin_flips(flips), (100, 1024))
    for qubits in (40, 120, 300):
        yield Load(f"random Clifford {qubits}", build_text("Clifford", qubits), (1, 1024))


def build_text(kind: str, qubits: int) -> str:
    generator = random.Random(f"{SEED} {kind} {qubits}")
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', f"qubit[{qubits}] q;", f"bit[{qubits}] c;"]
    for _ in range(6):
        lines += [single(kind, k, generator) for k in range(qubits)]
        lines += [f"cx q[{a}], q[{b}];" for a, b in pairs(qubits, generator)]
        lines.append(KINDS[kind](generator.randrange(qubits), generator.randrange(qubits)))
    return "\n".join([*lines, "c = measure q;"])


KINDS: dict[str, Callable[[int, int], str]] = {
    "plain": lambda _, __: "",
    "Clifford": lambda _, __: "",
    "measured": lambda a, _: f"c[{a}] = measure q[{a}];",
    "dynamic": lambda a, b: f"c[{a}] = measure q[{a}];\nif (c[{a}]) {{ x q[{b}]; }}",
}
"""Statement on two qubits between the layers, by the kind of circuit."""


def coin_flips(flips: int) -> str:
    head = f'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit q;\nbit[{flips}] c;\n'
    return head + "".join(
        [f"h q;\nc[{k}] = measure q;\nif (c[{k}]) {{ x q; }}\n" for k in range(flips)]
    )


def single(kind: str, qubit: int, generator: random.Random) -> str:
    if kind == "Clifford":
        return f"{generator.choice('hsxyz')} q[{qubit}];"
    return f"{generator.choice(('rx', 'ry', 'rz', 'p'))}({generator.uniform(0, 3):.4f}) q[{qubit}];"


def pairs(qubits: int, generator: random.Random) -> Iterator[tuple[int, int]]:
    order = generator.sample(range(qubits), qubits)
    return zip(order[::2], order[1::2], strict=False)
