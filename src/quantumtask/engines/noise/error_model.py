"""Noise model: quantum errors by the name of an instruction and its qubits, and readout errors.

The errors have the meaning that Aer gives them: an error follows the instruction of its name (an
error of `measure` comes before the measurement); an error for certain qubits replaces the error for
all qubits; an error on fewer qubits than the instruction acts on the first of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Instruction, Reset
from qiskit.circuit.library import PauliGate, UnitaryGate
from qiskit.quantum_info import Kraus, SuperOp
from qiskit_aer.noise import NoiseModel, QuantumError, ReadoutError, pauli_error

from quantumtask.engines.noise.failure import invalid_noise
from quantumtask.engines.qiskit.circuits import build_circuit
from quantumtask.openqasm.program.operations import BASIC_GATES, Matrix, MatrixGate, Operation

RESET, MEASURE, DELAY = "reset", "measure", "delay"
KRAUS = "kraus"

ConfusionMatrix = tuple[tuple[float, float], tuple[float, float]]
"""Readout error: row v has the probabilities that a qubit with value v is read as 0 and as 1."""

IDEAL_READOUT: ConfusionMatrix = ((1.0, 0.0), (0.0, 1.0))
Qubits = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ErrorStep:
    """One step of an error.

    Attributes:
        name: `pauli`, `unitary`, `kraus`, `reset`, or the name of a gate.
        qubits: Qubits within the error: 0 is the first qubit of the instruction.
        matrices: One for a gate, all operators for a Kraus channel, none for a reset.
        params: Pauli word of `pauli`, or angles of a gate.
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
        """The step as an instruction of Qiskit."""
        if not self.matrices:
            return Reset()
        if self.name == "kraus":
            return Kraus(list(self.matrices)).to_instruction()
        if self.name == "pauli":
            return PauliGate(self.params[0])
        if self.name in BASIC_GATES:
            qubits = range(len(self.qubits))
            operation = self.operation._replace(qubits=tuple(qubits))
            return build_circuit([operation], qubits, {}).data[0].operation
        return UnitaryGate(self.matrices[0], check_input=False)

    @property
    def clifford(self) -> bool:
        """True if the step is known by its name to map stabilizer states to stabilizer states."""
        clifford_gate = self.name in BASIC_GATES and BASIC_GATES[self.name].is_clifford
        return clifford_gate or self.name in (RESET, "pauli")


@dataclass(frozen=True, eq=False)
class Channel:
    """An error on `size` qubits.

    Attributes:
        terms: Sequences of steps with their probabilities; exactly one of them is applied.
    """

    size: int
    terms: tuple[tuple[float, tuple[ErrorStep, ...]], ...]

    @cached_property
    def aer(self) -> QuantumError:
        """The channel as an error of Aer."""
        return QuantumError(
            [(self._circuit(steps), probability) for probability, steps in self.terms]
        )

    def expand_to(self, qubits: int) -> QuantumError:
        """Return the channel as an error of Aer on more qubits; it acts on the first of them."""
        rest = qubits - self.size
        return self.aer.expand(pauli_error([("I" * rest, 1.0)])) if rest else self.aer

    @cached_property
    def superoperator(self) -> Matrix:
        """The superoperator on density matrices as stacked columns; bit k of a row is qubit k."""
        matrix: Matrix = np.ascontiguousarray(SuperOp(self.aer).data)
        return matrix

    @cached_property
    def clifford(self) -> bool:
        """True if each term maps stabilizer states to stabilizer states."""
        return all(step.clifford for _, steps in self.terms for step in steps)

    @cached_property
    def pauli_probabilities(self) -> Mapping[str, float] | None:
        """The probability of each Pauli word but the identity; letter k acts on qubit k.

        None if a step is no Pauli operator.
        """
        probabilities: dict[str, float] = {}
        for probability, steps in self.terms:
            word = _multiply_paulis(steps, self.size)
            if word is None:
                return None
            probabilities[word] = probabilities.get(word, 0.0) + probability
        probabilities.pop("I" * self.size, None)
        return probabilities

    @cached_property
    def bounds(self) -> NDArray[np.float64]:
        """The cumulative sums of the probabilities of the terms, the last of them 1."""
        sums: NDArray[np.float64] = np.cumsum([probability for probability, _ in self.terms])
        sums /= sums[-1]
        return sums

    def _circuit(self, steps: Iterable[ErrorStep]) -> QuantumCircuit:
        circuit = QuantumCircuit(self.size)
        for step in steps:
            circuit.append(step.instruction, step.qubits)
        return circuit


