"""Parser of noise models in JSON, in the form of `qiskit_aer.noise.NoiseModel.to_dict`."""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from qiskit.quantum_info import Pauli

from quantumtask.engines.noise.error_model import (
    RESET,
    Channel,
    ConfusionMatrix,
    ErrorModel,
    ErrorStep,
    Qubits,
)
from quantumtask.engines.noise.failure import invalid_noise
from quantumtask.openqasm.gates.expansion import MAX_ARGUMENT
from quantumtask.openqasm.program.operations import BASIC_GATES, Matrix

MAX_ERROR_QUBITS = 4
"""Largest number of qubits of one error: a superoperator on n qubits has 16**n entries."""

TOLERANCE = 1e-6
"""Largest deviation of a sum of probabilities from 1, and of the sum of K†K from the identity."""


def parse_error_model(model: Mapping[str, Any]) -> ErrorModel:
    """Build the noise model from a JSON object, or from the dict of `NoiseModel.to_dict`.

    Raises:
        ResourceError: `bad_noise`; the message names the field, the rule, the value and the remedy.
    """
    quantum: dict[str, dict[Qubits | None, Channel]] = {}
    readout: dict[int | None, ConfusionMatrix] = {}
    for number, error in enumerate(model["errors"]):
        field = f"noise.errors.{number}"
        targets: list[Qubits | None] = [tuple(on) for on in error.get("gate_qubits") or ()]
        targets = targets or [None]
        if error["type"] == "roerror":
            confusion = _parse_confusion(error["probabilities"], field)
            for qubits in targets:
                _add_readout_error(readout, _single_qubit(qubits, field), confusion, field)
            continue
        channel = _parse_channel(error, field)
        for name in error["operations"]:
            for qubits in targets:
                _add_error(quantum.setdefault(name, {}), qubits, channel, field)
    return ErrorModel(quantum, readout)


def _single_qubit(qubits: Qubits | None, field: str) -> int | None:
    """Return the qubit of a readout error; None: all qubits."""
    if qubits is None:
        return None
    if len(qubits) != 1:
        raise invalid_noise(
            f"{field}.gate_qubits: a readout error belongs to one qubit; got {len(qubits)} qubits: "
            "give one error for each qubit"
        )
    return qubits[0]


def _add_error(
    errors: dict[Qubits | None, Channel], qubits: Qubits | None, channel: Channel, field: str
) -> None:
    if qubits is not None and len(qubits) < channel.size:
        raise invalid_noise(
            f"{field}.gate_qubits: must be as many qubits as the instruction has; the error acts "
            f"on {channel.size} qubits, got {list(qubits)}"
        )
    if qubits in errors:
        raise invalid_noise(
            f"{field}: there is an error of this operation on these qubits already: "
            "compose the two into one"
        )
    errors[qubits] = channel


def _add_readout_error(
    errors: dict[int | None, ConfusionMatrix],
    qubit: int | None,
    confusion: ConfusionMatrix,
    field: str,
) -> None:
    if qubit in errors:
        on = "all qubits" if qubit is None else f"qubit {qubit}"
        raise invalid_noise(
            f"{field}: there is a readout error of {on} already: multiply the two into one"
        )
    errors[qubit] = confusion


def _parse_confusion(rows: Any, field: str) -> ConfusionMatrix:
    matrix = np.asarray(rows, dtype=np.float64)
    if matrix.shape != (2, 2):
        raise invalid_noise(
            f"{field}.probabilities: must be 2 rows of 2 numbers, for one qubit; got the shape "
            f"{list(matrix.shape)}: give one error for each qubit"
        )
    if (matrix < 0).any() or np.abs(matrix.sum(axis=1) - 1).max() > TOLERANCE:
        raise invalid_noise(
            f"{field}.probabilities: each row must sum to 1, without negative numbers; "
            f"got {matrix.tolist()}"
        )
    (a, b), (c, d) = (matrix / matrix.sum(axis=1, keepdims=True)).tolist()
    return (a, b), (c, d)


def _parse_channel(error: Mapping[str, Any], field: str) -> Channel:
    probabilities = _parse_probabilities(error, field)
    terms = []
    for number, steps in enumerate(error["instructions"]):
        term = f"{field}.instructions.{number}"
        terms.append(tuple([_parse_step(step, f"{term}.{k}") for k, step in enumerate(steps)]))
    qubits = [qubit for steps in terms for step in steps for qubit in step.qubits]
    size = max(qubits, default=0) + 1
    if size > MAX_ERROR_QUBITS:
        raise invalid_noise(
            f"{field}: an error acts on at most {MAX_ERROR_QUBITS} qubits, not on {size}"
        )
    weighted = zip(probabilities, terms, strict=True)
    return Channel(size, tuple([(weight, steps) for weight, steps in weighted if weight]))


