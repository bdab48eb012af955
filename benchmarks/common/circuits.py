"""Circuits of the benchmark of engines: MQT Bench, large Clifford circuits, and known loads.

All are OpenQASM 3 text made of gates that `qiskit.qasm3.loads` reads and Aer runs as they are, so
that neither side has to translate anything. They are brought to that form once, off the clock.
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, product, takewhile
from typing import Any

from qiskit import QuantumCircuit, qasm3, transpile
from qiskit.circuit import ControlFlowOp
from qiskit.circuit.library import QFTGate, efficient_su2, quantum_volume
from qiskit.exceptions import QiskitError

from benchmarks.common.load_generator import BELL, layers

BASIS = (
    *("x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "p", "rx", "ry", "rz", "u"),
    *("cx", "cy", "cz", "cp", "crx", "cry", "crz", "swap", "ccx", "cswap"),
)
"""Gates that stand in stdgates.inc and that Aer has, by Qiskit's names."""

SIZES = (2, 4, 6, 8, 10, 12, 14, 16, 18, 20)
QUICK_SIZES = (4, 10, 16)
CLIFFORD = ("ghz", "graphstate", "bv")
LARGE = (50, 100, 200, 500, 1000)
MOST_GATES = 40_000
"""Longer ones say nothing new, and take minutes: Grover's search from 16 qubits on."""

NOTHING = ("z", "s", "sdg")
"""Gates that do nothing to a qubit that is still |0>, all of them Clifford gates."""


@dataclass(frozen=True)
class Case:
    """A circuit; `used` are operands that its gates name, as they stand in the text.

    `size` is what its family calls it: mostly the number of its qubits.
    """

    family: str
    size: int
    qubits: int
    gates: int
    text: str
    used: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{self.family} {self.size}"

    def variant(self, number: int) -> str:
        """The same circuit in another text: before its first gate stands one or two more that do
        nothing, so that whoever remembers programs, even by what they do, has not seen this one.
        """
        single = [f"{gate} {qubit};\n" for qubit in self.used for gate in NOTHING]
        every = chain(single, map("".join, product(single, repeat=2)))
        extra = next(each for k, each in enumerate(every) if k == number)
        declared = self.text.rindex("qubit[")
        at = self.text.index("\n", declared) + 1
        return self.text[:at] + extra + self.text[at:]


def groups(quick: bool = False) -> dict[str, Iterator[Case]]:
    """Every circuit, in groups of one title each."""
    sizes = QUICK_SIZES if quick else SIZES
    return {
        "common loads": known(),
        "MQT Bench, 2 to 20 qubits": chain.from_iterable(of_family(f, sizes) for f in families()),
        "MQT Bench, 50 to 1000 qubits": chain.from_iterable(
            of_sizes(family, LARGE[:1] if quick else LARGE) for family in CLIFFORD
        ),
    }


def known() -> Iterator[Case]:
    """Loads that simulators are often compared by; not from MQT Bench.

    GHZ states of a thousand qubits are among those of MQT Bench: Aer takes a tenth of a second for
    each shot of one.
    """
    yield exported("Bell", qasm3.loads(BELL))
    for qubits, depth in ((5, 10), (10, 20), (14, 20), (18, 20), (20, 20)):
        yield exported("random layers", qasm3.loads(layers(qubits, depth, qubits)))
    yield exported("QFT", measured(18, QFTGate(18)))
    yield exported("quantum volume", measured(14, quantum_volume(14, seed=1)))
    ansatz = efficient_su2(16)
    angles = [0.1 + 0.37 * k % 3 for k in range(ansatz.num_parameters)]
    yield exported("EfficientSU2", measured(16, ansatz.assign_parameters(angles)))


def measured(qubits: int, part: Any) -> QuantumCircuit:
    circuit = QuantumCircuit(qubits)
    circuit.append(part, range(qubits))
    circuit.measure_all()
    return circuit


def families() -> list[str]:
    """What MQT Bench offers."""
    try:
        from mqt.bench.benchmarks import get_available_benchmark_names
    except ImportError:
        raise SystemExit("The circuits are those of MQT Bench: pip install mqt.bench") from None
    return sorted(get_available_benchmark_names())


def of_family(family: str, sizes: tuple[int, ...]) -> Iterator[Case]:
    """A family at these sizes; where it has fewer than three of them, at all from 2 to 20."""
    found = of_sizes(family, sizes)
    if len(found) < 3:
        found = of_sizes(family, range(2, 21))
    yield from found if sizes == SIZES else found[:3]


def of_sizes(family: str, sizes: Iterable[int]) -> list[Case]:
    """The circuits of a family, up to the first one that is too long."""
    built = (case for size in sizes if (case := of_size(family, size)))
    return list(takewhile(lambda case: case.gates <= MOST_GATES, built))


def of_size(family: str, size: int) -> Case | None:
    """The circuit of a family at a size, if there is one."""
    from mqt.bench import BenchmarkLevel, get_benchmark
    from networkx import NetworkXError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            circuit = get_benchmark(family, BenchmarkLevel.INDEP, size)
        except (ValueError, NetworkXError, QiskitError):
            return None
        return exported(family, circuit, size)


def exported(family: str, circuit: QuantumCircuit, size: int = 0) -> Case:
    """A circuit as text, in gates of the basis; without a size, that is its number of qubits.

    One that measures nothing, as those of the family `qaoa`, is measured at its end.
    """
    if not circuit.num_clbits:
        circuit.measure_all()
    flat = transpile(circuit, basis_gates=[*BASIS, "if_else"], optimization_level=0)
    flat.global_phase = 0
    text = qasm3.dumps(flat)
    used = {flat.find_bit(q).registers[0] for item in flat.data for q in item.qubits}
    # As the text names them: a register whose name is a gate's is renamed on the way.
    named = dict(zip(flat.qregs, re.findall(r"^qubit\[\d+\] (\w+);", text, re.M), strict=True))
    names = tuple(sorted(f"{named[register]}[{k}]" for register, k in used))
    gates = sum(weight(item.operation) for item in flat.data)
    qubits = flat.num_qubits
    return Case(family, size or qubits, qubits, gates, text, names)


def weight(operation: Any) -> int:
    """How many instructions it comes to, barriers not counted."""
    if isinstance(operation, ControlFlowOp):
        return 1 + sum(weight(item.operation) for body in operation.blocks for item in body.data)
    return int(operation.name != "barrier")
