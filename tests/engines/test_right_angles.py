"""Rotations by right angles run as Clifford gates, with the same distribution."""

import numpy as np

from tests.support.cases import check_each
from tests.support.chisquare import p_value
from tests.support.http_queries import run_circuit
from tests.support.services import Service

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '
GATES = ("rz({0})", "p({0})", "rx({0})", "ry({0})", "U({0}, {1}, {2})", "rzz({0})", "cp({1} * 2)")
LEAST_P = 1e-6


def random_circuit(seed: int) -> str:
    """A circuit of four qubits with rotations by multiples of right angles."""
    rng, text = np.random.default_rng(seed), "qubit[4] q; bit[4] c; "
    for _ in range(25):
        gate = str(rng.choice(GATES))
        angles = [f"{number} * pi / 2" for number in rng.integers(-5, 6, 3)]
        qubits = rng.permutation(4)[: 2 if gate.startswith(("rzz", "cp")) else 1]
        operands = ", ".join(f"q[{qubit}]" for qubit in qubits)
        text += f"{gate.format(*angles)} {operands}; h q[{qubits[0]}]; "
    return f"{HEAD}{text}c = measure q;"


def test_the_distribution_is_that_of_the_rotations(service: Service) -> None:
    def check(seed: int) -> None:
        circuit = random_circuit(seed)
        exact = run_circuit(service, circuit, **{"return": ["probabilities"]})
        sampled = run_circuit(service, circuit, engine="stim", shots=2000, seed=1)
        counts = np.zeros(16, dtype=np.int64)
        for bits, number in sampled["result"].items():
            counts[int(bits, 2)] = number
        assert p_value(counts, exact["data"]["probabilities"]) > LEAST_P

    check_each({str(seed): seed for seed in range(12)}, check)


def test_a_wide_circuit_of_hardware_gates_is_a_stabilizer_state(service: Service) -> None:
    gates = "".join(
        f"rz(pi/2) q[{k}]; sx q[{k}]; rz(pi/2) q[{k}]; cz q[{k - 1}], q[{k}]; "
        f"rz(-pi/2) q[{k}]; sx q[{k}]; rz(pi/2) q[{k}]; rz(pi) q[{k}]; "
        for k in range(1, 100)
    )
    circuit = f"{HEAD}qubit[100] q; bit[100] c; sx q[0]; {gates} c = measure q;"
    result = run_circuit(service, circuit, shots=20)
    assert result["method"] == "stabilizer"
    other = circuit.replace("rz(pi) q[99];", "rz(0.3) q[99]; sx q[99];")
    assert run_circuit(service, other, shots=1)["method"] != "stabilizer"
