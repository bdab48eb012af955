"""Values of Pauli words, by the kernel and by passes of NumPy, against dense matrices."""

import functools
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.support.http_queries import decode_array

MATRICES: dict[str, Any] = {
    "I": [[1, 0], [0, 1]], "X": [[0, 1], [1, 0]], "Y": [[0, -1j], [1j, 0]],
    "Z": [[1, 0], [0, -1]], "0": [[1, 0], [0, 0]], "1": [[0, 0], [0, 1]],
    "+": [[0.5, 0.5], [0.5, 0.5]], "-": [[0.5, -0.5], [-0.5, 0.5]],
    "r": [[0.5, -0.5j], [0.5j, 0.5]], "l": [[0.5, 0.5j], [-0.5j, 0.5]],
}  # fmt: skip


def evaluate(circuit: str, words: Sequence[str]) -> tuple[Any, Any]:
    """Return the values of words and the state vector, both from one task."""
    options = {"observables": list(words), "return": ["expectation_values", "statevector"]}
    result = execute(TaskSpec(circuit, options=json.dumps(options)), Settings())
    assert isinstance(result, Result), result
    data = json.loads(result.data or "")
    return decode_array(data["expectation_values"]), decode_array(data["statevector"])


def dense_value(word: str, state: Any) -> float:
    matrix = functools.reduce(np.kron, [np.array(MATRICES[letter]) for letter in word])
    return float((state.conj() @ matrix @ state).real)


def circuit(qubits: int, seed: int, untouched: int | None = None) -> str:
    rng = np.random.default_rng(seed)
    used = [qubit for qubit in range(qubits) if qubit != untouched]
    lines = [f"qubit[{qubits}] q;"]
    for _ in range(3):
        lines += [f"U({', '.join(map(str, rng.uniform(0, 6, 3)))}) q[{qubit}];" for qubit in used]
        pairs = [rng.permutation(used)[:2] for _ in used]
        lines += [f"ctrl @ U(1.1, 0.3, 0.2) q[{a}], q[{b}];" for a, b in pairs]
    return "\n".join(lines)


@pytest.mark.parametrize("untouched", [None, 2])
@pytest.mark.parametrize("letters", ["IXYZ", "".join(MATRICES)])
def test_words_have_the_values_of_their_matrices(letters: str, untouched: int | None) -> None:
    rng = np.random.default_rng(len(letters))
    words = ["".join(rng.choice(list(letters), 6)) for _ in range(60)]
    values, state = evaluate(circuit(6, 1, untouched), words)
    assert np.allclose(values, [dense_value(word, state) for word in words], atol=1e-12)


def test_many_words_that_flip_the_same_qubits_share_a_pass() -> None:
    rng = np.random.default_rng(5)
    alike = ["".join(rng.choice(list("XY")) for _ in range(7)) for _ in range(100)]
    signs = ["".join(rng.choice(list("IZ")) for _ in range(7)) for _ in range(100)]
    words = [*dict.fromkeys(alike + signs), "XXZZXIY", "IXYZIXY"]
    values, state = evaluate(circuit(7, 2), words)
    assert np.allclose(values, [dense_value(word, state) for word in words], atol=1e-12)
