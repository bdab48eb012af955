"""A noise model: quantum errors by the name of an instruction and its qubits, and readout errors.

The JSON form is that of `qiskit_aer.noise.NoiseModel.to_dict`, with the meaning that Aer gives it:
an error follows the instruction of its name (an error of `measure` comes before the measurement);
an error for certain qubits replaces the error for all qubits; an error on fewer qubits than the
instruction acts on the first of them.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Instruction, Reset
from qiskit.circuit.library import PauliGate, UnitaryGate
from qiskit.quantum_info import Kraus, Pauli, SuperOp
from qiskit_aer.noise import NoiseModel, QuantumError, ReadoutError, pauli_error

from quantumtask.engines.noise.failure import invalid_noise
from quantumtask.engines.qiskit.circuits import build_circuit
from quantumtask.openqasm.gates.expansion import MAX_ARGUMENT
from quantumtask.openqasm.program.operations import BASIC_GATES, Matrix, MatrixGate, Operation

MAX_ERROR_QUBITS = 4
"""Most qubits of one error: a superoperator on n qubits has 16**n entries."""

TOLERANCE = 1e-6
"""Largest deviation of a sum of probabilities from 1, and of the sum of K†K from the identity."""

RESET, MEASURE, DELAY = "reset", "measure", "delay"

ConfusionMatrix = tuple[tuple[float, float], tuple[float, float]]
"""Readout error: row v has the probabilities that a qubit with value v is read as 0 and as 1."""

IDEAL_READOUT: ConfusionMatrix = ((1.0, 0.0), (0.0, 1.0))
Qubits = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ErrorStep:
    """One step of an error on some of its qubits.

    `matrices`: one for a gate, all operators for a Kraus channel, none for a reset.
    """

    name: str
    qubits: Qubits
    matrices: tuple[Matrix, ...]
    params: tuple[Any, ...]

    @cached_property
    def operation(self) -> Operation:
        """The gate, on the qubits of the error."""
        if self.name in BASIC_GATES:
            return Operation(BASIC_GATES[self.name], self.params, self.qubits)
        return Operation(MatrixGate(self.matrices[0]), (), self.qubits)

    @property
    def instruction(self) -> Instruction:
        if not self.matrices:
            return Reset()
        if self.name == "kraus":
            return Kraus(list(self.matrices)).to_instruction()
        if self.name == "pauli":
            return PauliGate(self.params[0])
        if self.name in BASIC_GATES:
            there = range(len(self.qubits))
            operation = self.operation._replace(qubits=tuple(there))
            return build_circuit([operation], there, {}).data[0].operation
        return UnitaryGate(self.matrices[0], check_input=False)

    @property
    def clifford(self) -> bool:
        """Return True if the step is Clifford by its name: stabilizer states stay such."""
        known = self.name in BASIC_GATES and BASIC_GATES[self.name].is_clifford
        return known or self.name in (RESET, "pauli")


@dataclass(frozen=True, eq=False)
class Channel:
    """An error on `size` qubits: terms, each a sequence of steps with a probability."""

    size: int
    terms: tuple[tuple[float, tuple[ErrorStep, ...]], ...]

    @cached_property
    def aer(self) -> QuantumError:
        return QuantumError([(self._circuit(events), chance) for chance, events in self.terms])

    def widened(self, qubits: int) -> QuantumError:
        """The channel as one on so many qubits, which acts on the first of them."""
        rest = qubits - self.size
        return self.aer.expand(pauli_error([("I" * rest, 1.0)])) if rest else self.aer

    @cached_property
    def superoperator(self) -> Matrix:
        """The superoperator on density matrices as stacked columns; bit k of a row is qubit k."""
        matrix: Matrix = np.ascontiguousarray(SuperOp(self.aer).data)
        return matrix

    @cached_property
    def clifford(self) -> bool:
        """Return True if each term maps stabilizer states to stabilizer states."""
        return all(event.clifford for _, events in self.terms for event in events)

    @cached_property
    def bounds(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The sums of the probabilities of the terms, the last of them 1."""
        sums: np.ndarray[Any, np.dtype[np.float64]] = np.cumsum(
            [chance for chance, _ in self.terms]
        )
        sums /= sums[-1]
        return sums

    def _circuit(self, events: Iterable[ErrorStep]) -> QuantumCircuit:
        circuit = QuantumCircuit(self.size)
        for event in events:
            circuit.append(event.instruction, event.qubits)
        return circuit


