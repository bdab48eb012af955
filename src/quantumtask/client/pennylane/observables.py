"""PennyLane's observables as sums of Pauli words, in the notation of the service."""

from collections.abc import Sequence
from typing import Any

import pennylane as qml
from pennylane.ops.qubit.observables import BasisStateProjector
from pennylane.pauli import PauliSentence, PauliWord

MAX_MATRIX_WIRES = 6
"""Largest number of wires of a matrix that is written as a sum of Pauli words: 4**n of them."""

Terms = tuple[tuple[str, float], ...]
"""Pauli words, whose last letter belongs to the first wire, and their coefficients."""


def pauli_terms(observable: Any, wires: Sequence[Any]) -> Terms | None:
    """Return an observable as a sum of Pauli words; None if it is too large for that.

    Args:
        wires: Labels of all wires, in the order of the qubits.
    """
    if isinstance(observable, BasisStateProjector):
        bits = zip(observable.wires, observable.data[0], strict=True)
        return ((_word({wire: str(int(bit)) for wire, bit in bits}, wires), 1.0),)
    sentence = pauli_sentence(observable)
    return None if sentence is None else write_terms(sentence, wires)


def pauli_sentence(observable: Any) -> PauliSentence | None:
    """Return an observable as a sum of Pauli words; None if it is too large for that."""
    if (sentence := observable.pauli_rep) is not None:
        return sentence
    if len(observable.wires) > MAX_MATRIX_WIRES or not observable.has_matrix:
        return None
    matrix = qml.matrix(observable, wire_order=observable.wires)
    return qml.pauli_decompose(matrix, wire_order=observable.wires, pauli=True)


def write_terms(sentence: PauliSentence, wires: Sequence[Any]) -> Terms:
    """Return a sum of Pauli words in the notation of the service."""
    terms = [(_word(word, wires), float(qml.math.real(c))) for word, c in sentence.items()]
    return tuple(terms) or ((_word(PauliWord({}), wires), 0.0),)


def _word(letters: Any, wires: Sequence[Any]) -> str:
    return "".join(letters.get(wire, "I") for wire in reversed(wires)) or "I"
