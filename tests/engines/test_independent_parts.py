"""Noisy circuits run in parts that share no gate, with the distribution of the whole."""

import json

import numpy as np

from quantumtask.openqasm.inputs.array_codec import decode_array
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.support.chisquare import p_value

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '
LEAST_P = 1e-6


def run(circuit: str, shots: int, *outputs: str) -> Result:
    options = {"backend": "fake_sherbrooke", "compile": "never", "return": list(outputs)}
    spec = TaskSpec(circuit, shots=shots, seed=1, options=json.dumps(options))
    result = execute(spec, Settings())
    assert isinstance(result, Result), result
    return result


def pairs(*qubits: int) -> str:
    """Pairs of neighbours, entangled after rotations that differ."""
    return "".join(
        f"sx ${k}; rz({0.3 * k + 0.2}) ${k}; sx ${k}; ecr ${k}, ${k - 1}; sx ${k}; " for k in qubits
    )


def test_the_distribution_of_several_parts_is_that_of_the_whole() -> None:
    measured = "".join(f"c[{k}] = measure ${k}; " for k in range(8))
    circuit = f"{HEAD}bit[8] c; {pairs(1, 3, 5, 7)}{measured}"
    data = json.loads(run(circuit, 1, "probabilities").data or "")
    exact = decode_array(data["probabilities"])
    counts = np.zeros(256, dtype=np.int64)
    for bits, number in json.loads(run(circuit, 4000, "counts").counts).items():
        counts[int(bits, 2)] = number
    assert p_value(counts, exact) > LEAST_P


def test_all_qubits_of_a_large_device_can_be_measured() -> None:
    measured = "".join(f"c[{k}] = measure ${k}; " for k in range(127))
    result = run(f"{HEAD}bit[127] c; x $5; {measured}", 50, "memory", "counts")
    assert result.method == "density_matrix"
    ones = [sum(bits[-1 - k] == "1" for bits in json.loads(result.memory or "")) for k in (5, 11)]
    assert ones[0] > 40 > 10 > ones[1]
