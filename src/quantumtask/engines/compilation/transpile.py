"""Transpilation of circuits for a device, and the part of a device that a circuit uses."""

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
"""Qiskit's optimization level: the lowest one that selects qubits with little noise."""

MAX_COMPILED_TWICE = 1_000
"""Largest circuit, in instructions, that is compiled twice so that the better one runs."""

NON_GATES = frozenset({"measure", "barrier", "delay"})
TIMING_INSTRUCTIONS = frozenset({"barrier", "delay"})

GateUse = tuple[str, tuple[int, ...]]
"""The name of a gate, and the device's qubits on which it acts."""


class DeviceCircuit(NamedTuple):
    """A circuit on a device: qubit k of the circuit is the device's qubit k.

    Attributes:
        places: The initial qubit on the device of each qubit of the original circuit.
        as_written: True if the circuit has not been compiled.
    """

    circuit: QuantumCircuit
    places: tuple[int, ...]
    as_written: bool

    def report(self, qubits: Sequence[int], declared_qubits: int) -> dict[str, Any]:
        """Return the `compiled` field of a result.

        Args:
            qubits: The program's qubits that the original circuit uses.
            declared_qubits: The number of the program's qubits.
        """
        gates = self.circuit.count_ops()
        place = dict(zip(qubits, self.places, strict=True))
        return {
            "as_written": self.as_written,
            "depth": self.circuit.depth(
                lambda item: item.operation.name not in TIMING_INSTRUCTIONS
            ),
            "gates": {name: gates[name] for name in sorted(gates) if name not in NON_GATES},
            "qubits": [place.get(qubit) for qubit in range(declared_qubits)],
        }


class ReducedCircuit(NamedTuple):
    """A circuit on some of a device's qubits: qubit k of the circuit is the device's `qubits`[k].

    Attributes:
        gate_uses: The instructions of the circuit, on the qubits of the device.
    """

    circuit: QuantumCircuit
    qubits: tuple[int, ...]
    gate_uses: frozenset[GateUse]


def transpile_for_device(
    circuit: QuantumCircuit, device: DeviceSnapshot, seed: int, settings: Settings
) -> DeviceCircuit:
    """Return a circuit in the gates of a device and on its qubits; the same for the same seed.

    Ends the process if compilation takes longer than `compile_limit_s` of CPU time.

    Raises:
        ResourceError: `backend_unsuitable` if the device cannot run the circuit.
    """
    _check_fits(circuit, device)
    weightings = (False, True) if len(circuit.data) <= MAX_COMPILED_TWICE else (False,)
    with cpu_time_limit(settings.compile_limit_s):
        try:
            candidates = [
                _pass_manager(device, seed % (1 << 31), weighted).run(circuit)
                for weighted in weightings
            ]
        except TranspilerError as error:
            raise backend_unsuitable(
                f"it cannot be compiled for {device.name}: {_shorten(error)}"
            ) from None
    fidelities = _log_fidelities(device)
    best = max(candidates, key=lambda each: _log_fidelity(each, fidelities))
    return DeviceCircuit(best, tuple(best.layout.initial_index_layout(filter_ancillas=True)), False)


@lru_cache(8)
def _pass_manager(device: DeviceSnapshot, seed: int, weighted: bool) -> PassManager:
    """Return Qiskit's own passes, or passes with errors `weighted` by the circuit's operations."""
    target = full_target(device)
    passes = build_pass_manager(OPTIMIZATION_LEVEL, target=target, seed_transpiler=seed)
    if weighted:
        passes.pre_layout = PassManager([WeightedErrorMap(target)])
    return passes


def _log_fidelity(circuit: QuantumCircuit, fidelities: Mapping[GateUse, float]) -> float:
    """Return the logarithm of the probability that a circuit on a device runs without an error."""
    number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    return sum(
        fidelities.get((item.operation.name, tuple([number[qubit] for qubit in item.qubits])), 0.0)
        for item in circuit.data
    )


@lru_cache(4)
def _log_fidelities(device: DeviceSnapshot) -> dict[GateUse, float]:
    errors: dict[GateUse, float | None] = {
        (gate.name, gate.qubits): gate.error for gate in device.gates
    }
    errors |= {("measure", (k,)): qubit.readout_error for k, qubit in enumerate(device.qubits)}
    return {use: log1p(-min(error or 0.0, 0.999)) for use, error in errors.items()}


@lru_cache(256)
def device_noise_model(
    device: DeviceSnapshot, qubits: tuple[int, ...], gate_uses: frozenset[GateUse]
) -> NoiseModel:
    """Return Aer's noise model of some qubits and gates of a device; qubit k is `qubits`[k]."""
    return NoiseModel.from_backend(TargetBackend(subset_target(device, qubits, gate_uses)))


def _check_fits(circuit: QuantumCircuit, device: DeviceSnapshot) -> None:
    if circuit.num_qubits > len(device.qubits):
        raise backend_unsuitable(
            f"it uses {circuit.num_qubits:,} qubits, and {device.name} has {len(device.qubits)}"
        )
    if "reset" in circuit.count_ops() and "reset" not in {gate.name for gate in device.gates}:
        raise backend_unsuitable(f"it resets a qubit, and {device.name} has no reset")


def backend_unsuitable(reason: str) -> ResourceError:
    """Return the error of a circuit that its device cannot run."""
    return ResourceError(
        FailureCode.BACKEND_UNSUITABLE, f"the circuit does not fit the backend: {reason}"
    )


def _shorten(error: TranspilerError) -> str:
    return " ".join(str(error.message).split())[:300]


def reduce_to_used_qubits(circuit: QuantumCircuit) -> ReducedCircuit:
    """Return a circuit on a device without the qubits that it does not use."""
    number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    qubits = sorted({number[qubit] for item in circuit.data for qubit in item.qubits})
    part = QuantumCircuit(len(qubits), circuit.num_clbits)
    new_qubit = {circuit.qubits[qubit]: part.qubits[k] for k, qubit in enumerate(qubits)}
    new_clbit = dict(zip(circuit.clbits, part.clbits, strict=True))
    uses: set[GateUse] = set()
    for item in circuit.data:
        on = [new_qubit[qubit] for qubit in item.qubits]
        to = [new_clbit[bit] for bit in item.clbits]
        part._append(CircuitInstruction(item.operation, on, to))
        uses.add((item.operation.name, tuple([number[qubit] for qubit in item.qubits])))
    return ReducedCircuit(part, tuple(qubits), frozenset(uses))
