"""Transforms that turn any circuit into gates and measurements of the service."""

from collections.abc import Callable, Sequence
from typing import Any

import pennylane as qml
from pennylane.devices.preprocess import (
    decompose,
    device_resolve_dynamic_wires,
    no_sampling,
    validate_adjoint_trainable_params,
    validate_device_wires,
    validate_measurements,
)
from pennylane.exceptions import DeviceError
from pennylane.measurements import (
    ClassicalShadowMP,
    ExpectationMP,
    MeasurementProcess,
    ProbabilityMP,
    SampleMeasurement,
    ShadowExpvalMP,
    StateMeasurement,
)
from pennylane.operation import Operator
from pennylane.ops import MidMeasure
from pennylane.tape import QuantumScript
from pennylane.transforms import (
    broadcast_expand,
    defer_measurements,
    split_non_commuting,
    transform,
)
from pennylane.transforms.core import CompilePipeline
from pennylane.wires import Wires

from quantumtask.client.pennylane.gates import GATE_SET, is_native
from quantumtask.client.pennylane.observables import pauli_sentence

Batch = tuple[list[QuantumScript], Callable[[Sequence[Any]], Any]]


def preprocessing(wires: Wires | None, name: str, *, noisy: bool) -> CompilePipeline:
    """Return the transforms of a device, for exact values and for shots.

    Args:
        wires: Wires of the device; None: any.
        name: Name of the device for messages.
        noisy: The service simulates noise.
    """
    pipeline = CompilePipeline()
    pipeline.add_transform(validate_device_wires, wires, name=name)
    if noisy:
        pipeline.add_transform(transform(_refuse_deferral))
    pipeline.add_transform(defer_measurements, allow_postselect=False)
    pipeline.add_transform(device_resolve_dynamic_wires, wires=wires, allow_resets=False)
    pipeline.add_transform(
        validate_measurements,
        analytic_measurements=_is_analytic,
        sample_measurements=_is_sampled,
        name=name,
    )
    pipeline.add_transform(transform(_split), noisy=noisy)
    pipeline.add_transform(transform(_measure_in_eigenbasis), noisy=noisy)
    pipeline.add_transform(transform(_sample_in_eigenbasis))
    pipeline.add_transform(
        decompose,
        stopping_condition=is_native,
        skip_initial_state_prep=False,
        decomposer=_decompose,
        device_wires=wires,
        target_gates=GATE_SET,
        name=name,
    )
    return pipeline


def has_gradients(tape: QuantumScript) -> bool:
    """Return True if the service computes the gradients of a circuit.

    Its measurements are exact expectation values of fixed sums of Pauli words.
    """
    count = sum(operator.num_params for operator in tape.operations)
    fixed = all(number < count for number in tape.trainable_params)
    return fixed and not tape.shots and all(map(_is_pauli_mean, tape.measurements))


def _is_pauli_mean(measurement: MeasurementProcess) -> bool:
    if type(measurement) is not ExpectationMP or measurement.obs is None:
        return False
    return pauli_sentence(measurement.obs) is not None


def add_gradient_transforms(pipeline: CompilePipeline, name: str) -> None:
    """Add the transforms of circuits whose gradients the service computes."""
    pipeline.add_transform(no_sampling, name=name)
    pipeline.add_transform(broadcast_expand)
    pipeline.add_transform(validate_adjoint_trainable_params)


def _is_analytic(measurement: MeasurementProcess) -> bool:
    return isinstance(measurement, StateMeasurement)


def _is_sampled(measurement: MeasurementProcess) -> bool:
    shadow = isinstance(measurement, ClassicalShadowMP | ShadowExpvalMP)
    return isinstance(measurement, SampleMeasurement) and not shadow


def _refuse_deferral(tape: QuantumScript) -> Batch:
    """Refuse measurements in the middle: further qubits and gates would change the noise."""
    if any(isinstance(operator, MidMeasure) for operator in tape.operations):
        raise DeviceError("measurements in the middle of a circuit are not supported with noise")
    return [tape], _first


def _split(tape: QuantumScript, noisy: bool) -> Batch:
    """Split a circuit by groups of observables that can be measured together."""
    if tape.shots or _needs_rotation(tape, noisy):
        batch, join = split_non_commuting(tape, grouping_strategy="qwc")
        return list(batch), join
    return [tape], _first


def _needs_rotation(tape: QuantumScript, noisy: bool) -> bool:
    """Return True for exact values that neither Pauli words nor a pure state give."""
    return noisy and any(
        each.obs is not None
        and (isinstance(each, ProbabilityMP) or pauli_sentence(each.obs) is None)
        for each in tape.measurements
    )


def _measure_in_eigenbasis(tape: QuantumScript, noisy: bool) -> Batch:
    """Replace observables by measurements of wires after a rotation."""
    if tape.shots or not _needs_rotation(tape, noisy):
        return [tape], _first
    measurements = [_on_wires(each) for each in tape.measurements]
    operations = [*tape.operations, *tape.diagonalizing_gates]
    return [tape.copy(operations=operations, measurements=measurements)], _first


def _on_wires(measurement: MeasurementProcess) -> MeasurementProcess:
    if measurement.obs is None:
        return measurement
    if isinstance(measurement, ProbabilityMP):
        return ProbabilityMP(wires=measurement.wires)
    return type(measurement)(eigvals=measurement.eigvals(), wires=measurement.wires)


def _sample_in_eigenbasis(tape: QuantumScript) -> Batch:
    """Replace the measurements of a circuit with shots by samples of wires after a rotation."""
    if not tape.shots:
        return [tape], _first
    wires = Wires.all_wires([each.wires for each in tape.measurements]) or tape.wires
    sampled = QuantumScript(
        [*tape.operations, *tape.diagonalizing_gates],
        [qml.sample(wires=wires)],
        shots=tape.shots.total_shots,
        trainable_params=tape.trainable_params,
    )
    bins = list(tape.shots.bins())

    def process(results: Sequence[Any]) -> Any:
        parts = [results[0][..., start:end, :] for start, end in bins]
        pieces = [
            tuple(each.process_samples(part, wires) for each in tape.measurements) for part in parts
        ]
        pieces = [each[0] if len(each) == 1 else each for each in pieces]
        return tuple(pieces) if tape.shots.has_partitioned_shots else pieces[0]

    return [sampled], process


def _decompose(operator: Operator) -> Sequence[Operator]:
    """Return the decomposition of an operator, by its matrix if it has no other."""
    if not operator.has_decomposition and operator.has_matrix:
        return [qml.QubitUnitary(operator.matrix(), wires=operator.wires)]
    return list(operator.decomposition())


def _first(results: Sequence[Any]) -> Any:
    return results[0]