@dataclass(frozen=True, eq=False)
class ErrorModel:
    """Errors by the name of an instruction and its qubits; `None` stands for all qubits."""

    quantum: Mapping[str, Mapping[Qubits | None, Channel]]
    readout: Mapping[int | None, ConfusionMatrix]

    def error(self, name: str, qubits: Qubits) -> Channel | None:
        """The error that comes with an instruction on these qubits."""
        known = self.quantum.get(name)
        if known is None:
            return None
        channel = known.get(qubits) or known.get(None)
        if channel is not None and channel.size > len(qubits):
            raise invalid_noise(
                f"noise: the error of {name!r} is one on {channel.size} qubits, and the program "
                f"calls {name!r} on {len(qubits)}: give it another name, or the error fewer qubits"
            )
        return channel

    def confusion(self, qubit: int) -> ConfusionMatrix:
        """The readout error of a qubit."""
        return self.readout.get(qubit) or self.readout.get(None) or IDEAL_READOUT

    @cached_property
    def clifford(self) -> bool:
        """Return True if all errors map stabilizer states to stabilizer states."""
        channels = [each for known in self.quantum.values() for each in known.values()]
        return all(channel.clifford for channel in channels)

    def aer(self, qubits: Qubits, used: frozenset[tuple[str, Qubits]]) -> NoiseModel:
        """The NoiseModel of Aer for a circuit whose qubit k is qubit `qubits`[k] of this model.

        `used`: the instructions of the circuit, by name and qubits. The result has the one error
        that belongs to each of them.
        """
        if used not in self._models:
            self._models[used] = self._made(qubits, used)
        return self._models[used]

    @cached_property
    def _models(self) -> dict[frozenset[tuple[str, Qubits]], NoiseModel]:
        """Cache of Aer's models: the circuits of one task differ only in their angles."""
        return {}

    def _made(self, qubits: Qubits, used: frozenset[tuple[str, Qubits]]) -> NoiseModel:
        number = {qubit: k for k, qubit in enumerate(qubits)}
        model = NoiseModel(basis_gates=["id"])
        for name, on in sorted(used):
            if channel := self.error(name, on):
                there = [number[qubit] for qubit in on]
                model.add_quantum_error(channel.widened(len(on)), name, there, warnings=False)
        for qubit in qubits:
            if (confusion := self.confusion(qubit)) != IDEAL_READOUT:
                model.add_readout_error(ReadoutError(confusion), [number[qubit]], warnings=False)
        return model


def parse_error_model(given: Mapping[str, Any]) -> ErrorModel:
    """The model of a JSON object, or of what `NoiseModel.to_dict` returns.

    Raises ResourceError (`bad_noise`) that names the field, the rule, the value and the remedy.
    """
    quantum: dict[str, dict[Qubits | None, Channel]] = {}
    readout: dict[int | None, ConfusionMatrix] = {}
    for number, error in enumerate(given["errors"]):
        place = f"noise.errors.{number}"
        places: list[Qubits | None] = [tuple(on) for on in error.get("gate_qubits") or ()]
        places = places or [None]
        if error["type"] == "roerror":
            confusion = _confusion(error["probabilities"], place)
            for on in places:
                _put_readout(readout, _single(on, place), confusion, place)
            continue
        channel = _channel(error, place)
        for name in error["operations"]:
            for on in places:
                _put(quantum.setdefault(name, {}), on, channel, place)
    return ErrorModel(quantum, readout)


def _single(qubits: Qubits | None, place: str) -> int | None:
    """The qubit that a readout error belongs to."""
    if qubits is None:
        return None
    if len(qubits) != 1:
        raise invalid_noise(
            f"{place}.gate_qubits: a readout error belongs to one qubit, because each measurement "
            f"is of one; this one has {len(qubits)} qubits: give one error for each qubit"
        )
    return qubits[0]


def _put(
    known: dict[Qubits | None, Channel], on: Qubits | None, channel: Channel, place: str
) -> None:
    if on is not None and len(on) < channel.size:
        raise invalid_noise(
            f"{place}.gate_qubits: the error acts on {channel.size} qubits, and {list(on)} are "
            f"{len(on)}: give as many qubits as the instruction has"
        )
    if on in known:
        raise invalid_noise(
            f"{place}: there is an error of this operation on these qubits already: "
            "compose the two into one"
        )
    known[on] = channel


def _put_readout(
    known: dict[int | None, ConfusionMatrix],
    qubit: int | None,
    confusion: ConfusionMatrix,
    place: str,
) -> None:
    if qubit in known:
        on = "all qubits" if qubit is None else f"qubit {qubit}"
        raise invalid_noise(
            f"{place}: there is a readout error of {on} already: multiply the two into one"
        )
    known[qubit] = confusion


def _confusion(rows: Any, place: str) -> ConfusionMatrix:
    table = np.asarray(rows, dtype=np.float64)
    if table.shape != (2, 2):
        raise invalid_noise(
            f"{place}.probabilities: must be 2 rows of 2 numbers, for one qubit; got the shape "
            f"{list(table.shape)}: give one error for each qubit"
        )
    if (table < 0).any() or np.abs(table.sum(axis=1) - 1).max() > TOLERANCE:
        raise invalid_noise(
            f"{place}.probabilities: each row must sum to 1, without negative numbers; "
            f"got {table.tolist()}"
        )
    (a, b), (c, d) = (table / table.sum(axis=1, keepdims=True)).tolist()
    return (a, b), (c, d)


