"""Preparation of programs with noise: compilation, gates that the noise model knows, and the model.

Aer gets a whole circuit with its NoiseModel (`prepare`); our own engine gets a source of noisy
instructions, because the gates of its programs are known only while they run (`build_source`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from qiskit import QuantumCircuit
from qiskit_aer.noise import NoiseModel

from quantumtask.engines.compilation.idle_time import (
    add_idle_delays,
    convert_delays,
    insert_relaxation,
    remove_barriers_and_delays,
)
from quantumtask.engines.compilation.independent_parts import split_parts
from quantumtask.engines.compilation.physical_programs import place_as_written
from quantumtask.engines.compilation.transpile import (
    DeviceCircuit,
    device_noise_model,
    reduce_to_used_qubits,
    transpile_for_device,
)
from quantumtask.engines.devices.calibration import DeviceSnapshot
from quantumtask.engines.noise.aer_model import (
    aer_noise_model,
    confusion_matrix,
    decompose_to_two_qubit,
    error_model_from_rates,
    rates_gate_name,
)
from quantumtask.engines.noise.error_model import ConfusionMatrix, ErrorModel
from quantumtask.engines.noise.named_gates import keep_model_names, model_gate_name
from quantumtask.engines.noise.request import NoiseSpec
from quantumtask.engines.noisy_simulation.device_source import DeviceErrorModel, DeviceSource
from quantumtask.engines.noisy_simulation.instructions import (
    ErrorModelSource,
    InstructionErrors,
    InstructionSource,
)
from quantumtask.engines.qiskit.circuits import build_circuit
from quantumtask.engines.sampling.clbit_map import ClbitMap
from quantumtask.engines.simulators.pauli_noise import GateErrors
from quantumtask.openqasm.program.operations import BARRIER, Operation
from quantumtask.openqasm.program.program import Circuit, Program, Step
from quantumtask.shared.error_rates import ErrorRates, ReadoutRates
from quantumtask.shared.settings import Settings


class PreparedCircuit(NamedTuple):
    """A circuit for Aer, with its noise.

    Attributes:
        model: The noise of the instructions of the circuit.
        compile_report: The `compiled` field of the result; None without a device.
        readouts: For each measured bit, its qubit and readout error; valid only if all measurements
            are terminal.
    """

    circuit: QuantumCircuit
    model: NoiseModel
    compile_report: dict[str, Any] | None
    readouts: list[tuple[int, ConfusionMatrix]]


def prepare(
    program: Program, noise: NoiseSpec, seed: int, settings: Settings, as_written: bool
) -> PreparedCircuit:
    """Return the circuit for Aer of a program whose shots all run the same steps.

    Args:
        seed: Seed of the compiler.
        as_written: On a device, keep the qubits and gates of the program.

    Raises:
        ResourceError: `backend_unsuitable` if the device cannot run the circuit.
    """
    circuit = program.circuit
    assert circuit is not None
    clbits = ClbitMap(circuit).clbits
    device = noise.device
    if device is None:
        return _prepare_without_device(circuit, clbits, noise)
    on_device, report = _place(program, circuit, clbits, device, seed, settings, as_written)
    if noise.errors is not None:
        part = reduce_to_used_qubits(on_device.circuit)
        return _prepare_with_errors(part.circuit, part.qubits, noise.errors, report)
    if noise.rates is not None:
        part = reduce_to_used_qubits(remove_barriers_and_delays(on_device.circuit))
        return _prepare_with_rates(part.circuit, noise.rates, report)
    return _prepare_on_device(_schedule(on_device.circuit, noise, device), device, report)


def prepare_parts(
    program: Program, noise: NoiseSpec, seed: int, settings: Settings, as_written: bool
) -> list[PreparedCircuit]:
    """Return the circuits for Aer of the independent parts of a program; see `prepare`.

    The bits of all parts together are those of the program. A program whose noise is not that of a
    device is one part.
    """
    circuit, device = program.circuit, noise.device
    assert circuit is not None
    whole = noise.errors is not None or noise.rates is not None or device is None
    if whole or not circuit.terminal_measurements_only:
        return [prepare(program, noise, seed, settings, as_written)]
    assert device is not None
    clbits = ClbitMap(circuit).clbits
    on_device, report = _place(program, circuit, clbits, device, seed, settings, as_written)
    parts = split_parts(_schedule(on_device.circuit, noise, device))
    return [_prepare_on_device(part, device, report) for part in parts]


def _place(
    program: Program,
    circuit: Circuit,
    clbits: Mapping[int, int],
    device: DeviceSnapshot,
    seed: int,
    settings: Settings,
    as_written: bool,
) -> tuple[DeviceCircuit, dict[str, Any]]:
    """Return a circuit on the qubits of a device, and its description."""
    steps, qubits = convert_delays(circuit.steps, device)
    if as_written:
        on_device = place_as_written(steps, qubits, clbits, device)
    else:
        on_device = transpile_for_device(
            build_circuit(steps, qubits, clbits), device, seed, settings
        )
    return on_device, on_device.report(qubits, program.qubits)


def _schedule(circuit: QuantumCircuit, noise: NoiseSpec, device: DeviceSnapshot) -> QuantumCircuit:
    """Return a circuit with the decay of its qubits."""
    timed = add_idle_delays(circuit, device) if noise.idle else circuit
    return insert_relaxation(timed, device)


def _prepare_on_device(
    circuit: QuantumCircuit, device: DeviceSnapshot, report: dict[str, Any]
) -> PreparedCircuit:
    part = reduce_to_used_qubits(circuit)
    model = device_noise_model(device, part.qubits, part.gate_uses)
    readouts = _match_readouts(part.circuit, _device_readout_errors(device, part.qubits))
    return PreparedCircuit(part.circuit, model, report, readouts)


def _prepare_without_device(
    circuit: Circuit, clbits: Mapping[int, int], noise: NoiseSpec
) -> PreparedCircuit:
    if noise.errors is None:
        assert noise.rates is not None
        whole = build_circuit(circuit.steps, circuit.active_qubits, clbits)
        return _prepare_with_rates(whole, noise.rates, None)
    steps = [step for step in circuit.steps if not _is_barrier(step)]
    qubits = replace(circuit, steps=tuple(steps)).active_qubits
    return _prepare_with_errors(build_circuit(steps, qubits, clbits), qubits, noise.errors, None)


def _is_barrier(step: Step) -> bool:
    return isinstance(step, Operation) and step.gate.name == BARRIER


def gate_errors(noise: NoiseSpec) -> GateErrors | None:
    """Return the errors of the gates as written; None if a device compiles the gates."""
    if noise.device is not None:
        return None
    if noise.errors is not None:
        return GateErrors(noise.errors, model_gate_name)
    assert noise.rates is not None
    return GateErrors(error_model_from_rates(noise.rates), rates_gate_name)


def build_source(
    program: Program, noise: NoiseSpec, seed: int, settings: Settings, as_written: bool
) -> InstructionSource:
    """Return the source of the noisy instructions of a program whose shots may run other steps.

    Args:
        seed: Seed of the compiler.
        as_written: On a device, keep the qubits and gates of the program.

    Raises:
        ResourceError: `backend_unsuitable` if the device cannot run the program.
    """
    model, rename_gates = instruction_errors(noise), _rename_function(noise)
    if noise.device is None:
        return ErrorModelSource(model, rename_gates)
    timed = noise.idle and isinstance(model, DeviceErrorModel)
    return DeviceSource(
        program, noise.device, seed, settings,
        as_written=as_written, timed=timed, model=model, rename_gates=rename_gates,
    )  # fmt: skip


def instruction_errors(noise: NoiseSpec) -> InstructionErrors:
    """Return the errors by instruction."""
    if noise.errors is not None:
        return noise.errors
    if noise.rates is not None:
        return error_model_from_rates(noise.rates)
    assert noise.device is not None
    return DeviceErrorModel(noise.device)


def _rename_function(noise: NoiseSpec) -> Callable[[QuantumCircuit], QuantumCircuit]:
    """Return the function that gives the gates of a circuit the names of the errors."""
    if noise.errors is not None:
        return partial(keep_model_names, errors=noise.errors)
    return QuantumCircuit.copy if noise.rates is None else decompose_to_two_qubit


def _prepare_with_rates(
    circuit: QuantumCircuit, rates: ErrorRates, report: dict[str, Any] | None
) -> PreparedCircuit:
    confusion = confusion_matrix(rates.readout or ReadoutRates())
    small = decompose_to_two_qubit(circuit)
    readouts = _match_readouts(small, [confusion] * small.num_qubits)
    return PreparedCircuit(small, aer_noise_model(rates), report, readouts)


def _prepare_with_errors(
    circuit: QuantumCircuit,
    qubits: Sequence[int],
    errors: ErrorModel,
    report: dict[str, Any] | None,
) -> PreparedCircuit:
    """Prepare a circuit whose qubit k is qubit `qubits`[k] of the error model."""
    named = keep_model_names(circuit, errors)
    number = dict(zip(named.qubits, qubits, strict=True))
    uses = {
        (item.operation.label or item.operation.name, tuple([number[q] for q in item.qubits]))
        for item in named.data
    }
    model = errors.to_aer(tuple(qubits), frozenset(uses))
    readouts = _match_readouts(named, [errors.confusion(qubit) for qubit in qubits])
    return PreparedCircuit(named, model, report, readouts)


def _device_readout_errors(device: DeviceSnapshot, qubits: Sequence[int]) -> list[ConfusionMatrix]:
    errors = [device.qubits[qubit].readout_error or 0.0 for qubit in qubits]
    return [confusion_matrix(ReadoutRates(error, error)) for error in errors]


def _match_readouts(
    circuit: QuantumCircuit, errors: Sequence[ConfusionMatrix]
) -> list[tuple[int, ConfusionMatrix]]:
    """Return the measured qubit of each bit with its readout error; `errors`[k] is of qubit k."""
    number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    bits = {bit: k for k, bit in enumerate(circuit.clbits)}
    measured = {
        bits[item.clbits[0]]: number[item.qubits[0]] for item in circuit.data if item.clbits
    }
    return [(measured[bit], errors[measured[bit]]) for bit in sorted(measured)]
