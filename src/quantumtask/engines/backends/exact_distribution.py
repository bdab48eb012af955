"""Exact distribution of a circuit with noise, and means of Pauli words in it."""

from collections.abc import Sequence

import numpy as np

from quantumtask.engines.backends.prepare import PreparedCircuit
from quantumtask.engines.observables.observable import PROJECTORS, FloatArray
from quantumtask.engines.selection.methods import DENSITY_MATRIX
from quantumtask.engines.simulators.aer import simulate
from quantumtask.shared.settings import Settings


def exact_distribution(prepared: PreparedCircuit, threads: int, settings: Settings) -> FloatArray:
    """Return the probability of each value of the measured bits; bit k of an index is bit k."""
    circuit = prepared.circuit.copy_empty_like()
    for item in prepared.circuit.data:
        if not item.clbits:
            circuit._append(item)
    circuit.save_probabilities([qubit for qubit, _ in prepared.readouts])
    data = simulate(
        circuit, threads, settings, method=DENSITY_MATRIX, noise_model=prepared.model, shots=1
    )
    distribution = np.asarray(data["probabilities"], dtype=np.float64)
    for bit, (_, confusion) in enumerate(prepared.readouts):
        split = distribution.reshape(-1, 2, 1 << bit)
        distribution = np.einsum("iak,ab->ibk", split, np.array(confusion)).ravel()
    return distribution


def pauli_mean(distribution: FloatArray, word: str, qubits: Sequence[int]) -> float:
    """Return the mean of a Pauli word; bit k of an index is the value of `qubits`[k]."""
    for qubit in qubits:
        distribution = distribution.reshape(-1, 2) @ _eigenvalues(word[-1 - qubit])
    return float(distribution[0])


def _eigenvalues(letter: str) -> FloatArray:
    """Return the values of a letter for the outcomes 0 and 1 of its measurement."""
    if letter == "I":
        return np.array([1.0, 1.0])
    if letter in PROJECTORS:
        return np.array([1.0, 0.0]) if PROJECTORS[letter][1] == 0 else np.array([0.0, 1.0])
    return np.array([1.0, -1.0])
