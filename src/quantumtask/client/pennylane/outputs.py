"""Outputs of a task for one tape, and their conversion to PennyLane's results."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Protocol

import numpy as np
from pennylane.devices.qubit.measure import measure
from pennylane.exceptions import DeviceError
from pennylane.measurements import (
    ExpectationMP,
    MeasurementProcess,
    MutualInfoMP,
    ProbabilityMP,
    PurityMP,
    SampleMP,
    StateMP,
    VarianceMP,
    VnEntropyMP,
)
from pennylane.pauli import PauliSentence, PauliWord
from pennylane.tape import QuantumScript
from pennylane.wires import Wires

from quantumtask.client.connection import Json
from quantumtask.client.pennylane.observables import Terms, pauli_sentence, pauli_terms, write_terms
from quantumtask.client.pennylane.program import Array, TapeProgram
from quantumtask.client.results.array_codec import pack
from quantumtask.client.results.result import Result

MAX_DENSITY_WIRES = 5
"""Largest number of wires of a density matrix: it is computed from 4**n expectation values."""

_OF_DENSITY_MATRICES = StateMP | PurityMP | VnEntropyMP | MutualInfoMP
"""Measurements that PennyLane computes from a density matrix; a DensityMatrixMP is a StateMP."""

EXPECTATION_VALUES, PROBABILITIES = "expectation_values", "probabilities"


class TapeOutput(Protocol):
    """Outputs of a task that hold the results of one tape.

    Attributes:
        key: Tapes with equal keys can be one sweep.
        measured: Labels of the wires that the program measures.
        shots: Number of shots; None for exact values.
        differentiated: Numbers of the arguments whose derivatives are needed.
    """

    key: Any
    measured: tuple[Any, ...]
    shots: int | None
    differentiated: tuple[int, ...]

    def fields(self) -> Json:
        """Return the fields of the request."""

    def convert(self, answer: "TapeAnswer", program: TapeProgram) -> Any:
        """Return the results of the tape, as PennyLane nests them."""


@dataclass(frozen=True)
class TapeAnswer:
    """Arrays of a task for the elements of one tape; the elements are the first dimension."""

    expectation_values: Array | None = None
    probabilities: Array | None = None
    statevector: Array | None = None
    bits: Array | None = None
    gradients: Array | None = None


def tape_answers(
    result: Result, sizes: Sequence[int], inputs: Sequence[int], arguments: int
) -> list[TapeAnswer]:
    """Return the answers of tapes that are one task.

    Args:
        sizes: Number of elements of each tape.
        inputs: Numbers of the arguments that are inputs.
        arguments: Number of all arguments.
    """
    ends = np.cumsum(sizes).tolist()
    arrays = _arrays(result)
    if (gradients := result.gradients) is not None:
        arrays["gradients"] = np.zeros((ends[-1], len(gradients), arguments))
        arrays["gradients"][:, :, inputs] = gradients.swapaxes(0, 1)
    return [
        TapeAnswer(**{name: array[end - size : end] for name, array in arrays.items()})
        for size, end in zip(sizes, ends, strict=True)
    ]


def _arrays(result: Result) -> dict[str, Array]:
    """Return the arrays of a result with the elements of the sweep as the first dimension."""
    arrays: dict[str, Array] = {}
    if (values := result.expectation_values) is not None:
        arrays[EXPECTATION_VALUES] = values.T
    for name in (PROBABILITIES, "statevector"):
        if (array := getattr(result, name)) is not None:
            arrays[name] = array if result.shape else array[np.newaxis]
    if result.bits is not None:
        arrays["bits"] = result.bits if result.shape else result.bits[np.newaxis]
    elif result.memory is not None:
        shots = result.memory if result.shape else [result.memory]
        arrays["bits"] = np.stack([pack(each) for each in shots])
    return arrays


def choose_output(tape: QuantumScript, wires: Sequence[Any], *, noisy: bool) -> TapeOutput:
    """Return the outputs that a tape needs.

    Args:
        wires: Labels of all wires, in the order of the qubits.
        noisy: The state is not pure.

    Raises:
        DeviceError: The service cannot compute a measurement with noise.
    """
    if tape.shots:
        [sample] = tape.measurements
        return SampleOutput(sample, tape.shots.total_shots)
    parts = [_value(each, wires, noisy) for each in tape.measurements]
    if all(part is not None for part in parts):
        return ValueOutput([part for part in parts if part is not None], wires)
    if noisy:
        unsupported = tape.measurements[parts.index(None)]
        raise DeviceError(
            f"Measurement {unsupported} not supported with noise, which has no state vector; "
            f"density matrices have at most {MAX_DENSITY_WIRES} wires"
        )
    return StateOutput(tape.measurements, wires)


def _value(
    measurement: MeasurementProcess, wires: Sequence[Any], noisy: bool
) -> "TapeValue | None":
    """Return the value of a measurement; None if it needs the state."""
    if noisy and isinstance(measurement, _OF_DENSITY_MATRICES):
        of = tuple(measurement.wires) or tuple(wires)
        return None if len(of) > MAX_DENSITY_WIRES else DensityValue(measurement, of, wires)
    if type(measurement) not in (ExpectationMP, VarianceMP, ProbabilityMP):
        return None
    if measurement.obs is None:
        return ProbabilityValue(measurement)
    if isinstance(measurement, ExpectationMP):
        terms = pauli_terms(measurement.obs, wires)
        return None if terms is None else MeanValue(terms)
    return _variance(measurement, wires) if isinstance(measurement, VarianceMP) else None


def _variance(measurement: VarianceMP, wires: Sequence[Any]) -> "VarianceValue | None":
    sentence = pauli_sentence(measurement.obs)
    if sentence is None:
        return None
    square = sentence @ sentence
    square.simplify()
    return VarianceValue(write_terms(sentence, wires), write_terms(square, wires))


class TapeValue(Protocol):
    """Measurement that is computed from expectation values or probabilities.

    Attributes:
        observables: Observables whose expectation values the measurement needs.
        wires: Labels of the wires whose probabilities it needs.
    """

    observables: tuple[Terms, ...]
    wires: tuple[Any, ...]

    def convert(self, values: Array, distribution: Array, measured: Sequence[Any]) -> Array:
        """Return the measurement for all elements.

        Args:
            values: float64 [elements, observables], values of the observables.
            distribution: float64 [elements, 2**wires], probabilities of the measured wires; the
                first wire is the highest bit.
            measured: Labels of the measured wires.
        """


class MeanValue:
    """Expectation value of an observable."""

    def __init__(self, terms: Terms) -> None:
        self.observables: tuple[Terms, ...] = (terms,)
        self.wires: tuple[Any, ...] = ()

    def convert(self, values: Array, *_: Any) -> Array:
        """Return the values."""
        means: Array = values[:, 0]
        return means


class VarianceValue:
    """Variance of an observable, from the means of the observable and of its square."""

    def __init__(self, terms: Terms, square: Terms) -> None:
        self.observables: tuple[Terms, ...] = (terms, square)
        self.wires: tuple[Any, ...] = ()

    def convert(self, values: Array, *_: Any) -> Array:
        """Return the variances."""
        variances: Array = values[:, 1] - values[:, 0] ** 2
        return variances


class DensityValue:
    """Density matrix, from the means of all Pauli words on its wires, or a function of it."""

    def __init__(
        self, measurement: MeasurementProcess, of: tuple[Any, ...], wires: Sequence[Any]
    ) -> None:
        words = [
            PauliWord(dict(zip(of, letters, strict=True)))
            for letters in product("IXYZ", repeat=len(of))
        ]
        self.observables = tuple(write_terms(PauliSentence({word: 1.0}), wires) for word in words)
        self.wires: tuple[Any, ...] = ()
        self._measurement = measurement.map_wires({wire: k for k, wire in enumerate(of)})
        self._of = Wires(range(len(of)))
        self._matrices = np.array([word.to_mat(wire_order=of) for word in words])

    def convert(self, values: Array, *_: Any) -> Array:
        """Return the measurement of the density matrices."""
        matrices = np.tensordot(values, self._matrices, axes=1) / 2 ** len(self._of)
        return np.asarray(self._measurement.process_density_matrix(matrices, self._of))


class ProbabilityValue:
    """Measurement in the computational basis."""

    def __init__(self, measurement: MeasurementProcess) -> None:
        self.observables: tuple[Terms, ...] = ()
        self.wires: tuple[Any, ...] = tuple(measurement.wires)
        self._measurement = measurement

    def convert(self, _: Array, distribution: Array, measured: Sequence[Any]) -> Array:
        """Return the measurement of a state with these probabilities; phases do not matter."""
        numbers = {wire: k for k, wire in enumerate(measured)}
        measurement = self._measurement.map_wires(numbers)
        order = Wires(range(len(measured)))
        return np.asarray(measurement.process_state(np.sqrt(distribution), order))


class ValueOutput:
    """Expectation values and probabilities."""

    shots: int | None = None
    differentiated: tuple[int, ...] = ()

    def __init__(self, parts: Sequence[TapeValue], wires: Sequence[Any]) -> None:
        self._parts = parts
        self._observables = [terms for part in parts for terms in part.observables]
        needed = {wire for part in parts for wire in part.wires}
        if not all(part.wires or part.observables for part in parts):  # probs() of all wires
            needed = set(wires)
        self.measured = tuple(wire for wire in wires if wire in needed)
        self.key = (tuple(self._observables), self.measured)

    def fields(self) -> Json:
        """Return the fields of the request."""
        kinds = [EXPECTATION_VALUES] if self._observables else []
        kinds += [PROBABILITIES] if self.measured else []
        observables = [[list(map(list, terms))] for terms in self._observables]
        return {"return": kinds} | ({"observables": observables} if observables else {})

    def convert(self, answer: TapeAnswer, program: TapeProgram) -> Any:
        """Return the results of the tape."""
        values, table = np.empty((1, 0)), np.ones((1, 1))
        if answer.expectation_values is not None:
            values = answer.expectation_values
        if answer.probabilities is not None:
            table = _reverse_bits(answer.probabilities, len(self.measured))
        start, results = 0, []
        for part in self._parts:
            end = start + len(part.observables)
            results.append(part.convert(values[:, start:end], table, self.measured))
            start = end
        return _unwrap([each if program.batched else each[0] for each in results])


class GradientOutput:
    """Expectation values, and their derivatives by the trainable parameters of the tape."""

    shots: int | None = None
    measured: tuple[Any, ...] = ()

    def __init__(self, values: ValueOutput, positions: Sequence[int | None]) -> None:
        self._values = values
        self._positions = positions
        self.differentiated = tuple(sorted({k for k in positions if k is not None}))
        self.key = (values.key, self.differentiated)

    def fields(self) -> Json:
        """Return the fields of the request."""
        fields = self._values.fields()
        return {
            **fields,
            "return": [EXPECTATION_VALUES, *["gradients"] * bool(self.differentiated)],
        }

    def convert(self, answer: TapeAnswer, program: TapeProgram) -> Any:
        """Return the results of the tape, and the Jacobian as PennyLane nests it."""
        results = self._values.convert(answer, program)
        rows = len(results) if isinstance(results, tuple) else 1
        jacobian = np.zeros((rows, len(self._positions)))
        for column, position in enumerate(self._positions):
            if position is not None and answer.gradients is not None:
                jacobian[:, column] = answer.gradients[0, :, position]
        return results, _nest_jacobian(jacobian)


def _nest_jacobian(jacobian: Array) -> Any:
    """Return the Jacobian as tuples by measurement and parameter, without lengths of one."""
    rows = [_unwrap([np.array(value) for value in row]) for row in jacobian]
    return _unwrap(rows)


class StateOutput:
    """State, from which PennyLane computes the measurements."""

    shots: int | None = None
    measured: tuple[Any, ...] = ()
    differentiated: tuple[int, ...] = ()
    key = "statevector"

    def __init__(self, measurements: Sequence[MeasurementProcess], wires: Sequence[Any]) -> None:
        numbers = {wire: k for k, wire in enumerate(wires)}
        self._measurements = [each.map_wires(numbers) for each in measurements]
        self._wires = len(wires)

    def fields(self) -> Json:
        """Return the fields of the request."""
        return {"return": ["statevector"]}

    def convert(self, answer: TapeAnswer, program: TapeProgram) -> Any:
        """Return the results of the tape."""
        assert answer.statevector is not None
        flat = _reverse_bits(answer.statevector, self._wires)
        flat = flat * np.exp(1j * np.reshape(program.phase, (-1, 1)))
        states = flat.reshape(len(flat), *(2,) * self._wires)
        state = states if program.batched else states[0]
        return _unwrap(
            [measure(each, state, is_state_batched=program.batched) for each in self._measurements]
        )


class SampleOutput:
    """Samples of all measured wires."""

    differentiated: tuple[int, ...] = ()

    def __init__(self, sample: SampleMP, shots: int) -> None:
        self.measured: tuple[Any, ...] = tuple(sample.wires)
        self.shots: int | None = shots
        self.key = (self.measured, shots)

    def fields(self) -> Json:
        """Return the fields of the request, except for the number of shots."""
        return {"return": ["memory"]}

    def convert(self, answer: TapeAnswer, program: TapeProgram) -> Any:
        """Return the samples: int64 [shots, wires], after the number of elements if batched."""
        assert answer.bits is not None
        columns = np.unpackbits(answer.bits, axis=-1)[..., ::-1][..., : len(self.measured)]
        samples = columns.astype(np.int64)
        return samples if program.batched else samples[0]


def _reverse_bits(table: Array, bits: int) -> Array:
    """Reverse the order of the bits of the last index: the service has the first bit lowest."""
    axes = (0, *range(bits, 0, -1))
    return table.reshape(len(table), *(2,) * bits).transpose(axes).reshape(len(table), -1)


def _unwrap(results: Sequence[Any]) -> Any:
    return results[0] if len(results) == 1 else tuple(results)
