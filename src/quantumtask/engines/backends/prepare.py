"""Circuits made ready for a noise: compiled or in pieces, with the model that Aer has of it."""

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
    remove_pauses,
)
from quantumtask.engines.compilation.physical_programs import place_as_written
from quantumtask.engines.compilation.transpile import (
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
)
from quantumtask.engines.noise.error_model import ErrorModel
from quantumtask.engines.noise.named_gates import keep_model_names
from quantumtask.engines.noise.request import NoiseSpec
from quantumtask.engines.noisy_simulation.device_source import DeviceErrorModel, DeviceSource
from quantumtask.engines.noisy_simulation.instructions import (
    ErrorModelSource,
    InstructionErrors,
    InstructionSource,
)
from quantumtask.engines.qiskit.circuits import build_circuit
from quantumtask.engines.sampling.clbit_map import ClbitMap
from quantumtask.openqasm.program.operations import BARRIER, Operation
from quantumtask.openqasm.program.program import Circuit, Program, Step
from quantumtask.shared.error_rates import ErrorRates, ReadoutRates
from quantumtask.shared.settings import Settings

ConfusionRows = list[list[float]]


class PreparedCircuit(NamedTuple):
    """A circuit for Aer with its noise; `described` is the `compiled` field of the result.

    `qubits`: for each measured bit, its qubit and its readout error (see `confusion`); valid only
    if all measurements are at the end of the circuit.
    """

    circuit: QuantumCircuit
    model: NoiseModel
    described: dict[str, Any] | None
    qubits: list[tuple[int, ConfusionRows]]


def prepare(
    program: Program, noise: NoiseSpec, seed: int, settings: Settings, written: bool
) -> PreparedCircuit:
    """The circuit of a program; for a device, as written if `written`, else compiled.

    Raises ResourceError for what the device cannot do.
    """
    circuit = program.circuit
    assert circuit is not None
    bits = ClbitMap(circuit).clbits
    device = noise.device
    if device is None:
        return _without_device(circuit, bits, noise)
    steps, qubits = convert_delays(circuit.steps, device)
    if written:
        found = place_as_written(steps, qubits, bits, device)
    else:
        found = transpile_for_device(build_circuit(steps, qubits, bits), device, seed, settings)
    described = found.described(qubits, program.qubits)
    if noise.errors is not None:
        part = reduce_to_used_qubits(found.circuit)
        return _with_errors(part.circuit, part.qubits, noise.errors, described)
    if noise.rates is not None:
        part = reduce_to_used_qubits(remove_pauses(found.circuit))
        return _with_rates(part.circuit, noise.rates, described)
    timed = add_idle_delays(found.circuit, device) if noise.idle else found.circuit
    part = reduce_to_used_qubits(insert_relaxation(timed, device))
    model = device_noise_model(device, part.qubits, part.used)
    return PreparedCircuit(
        part.circuit, model, described, _misread(part.circuit, _of(device, part.qubits))
    )


def _without_device(circuit: Circuit, bits: Mapping[int, int], noise: NoiseSpec) -> PreparedCircuit:
    if noise.errors is None:
        assert noise.rates is not None
        return _with_rates(
            build_circuit(circuit.steps, circuit.active_qubits, bits), noise.rates, None
        )
    steps = [step for step in circuit.steps if not _is_barrier(step)]
    qubits = replace(circuit, steps=tuple(steps)).active_qubits
    return _with_errors(build_circuit(steps, qubits, bits), qubits, noise.errors, None)


def _is_barrier(step: Step) -> bool:
    return isinstance(step, Operation) and step.gate.name == BARRIER


def build_source(
    program: Program, noise: NoiseSpec, seed: int, settings: Settings, written: bool
) -> InstructionSource:
    """The source of the noisy instructions of a program, whose gates become known as it runs.

    Raises ResourceError (`backend_unsuitable`) for what a device cannot do.
    """
    model, circuit_for = _by_name(noise)
    if noise.device is None:
        return ErrorModelSource(model, circuit_for)
    timed = noise.idle and isinstance(model, DeviceErrorModel)
    return DeviceSource(
        program, noise.device, seed, settings,
        written=written, timed=timed, model=model, circuit_for=circuit_for,
    )  # fmt: skip


def _by_name(
    noise: NoiseSpec,
) -> tuple[InstructionErrors, Callable[[QuantumCircuit], QuantumCircuit]]:
    """The errors of instructions, and the function that gives gates the names of the model."""
    if noise.errors is not None:
        return noise.errors, partial(keep_model_names, errors=noise.errors)
    if noise.rates is not None:
        return error_model_from_rates(noise.rates), decompose_to_two_qubit
    assert noise.device is not None
    return DeviceErrorModel(noise.device), QuantumCircuit.copy


def _with_rates(
    circuit: QuantumCircuit, rates: ErrorRates, described: dict[str, Any] | None
) -> PreparedCircuit:
    flips = confusion_matrix(rates.readout or ReadoutRates())
    pieces = decompose_to_two_qubit(circuit)
    return PreparedCircuit(
        pieces, aer_noise_model(rates), described, _misread(pieces, [flips] * pieces.num_qubits)
    )


def _with_errors(
    circuit: QuantumCircuit,
    qubits: Sequence[int],
    errors: ErrorModel,
    described: dict[str, Any] | None,
) -> PreparedCircuit:
    """A circuit with the errors of a model, in which qubit k of the circuit is `qubits`[k]."""
    named = keep_model_names(circuit, errors)
    number = dict(zip(named.qubits, qubits, strict=True))
    used = {
        (item.operation.label or item.operation.name, tuple([number[q] for q in item.qubits]))
        for item in named.data
    }
    model = errors.aer(tuple(qubits), frozenset(used))
    misread = _misread(named, [_rows(errors.confusion(qubit)) for qubit in qubits])
    return PreparedCircuit(named, model, described, misread)


def _rows(confusion: Sequence[Sequence[float]]) -> ConfusionRows:
    return [list(row) for row in confusion]


def _of(device: DeviceSnapshot, qubits: Sequence[int]) -> list[ConfusionRows]:
    """The readout errors of some of a device's qubits."""
    errors = [device.qubits[qubit].readout_error or 0.0 for qubit in qubits]
    return [confusion_matrix(ReadoutRates(error, error)) for error in errors]


def _misread(
    circuit: QuantumCircuit, how: Sequence[ConfusionRows]
) -> list[tuple[int, ConfusionRows]]:
    number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    bits = {bit: k for k, bit in enumerate(circuit.clbits)}
    found = {bits[item.clbits[0]]: number[item.qubits[0]] for item in circuit.data if item.clbits}
    return [(found[bit], how[found[bit]]) for bit in sorted(found)]
