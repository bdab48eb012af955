"""Compiling a circuit for a twin, and what is left of both: the qubits that it uses."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import log1p
from typing import Any, NamedTuple

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction
from qiskit.transpiler import PassManager, TranspilerError
from qiskit_aer.noise import NoiseModel

from quantumtask.engines.compilation.layout_scores import WeightedErrorMap
from quantumtask.engines.devices.calibration import DeviceSnapshot
from quantumtask.engines.devices.qiskit_target import TargetBackend, full_target, subset_target
from quantumtask.engines.qiskit.transpiler import build_pass_manager
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.processes import cpu_time_limit
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import FailureCode

OPTIMIZATION_LEVEL = 2
"""Of Qiskit's optimisation: the first that looks for qubits with little noise."""

MAX_COMPILED_TWICE = 1_000
"""Largest circuit, in instructions, that is compiled twice so that the better one runs."""

NON_GATES = frozenset({"measure", "barrier", "delay"})

GateUse = tuple[str, tuple[int, ...]]
"""A gate, and the device's qubits that it is on."""


class DeviceCircuit(NamedTuple):
    """A circuit on a device: qubit k of it is the device's qubit k.

    `places`: for each qubit of the original circuit, the device's qubit that it begins on.
    `as_written`: the circuit has not been compiled.
    """

    circuit: QuantumCircuit
    places: tuple[int, ...]
    as_written: bool

    def described(self, touched: Sequence[int], declared: int) -> dict[str, Any]:
        """The fields of a result, for a program of `declared` qubits that uses those `touched`."""
        gates = self.circuit.count_ops()
        where = dict(zip(touched, self.places, strict=True))
        return {
            "as_written": self.as_written,
            "depth": self.circuit.depth(lambda item: item.operation.name not in _PAUSES),
            "gates": {name: gates[name] for name in sorted(gates) if name not in NON_GATES},
            "qubits": [where.get(qubit) for qubit in range(declared)],
        }


_PAUSES = NON_GATES - {"measure"}


class ReducedCircuit(NamedTuple):
    """A circuit on some of a device's qubits; qubit k of the circuit is qubit `qubits`[k] there.

    `used`: the gates of the circuit, on the qubits of the device.
    """

    circuit: QuantumCircuit
    qubits: tuple[int, ...]
    used: frozenset[GateUse]


def transpile_for_device(
    circuit: QuantumCircuit, twin: DeviceSnapshot, seed: int, settings: Settings
) -> DeviceCircuit:
    """The circuit in the gates of the device and on its qubits; always the same for a seed.

    Raises ResourceError (`backend_unsuitable`) for what the device cannot do. Ends the process
    where it takes more than `compile_limit_s`.
    """
    _check(circuit, twin)
    ways = (False, True) if len(circuit.data) <= MAX_COMPILED_TWICE else (False,)
    with cpu_time_limit(settings.compile_limit_s):
        try:
            found = [_passes(twin, seed % (1 << 31), way).run(circuit) for way in ways]
        except TranspilerError as error:
            why = f"it cannot be compiled for {twin.name}: {_short(error)}"
            raise backend_unsuitable(why) from None
    best = max(found, key=lambda each: _log_fidelity(each, _log_fidelities(twin)))
    return DeviceCircuit(best, tuple(best.layout.initial_index_layout(filter_ancillas=True)), False)


@lru_cache(8)
def _passes(twin: DeviceSnapshot, seed: int, weighted: bool) -> PassManager:
    """Qiskit's own passes, or with device errors `weighted` by the operations of the circuit."""
    target = full_target(twin)
    passes = build_pass_manager(OPTIMIZATION_LEVEL, target=target, seed_transpiler=seed)
    if weighted:
        passes.pre_layout = PassManager([WeightedErrorMap(target)])
    return passes


def _log_fidelity(circuit: QuantumCircuit, logs: Mapping[GateUse, float]) -> float:
    """The logarithm of the probability that a circuit on a device runs without an error."""
    number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    return sum(
        logs.get((item.operation.name, tuple([number[qubit] for qubit in item.qubits])), 0.0)
        for item in circuit.data
    )


@lru_cache(4)
def _log_fidelities(twin: DeviceSnapshot) -> dict[GateUse, float]:
    errors: dict[GateUse, float | None] = {
        (gate.name, gate.qubits): gate.error for gate in twin.gates
    }
    errors |= {("measure", (k,)): qubit.readout_error for k, qubit in enumerate(twin.qubits)}
    return {used: log1p(-min(error or 0.0, 0.999)) for used, error in errors.items()}


@lru_cache(16)
def device_noise_model(
    twin: DeviceSnapshot, qubits: tuple[int, ...], used: frozenset[GateUse]
) -> NoiseModel:
    """The noise of some of a device's qubits, numbered anew, for the gates that are used."""
    return NoiseModel.from_backend(TargetBackend(subset_target(twin, qubits, used)))


def _check(circuit: QuantumCircuit, twin: DeviceSnapshot) -> None:
    wanted, there = circuit.num_qubits, len(twin.qubits)
    if wanted > there:
        raise backend_unsuitable(f"it uses {wanted:,} qubits, and {twin.name} has {there}")
    known = {gate.name for gate in twin.gates}
    if "reset" in circuit.count_ops() and "reset" not in known:
        raise backend_unsuitable(f"it resets a qubit, and {twin.name} has no reset")


def backend_unsuitable(why: str) -> ResourceError:
    return ResourceError(
        FailureCode.BACKEND_UNSUITABLE, f"the circuit does not fit the backend: {why}"
    )


def _short(error: TranspilerError) -> str:
    return " ".join(str(error.message).split())[:300]


def reduce_to_used_qubits(circuit: QuantumCircuit) -> ReducedCircuit:
    """A circuit on a device, reduced to the qubits that it uses."""
    number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    qubits = sorted({number[qubit] for item in circuit.data for qubit in item.qubits})
    part = QuantumCircuit(len(qubits), circuit.num_clbits)
    place = {circuit.qubits[qubit]: part.qubits[k] for k, qubit in enumerate(qubits)}
    bits = dict(zip(circuit.clbits, part.clbits, strict=True))
    used: set[GateUse] = set()
    for item in circuit.data:
        on, to = [place[qubit] for qubit in item.qubits], [bits[bit] for bit in item.clbits]
        part._append(CircuitInstruction(item.operation, on, to))
        used.add((item.operation.name, tuple([number[qubit] for qubit in item.qubits])))
    return ReducedCircuit(part, tuple(qubits), frozenset(used))