def _channel(error: Mapping[str, Any], place: str) -> Channel:
    chances = [float(chance) for chance in error["probabilities"]]
    if len(chances) != len(error["instructions"]):
        raise invalid_noise(
            f"{place}.probabilities: must be one for each of `instructions`; got "
            f"{len(chances)} for {len(error['instructions'])}"
        )
    total = math.fsum(chances)
    if min(chances, default=0.0) < 0 or abs(total - 1) > TOLERANCE:
        raise invalid_noise(
            f"{place}.probabilities: must be 0 or more and sum to 1; the sum is {total:g}"
        )
    terms = []
    for number, steps in enumerate(error["instructions"]):
        at = f"{place}.instructions.{number}"
        terms.append(tuple([_event(step, f"{at}.{k}") for k, step in enumerate(steps)]))
    places = [qubit for events in terms for event in events for qubit in event.qubits]
    size = max(places, default=0) + 1
    if size > MAX_ERROR_QUBITS:
        raise invalid_noise(
            f"{place}: an error acts on at most {MAX_ERROR_QUBITS} qubits, not on {size}"
        )
    weighed = zip([chance / total for chance in chances], terms, strict=True)
    return Channel(size, tuple([(chance, events) for chance, events in weighed if chance]))


def _event(step: Mapping[str, Any], place: str) -> ErrorStep:
    name, qubits = step["name"], tuple(step["qubits"])
    matrices = _matrices(name, step.get("params") or [], place)
    wanted = len(matrices[0]).bit_length() - 1 if matrices else 1
    if len(qubits) != wanted or len(set(qubits)) != len(qubits):
        raise invalid_noise(
            f"{place}.qubits: {name!r} acts here on {wanted} different qubits, and {list(qubits)} "
            "are not that"
        )
    params = () if name in ("unitary", "kraus") else tuple(step.get("params") or ())
    return ErrorStep(name, qubits, matrices, params)


def _matrices(name: str, params: Sequence[Any], place: str) -> tuple[Matrix, ...]:
    """The matrix of a gate, all operators of a Kraus channel, or no matrix for a reset."""
    if name == RESET:
        if params:
            raise invalid_noise(f"{place}.params: a reset has none")
        return ()
    if name == "pauli":
        return (_pauli(params, place),)
    if name in ("unitary", "kraus"):
        matrices = tuple([_matrix(each, f"{place}.params.{k}") for k, each in enumerate(params)])
        return _keeping_the_trace(name, matrices, place)
    gate = BASIC_GATES.get(name)
    if gate is None or len(params) != gate.num_parameters:
        raise invalid_noise(
            f"{place}.name: {str(name)[:40]!r} with {len(params)} params is no step of an error: "
            f"give pauli, unitary, kraus, reset, or a gate of {', '.join(BASIC_GATES)}"
        )
    angles = [float(each) for each in params if _is_finite(each)]
    if len(angles) != len(params):
        raise invalid_noise(f"{place}.params: the angles of {name!r} must be finite numbers")
    return (gate.matrix(*angles),)


def _is_finite(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) < MAX_ARGUMENT


def _pauli(params: Sequence[Any], place: str) -> Matrix:
    word = params[0] if len(params) == 1 else None
    if (
        not isinstance(word, str)
        or not 1 <= len(word) <= MAX_ERROR_QUBITS
        or set(word) - set("IXYZ")
    ):
        raise invalid_noise(
            f"{place}.params: must be one word of 1 to {MAX_ERROR_QUBITS} of the letters I X Y Z, "
            'such as ["XZ"]'
        )
    return _pauli_matrix(word)


@lru_cache(512)
def _pauli_matrix(word: str) -> Matrix:
    matrix: Matrix = Pauli(word).to_matrix()
    return matrix


def _keeping_the_trace(name: str, matrices: tuple[Matrix, ...], place: str) -> tuple[Matrix, ...]:
    if not matrices or (name == "unitary" and len(matrices) != 1):
        raise invalid_noise(
            f"{place}.params: must be one matrix for `unitary`, 1 or more for `kraus`"
        )
    if len({matrix.shape for matrix in matrices}) > 1:
        raise invalid_noise(f"{place}.params: all matrices must have the same size")
    total = sum(matrix.conj().T @ matrix for matrix in matrices)
    off = float(np.abs(total - np.eye(len(matrices[0]))).max())
    if not off <= TOLERANCE:
        raise invalid_noise(
            f"{place}.params: the channel must keep the trace: the sum of K\u2020K must be the "
            f"identity, and is off by {off:.2g}"
        )
    return matrices


def _matrix(rows: Any, place: str) -> Matrix:
    """The matrix of rows of [re, im] as a client sends it, or of an array of NumPy."""
    try:
        given = np.asarray(rows)
        if not np.iscomplexobj(given):
            if given.dtype.kind not in "iuf" or given.shape[-1] != 2:
                raise ValueError
            given = given[..., 0] + 1j * given[..., 1]
        matrix: Matrix = np.ascontiguousarray(given, dtype=np.complex128)
        sizes = [1 << k for k in range(1, MAX_ERROR_QUBITS + 1)]
        if matrix.shape not in [(size, size) for size in sizes]:
            raise ValueError
    except (ValueError, TypeError, IndexError):
        raise invalid_noise(
            f"{place}: a matrix is a list of rows of [re, im], with 2 to "
            f"{1 << MAX_ERROR_QUBITS} rows and as many columns"
        ) from None
    return matrix
