"""IonQ's noise models: the distribution is the one of the channel that IonQ documents."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from quantumtask.doors.ionq.noise_models import NOISE_MODELS, noise_option
from tests.doors.unitaries import text_of, unitary_of
from tests.support.http_queries import run_circuit
from tests.support.services import Service

Array = NDArray[Any]
Json = dict[str, Any]

QIS: list[Json] = [
    {"gate": "h", "target": 0},
    {"gate": "cnot", "control": 0, "target": 1},
    {"gate": "v", "target": 1},
    {"gate": "z", "target": 0, "rotation": 0.4},
    {"gate": "vi", "control": 1, "target": 0},
    {"gate": "xx", "targets": [0, 1], "rotation": 0.3},
]
NATIVE: list[Json] = [
    {"gate": "gpi2", "target": 0, "phase": 0.1},
    {"gate": "ms", "targets": [1, 0], "phases": [0.3, 0.8], "angle": 0.2},
    {"gate": "gpi", "target": 1, "phase": 0.7},
    {"gate": "zz", "targets": [0, 1], "angle": 0.15},
    {"gate": "gpi2", "target": 1, "phase": 0.4},
]


def mixed(state: Array, targets: list[int]) -> Array:
    """Return a state of two qubits whose targets are fully mixed; qubit 0 is the lowest bit."""
    for qubit in targets:
        parts = state.reshape(2, 2, 2, 2)  # rows of qubits 1 and 0, columns of qubits 1 and 0
        row, column = (1, 3) if qubit == 0 else (0, 2)
        rest = np.trace(parts, axis1=row, axis2=column)
        order = "ac,bd->abcd" if qubit == 0 else "bd,ac->abcd"
        state = np.einsum(order, rest, np.eye(2) / 2).reshape(4, 4)
    return state


def documented(calls: list[Json], gate_set: str, model: str) -> Array:
    """Return the probabilities with the channel of the documentation after each gate."""
    state = np.zeros((4, 4), complex)
    state[0, 0] = 1
    for call in calls:
        matrix = unitary_of(text_of([call], 2, gate_set))
        state = matrix @ state @ matrix.conj().T
        names = ("target", "targets", "control", "controls")
        parts = [call[name] for name in names if name in call]
        qubits = [q for part in parts for q in (part if isinstance(part, list) else [part])]
        rate = NOISE_MODELS[model][len(qubits) - 1]
        state = (1 - rate) * state + rate * mixed(state, qubits)
    return state.diagonal().real


@pytest.mark.parametrize("model", NOISE_MODELS)
@pytest.mark.parametrize(("gate_set", "calls"), [("qis", QIS), ("native", NATIVE)], ids="qn")
def test_a_noise_model_is_the_documented_channel_after_each_gate(
    service: Service, gate_set: str, calls: list[Json], model: str
) -> None:
    text = text_of(calls, 2, gate_set)
    options = {"return": ["probabilities"], "noise": noise_option(model, gate_set)}
    computed = np.array(run_circuit(service, text, **options)["data"]["probabilities"])
    assert np.abs(computed - documented(calls, gate_set, model)).max() < 1e-9
