"""Circuits of the engine benchmark: MQT Bench, large Clifford circuits, and common loads.

Each circuit is OpenQASM 3 text with gates that `qiskit.qasm3.loads` reads and Aer runs without a
translation. The translation of the circuits into these gates is not measured.
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
"""Gates of stdgates.inc that Aer supports, by their names in Qiskit."""

SIZES = (2, 4, 6, 8, 10, 12, 14, 16, 18, 20)
QUICK_SIZES = (4, 10, 16)
CLIFFORD = ("ghz", "graphstate", "bv")
LARGE = (50, 100, 200, 500, 1000)
MAX_GATES = 40_000
"""Largest number of gates; longer circuits, such as large ones of Grover, take minutes."""

IDENTITY_ON_ZERO = ("z", "s", "sdg")
"""Clifford gates that do not change a qubit in |0>."""


@dataclass(frozen=True)
class Case:
    """Circuit of the benchmark.

    Attributes:
        size: Size in its family, mostly the number of qubits.
        used: Operands of the gates, as in the text.
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
        """Return an equal circuit with a different text and a different program.

        One or two gates without an effect precede the first gate, so that no cache holds the
        program.
        """
        single = [f"{gate} {qubit};\n" for qubit in self.used for gate in IDENTITY_ON_ZERO]
        prefixes = chain(single, map("".join, product(single, repeat=2)))
        prefix = next(each for k, each in enumerate(prefixes) if k == number)
        declaration = self.text.rindex("qubit[")
        start = self.text.index("\n", declaration) + 1
        return self.text[:start] + prefix + self.text[start:]


def groups(quick: bool = False) -> dict[str, Iterator[Case]]:
    """Return all circuits by the title of their group."""
    sizes = QUICK_SIZES if quick else SIZES
    return {
        "common loads": common_loads(),
        "MQT Bench, 2 to 20 qubits": chain.from_iterable(
            build_family(f, sizes) for f in families()
        ),
        "MQT Bench, 50 to 1000 qubits": chain.from_iterable(
            build_sizes(family, LARGE[:1] if quick else LARGE) for family in CLIFFORD
        ),
    }


def common_loads() -> Iterator[Case]:
    """Yield common loads of simulator benchmarks that are not in MQT Bench.

    GHZ states of a thousand qubits are in MQT Bench: Aer takes a tenth of a second for each shot.
    """
    yield export_case("Bell", qasm3.loads(BELL))
    for qubits, depth in ((5, 10), (10, 20), (14, 20), (18, 20), (20, 20)):
        yield export_case("random layers", qasm3.loads(layers(qubits, depth, qubits)))
    yield export_case("QFT", measure_all(18, QFTGate(18)))
    yield export_case("quantum volume", measure_all(14, quantum_volume(14, seed=1)))
    ansatz = efficient_su2(16)
    angles = [0.1 + 0.37 * k % 3 for k in range(ansatz.num_parameters)]
    yield export_case("EfficientSU2", measure_all(16, ansatz.assign_parameters(angles)))


def measure_all(qubits: int, part: Any) -> QuantumCircuit:
    circuit = QuantumCircuit(qubits)
    circuit.append(part, range(qubits))
    circuit.measure_all()
    return circuit


def families() -> list[str]:
    """Return the names of the families of MQT Bench."""
    try:
        from mqt.bench.benchmarks import get_available_benchmark_names
    except ImportError:
        raise SystemExit("The circuits are those of MQT Bench: pip install mqt.bench") from None
    return sorted(get_available_benchmark_names())


def build_family(family: str, sizes: tuple[int, ...]) -> Iterator[Case]:
    """Yield the circuits of a family: at these sizes, or at 2 to 20 if it has fewer than three."""
    cases = build_sizes(family, sizes)
    if len(cases) < 3:
        cases = build_sizes(family, range(2, 21))
    yield from cases if sizes == SIZES else cases[:3]


def build_sizes(family: str, sizes: Iterable[int]) -> list[Case]:
    """Return the circuits of a family, up to the first circuit that is too long."""
    cases = (case for size in sizes if (case := build_case(family, size)))
    return list(takewhile(lambda case: case.gates <= MAX_GATES, cases))


def build_case(family: str, size: int) -> Case | None:
    """Return the circuit of a family at a size; None if MQT Bench has none."""
    from mqt.bench import BenchmarkLevel, get_benchmark
    from networkx import NetworkXError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            circuit = get_benchmark(family, BenchmarkLevel.INDEP, size)
        except (ValueError, NetworkXError, QiskitError):
            return None
        return export_case(family, circuit, size)


def export_case(family: str, circuit: QuantumCircuit, size: int = 0) -> Case:
    """Return a circuit as text, in gates of the basis. The default size is the number of qubits.

    A circuit without measurements, such as those of `qaoa`, is measured at its end.
    """
    if not circuit.num_clbits:
        circuit.measure_all()
    flat = transpile(circuit, basis_gates=[*BASIS, "if_else"], optimization_level=0)
    flat.global_phase = 0
    text = qasm3.dumps(flat)
    used = {flat.find_bit(q).registers[0] for item in flat.data for q in item.qubits}
    # The exporter renames a register with the name of a gate.
    text_names = dict(zip(flat.qregs, re.findall(r"^qubit\[\d+\] (\w+);", text, re.M), strict=True))
    names = tuple(sorted(f"{text_names[register]}[{k}]" for register, k in used))
    gates = sum(count_instructions(item.operation) for item in flat.data)
    qubits = flat.num_qubits
    return Case(family, size or qubits, qubits, gates, text, names)


def count_instructions(operation: Any) -> int:
    """Return the number of instructions without barriers."""
    if isinstance(operation, ControlFlowOp):
        return 1 + sum(
            count_instructions(item.operation) for body in operation.blocks for item in body.data
        )
    return int(operation.name != "barrier")