PAULI_BITS = {"I": (0, 0), "X": (1, 0), "Y": (1, 1), "Z": (0, 1)}
"""The bits (x, z) of each Pauli letter: those of a product are the sums modulo 2."""

PAULI_LETTERS = {bits: letter for letter, bits in PAULI_BITS.items()}

PAULI_WORDS = {"id": "I", "x": "X", "y": "Y", "z": "Z"}
"""The Pauli word of each gate that is a Pauli operator."""


def _multiply_paulis(steps: Iterable[ErrorStep], size: int) -> str | None:
    """Return the product of steps as a Pauli word; None if a step is no Pauli operator."""
    product = [(0, 0)] * size
    for step in steps:
        # The last letter of a word of Qiskit acts on the first qubit.
        word = step.params[0][::-1] if step.name == "pauli" else PAULI_WORDS.get(step.name)
        if word is None:
            return None
        for letter, qubit in zip(word, step.qubits, strict=True):
            (x, z), (own_x, own_z) = PAULI_BITS[letter], product[qubit]
            product[qubit] = (x ^ own_x, z ^ own_z)
    return "".join([PAULI_LETTERS[bits] for bits in product])


@dataclass(frozen=True, eq=False)
class ErrorModel:
    """Errors by instruction and qubits.

    Attributes:
        quantum: For each name of an instruction, its errors by qubits; None: all qubits.
        readout: Readout errors by qubit; None: all qubits.
    """

    quantum: Mapping[str, Mapping[Qubits | None, Channel]]
    readout: Mapping[int | None, ConfusionMatrix]

    def error(self, name: str, qubits: Qubits) -> Channel | None:
        """Return the error of an instruction on some qubits; None if there is none."""
        by_qubits = self.quantum.get(name)
        if by_qubits is None:
            return None
        channel = by_qubits.get(qubits) or by_qubits.get(None)
        if channel is not None and channel.size > len(qubits):
            raise invalid_noise(
                f"noise: the error of {name!r} acts on {channel.size} qubits, and the program "
                f"calls {name!r} on {len(qubits)}: rename the gate, or reduce the error"
            )
        return channel

    def is_uniform(self, name: str) -> bool:
        """Return True if an instruction has the same error on all qubits, or none."""
        return self.quantum.get(name, {}).keys() <= {None}

    def confusion(self, qubit: int) -> ConfusionMatrix:
        """Return the readout error of a qubit."""
        return self.readout.get(qubit) or self.readout.get(None) or IDEAL_READOUT

    @cached_property
    def clifford(self) -> bool:
        """True if all errors map stabilizer states to stabilizer states."""
        return all(channel.clifford for channel in self._channels)

    @cached_property
    def pauli(self) -> bool:
        """True if all errors are random Pauli operators, apart from readout errors."""
        return all(channel.pauli_probabilities is not None for channel in self._channels)

    @cached_property
    def has_kraus(self) -> bool:
        """True if the terms of some error have probabilities that depend on the state."""
        steps = [step for channel in self._channels for _, term in channel.terms for step in term]
        return any(step.name == KRAUS for step in steps)

    @property
    def _channels(self) -> list[Channel]:
        return [each for by_qubits in self.quantum.values() for each in by_qubits.values()]

    def to_aer(self, qubits: Qubits, uses: frozenset[tuple[str, Qubits]]) -> NoiseModel:
        """Return Aer's model for a circuit; cached, because circuits of a task differ in angles.

        Args:
            qubits: Qubit k of the circuit is qubit `qubits`[k] of this model.
            uses: The instructions of the circuit, by name and qubits of this model. The result has
                the one error that belongs to each of them.
        """
        if uses not in self._aer_models:
            self._aer_models[uses] = self._build_aer_model(qubits, uses)
        return self._aer_models[uses]

    @cached_property
    def _aer_models(self) -> dict[frozenset[tuple[str, Qubits]], NoiseModel]:
        return {}

    def _build_aer_model(self, qubits: Qubits, uses: frozenset[tuple[str, Qubits]]) -> NoiseModel:
        number = {qubit: k for k, qubit in enumerate(qubits)}
        model = NoiseModel(basis_gates=["id"])
        for name, on in sorted(uses):
            if channel := self.error(name, on):
                error, places = channel.expand_to(len(on)), [number[qubit] for qubit in on]
                model.add_quantum_error(error, name, places, warnings=False)
        for qubit in qubits:
            if (confusion := self.confusion(qubit)) != IDEAL_READOUT:
                model.add_readout_error(ReadoutError(confusion), [number[qubit]], warnings=False)
        return model
