"""Compiling a circuit for a twin, and what is left of both: the qubits that it uses."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction
from qiskit.transpiler import PassManager, TranspilerError
from qiskit_aer.noise import NoiseModel

from quantumtask.engines.passes import pass_manager
from quantumtask.engines.target import Backend, part_of_target, whole_target
from quantumtask.engines.twins import Twin
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.processes import processor_limit
from quantumtask.shared.settings import Settings

LEVEL = 2
"""Of Qiskit's optimisation: the first that looks for qubits with little noise."""

Used = tuple[str, tuple[int, ...]]
"""A gate, and the device's qubits that it is on."""


class Compiled(NamedTuple):
    """A circuit on some of a device's qubits: `qubits` has the number of each there.

    `places`: the qubit of the device that each qubit of the circuit begins on; of the circuit that
    was compiled. `used`: its gates.
    """

    circuit: QuantumCircuit
    qubits: tuple[int, ...]
    places: tuple[int, ...]
    used: frozenset[Used]

    def told(self, touched: Sequence[int], declared: int) -> dict[str, Any]:
        """As a result tells it, for a program whose qubits are those `touched` and others."""
        gates = self.circuit.count_ops()
        where = dict(zip(touched, self.places, strict=True))
        return {
            "depth": self.circuit.depth(),
            "gates": {name: gates[name] for name in sorted(gates) if name != "measure"},
            "qubits": [where.get(qubit) for qubit in range(declared)],
        }


def compiled(circuit: QuantumCircuit, twin: Twin, seed: int, settings: Settings) -> Compiled:
    """The circuit in the gates of the device and on its qubits; always the same for a seed.

    Raises ResourceError (`backend_unsuitable`) for what the device cannot do. Ends the process
    where it takes more than `compile_limit_s`.
    """
    _check(circuit, twin)
    passes = _passes(twin, seed % (1 << 31))
    with processor_limit(settings.compile_limit_s):
        try:
            found: QuantumCircuit = passes.run(circuit)
        except TranspilerError as error:
            raise _unsuitable(f"it cannot be compiled for {twin.name}: {_short(error)}") from None
    places = found.layout.initial_index_layout(filter_ancillas=True)
    return _on_used_qubits(found, tuple(places))


@lru_cache(4)
def _passes(twin: Twin, seed: int) -> PassManager:
    return pass_manager(LEVEL, target=whole_target(twin), seed_transpiler=seed)


@lru_cache(16)
def noise_of(twin: Twin, qubits: tuple[int, ...], used: frozenset[Used]) -> NoiseModel:
    """The noise of some of a device's qubits, numbered anew, for the gates that are used."""
    return NoiseModel.from_backend(Backend(part_of_target(twin, qubits, used)))


def _check(circuit: QuantumCircuit, twin: Twin) -> None:
    wanted, there = circuit.num_qubits, len(twin.qubits)
    if wanted > there:
        raise _unsuitable(f"it uses {wanted:,} qubits, and {twin.name} has {there}")
    known = {gate.name for gate in twin.gates}
    if "reset" in circuit.count_ops() and "reset" not in known:
        raise _unsuitable(f"it resets a qubit in its course, which {twin.name} cannot")


def _unsuitable(why: str) -> ResourceError:
    return ResourceError("backend_unsuitable", f"the circuit does not fit the backend: {why}")


def _short(error: TranspilerError) -> str:
    return " ".join(str(error.message).split())[:300]


def _on_used_qubits(found: QuantumCircuit, places: tuple[int, ...]) -> Compiled:
    number = {qubit: k for k, qubit in enumerate(found.qubits)}
    qubits = sorted({number[qubit] for item in found.data for qubit in item.qubits})
    part = QuantumCircuit(len(qubits), found.num_clbits)
    place = {found.qubits[qubit]: part.qubits[k] for k, qubit in enumerate(qubits)}
    bits = dict(zip(found.clbits, part.clbits, strict=True))
    used: set[Used] = set()
    for item in found.data:
        on, to = [place[qubit] for qubit in item.qubits], [bits[bit] for bit in item.clbits]
        part._append(CircuitInstruction(item.operation, on, to))
        used.add((item.operation.name, tuple([number[qubit] for qubit in item.qubits])))
    return Compiled(part, tuple(qubits), places, frozenset(used))