def _parse_probabilities(error: Mapping[str, Any], field: str) -> list[float]:
    """Return the probabilities of the terms of an error, scaled so that their sum is 1."""
    probabilities = [float(probability) for probability in error["probabilities"]]
    if len(probabilities) != len(error["instructions"]):
        raise invalid_noise(
            f"{field}.probabilities: must be one for each of `instructions`; got "
            f"{len(probabilities)} for {len(error['instructions'])}"
        )
    total = math.fsum(probabilities)
    if min(probabilities, default=0.0) < 0 or abs(total - 1) > TOLERANCE:
        raise invalid_noise(
            f"{field}.probabilities: must be 0 or more and sum to 1; the sum is {total:g}"
        )
    return [probability / total for probability in probabilities]


def _parse_step(step: Mapping[str, Any], field: str) -> ErrorStep:
    name, qubits = step["name"], tuple(step["qubits"])
    matrices = _parse_matrices(name, step.get("params") or [], field)
    size = len(matrices[0]).bit_length() - 1 if matrices else 1
    if len(qubits) != size or len(set(qubits)) != len(qubits):
        raise invalid_noise(
            f"{field}.qubits: must be {size} different qubits for this {name!r}; got {list(qubits)}"
        )
    params = () if name in ("unitary", "kraus") else tuple(step.get("params") or ())
    return ErrorStep(name, qubits, matrices, params)


def _parse_matrices(name: str, params: Sequence[Any], field: str) -> tuple[Matrix, ...]:
    """Return the matrix of a gate, all operators of a Kraus channel, or nothing for a reset."""
    if name == RESET:
        if params:
            raise invalid_noise(f"{field}.params: must be absent, because a reset has no parameter")
        return ()
    if name == "pauli":
        return (_parse_pauli(params, field),)
    if name in ("unitary", "kraus"):
        matrices = [_parse_matrix(each, f"{field}.params.{k}") for k, each in enumerate(params)]
        return _require_trace_preserving(name, tuple(matrices), field)
    return (_parse_gate(name, params, field),)


def _parse_gate(name: str, params: Sequence[Any], field: str) -> Matrix:
    gate = BASIC_GATES.get(name)
    if gate is None or len(params) != gate.num_parameters:
        raise invalid_noise(
            f"{field}.name: {str(name)[:40]!r} with {len(params)} params is not a step of an "
            f"error: give pauli, unitary, kraus, reset, or a gate of {', '.join(BASIC_GATES)}"
        )
    angles = [float(each) for each in params if _is_finite(each)]
    if len(angles) != len(params):
        raise invalid_noise(f"{field}.params: the angles of {name!r} must be finite numbers")
    return gate.matrix(*angles)


def _is_finite(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) < MAX_ARGUMENT


def _parse_pauli(params: Sequence[Any], field: str) -> Matrix:
    word = params[0] if len(params) == 1 else None
    valid = isinstance(word, str) and 1 <= len(word) <= MAX_ERROR_QUBITS
    if not valid or set(str(word)) - set("IXYZ"):
        raise invalid_noise(
            f"{field}.params: must be one word of 1 to {MAX_ERROR_QUBITS} of the letters I X Y Z, "
            'such as ["XZ"]'
        )
    return _pauli_matrix(str(word))


@lru_cache(512)
def _pauli_matrix(word: str) -> Matrix:
    matrix: Matrix = Pauli(word).to_matrix()
    return matrix


def _require_trace_preserving(
    name: str, matrices: tuple[Matrix, ...], field: str
) -> tuple[Matrix, ...]:
    if not matrices or (name == "unitary" and len(matrices) != 1):
        raise invalid_noise(
            f"{field}.params: must be one matrix for `unitary`, 1 or more for `kraus`"
        )
    if len({matrix.shape for matrix in matrices}) > 1:
        raise invalid_noise(f"{field}.params: all matrices must have the same size")
    total = sum(matrix.conj().T @ matrix for matrix in matrices)
    deviation = float(np.abs(total - np.eye(len(matrices[0]))).max())
    if not deviation <= TOLERANCE:
        raise invalid_noise(
            f"{field}.params: the channel must keep the trace: the sum of K\u2020K must be the "
            f"identity, and is off by {deviation:.2g}"
        )
    return matrices


def _parse_matrix(rows: Any, field: str) -> Matrix:
    """Return the matrix of rows of [re, im] as a client sends it, or of an array of NumPy."""
    try:
        entries = np.asarray(rows)
        if not np.iscomplexobj(entries):
            if entries.dtype.kind not in "iuf" or entries.shape[-1] != 2:
                raise ValueError
            entries = entries[..., 0] + 1j * entries[..., 1]
        matrix: Matrix = np.ascontiguousarray(entries, dtype=np.complex128)
        sizes = [1 << k for k in range(1, MAX_ERROR_QUBITS + 1)]
        if matrix.shape not in [(size, size) for size in sizes]:
            raise ValueError
    except (ValueError, TypeError, IndexError):
        raise invalid_noise(
            f"{field}: a matrix is a list of rows of [re, im], with 2 to "
            f"{1 << MAX_ERROR_QUBITS} rows and as many columns"
        ) from None
    return matrix
