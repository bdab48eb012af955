"""Sweep in one request, compared with single posts to a simple implementation and with Aer.

usage: python -m benchmarks.service.sweep [--rounds N] [--bindings N]

The circuit is an ansatz of 10 qubits and 60 gates with 30 angles; each of 5,000 bindings has 1,024
shots, and the result is the counts of all bindings. The service and Aer run all bindings in each
round, in turns. The simple implementation needs minutes for all of them, and runs 500 in each
round. The time is from the first byte of the request, or from the bound values, to counts as Python
objects. The benchmark prints a table; quote the ratios.
"""

import argparse
import base64
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray
from tests.support.services import Service

from benchmarks.common.load_generator import drive
from benchmarks.service.throughput import start_baseline

QUBITS, LAYERS, SHOTS = 10, 3, 1024
ANGLES = QUBITS * LAYERS
CLIENTS = 16
POSTS = 500
"""Number of bindings that the simple implementation runs in a round."""
TARGETS = {"plain": 50, "Aer": 1}
CLOSE = 0.15
"""Largest difference of the share of ones of a bit between two runs: seven standard deviations."""

Values = NDArray[np.float64]
Counts = dict[str, int]


def gates(angle: Any) -> list[str]:
    """Return the statements of the ansatz; `angle` returns the text of each angle."""
    lines = [f"h q[{k}];" for k in range(0, QUBITS, 4)]
    for layer in range(LAYERS):
        lines += [f"ry({angle(layer * QUBITS + k)}) q[{k}];" for k in range(QUBITS)]
        lines += [f"cx q[{k}], q[{k + 1}];" for k in range(QUBITS - 1)]
    return lines


def text(body: list[str], inputs: str = "") -> str:
    head = f'OPENQASM 3.0;\ninclude "stdgates.inc";\n{inputs}qubit[{QUBITS}] q; bit[{QUBITS}] c;'
    return "\n".join([head, *body, "c = measure q;"])


def run_on_service(service: Service, values: Values) -> list[Counts]:
    """Send one request for the sweep, and one for its result."""
    encoded = {
        "dtype": "float64",
        "shape": list(values.shape),
        "data": base64.b64encode(values.astype("<f8").tobytes()).decode(),
    }
    inputs = f"input array[float[64], {ANGLES}] theta;\n"
    task_id = service.submit(
        text(gates(lambda k: f"theta[{k}]"), inputs), shots=SHOTS, parameters={"theta": encoded}
    )
    while (answer := _result(service.http, task_id)).status_code == httpx.codes.CONFLICT:
        ended = service.get(task_id)
        assert ended["status"] == "pending", ended["error"]
    answer.raise_for_status()
    counts: list[Counts] = json.loads(answer.content)["result"]
    return counts


def _result(http: httpx.Client, task_id: str) -> httpx.Response:
    return http.get(f"/tasks/{task_id}/result", params={"wait": 30})


class Aer:
    """Aer in this process, with as many threads as there are cores."""

    def __init__(self) -> None:
        from qiskit import QuantumCircuit
        from qiskit.circuit import ParameterVector
        from qiskit_aer import AerSimulator

        self._simulator = AerSimulator(method="statevector")
        self._theta = ParameterVector("theta", ANGLES)
        self._circuit = QuantumCircuit(QUBITS)
        self._circuit.h(range(0, QUBITS, 4))
        for layer in range(LAYERS):
            for k in range(QUBITS):
                self._circuit.ry(self._theta[layer * QUBITS + k], k)
            for k in range(QUBITS - 1):
                self._circuit.cx(k, k + 1)
        self._circuit.measure_all()

    def run(self, values: Values) -> list[Counts]:
        binds = {angle: values[:, k].tolist() for k, angle in enumerate(self._theta)}
        done = self._simulator.run(self._circuit, shots=SHOTS, parameter_binds=[binds]).result()
        assert done.success, done.status
        counts: list[Counts] = done.get_counts()
        return counts


def time_posts(url: str, values: Values) -> float:
    """Return the seconds of a post to the simple implementation, with the values in the text.

    The total time is divided by the number of completed tasks.
    """
    texts = [text(gates(lambda k, row=row: f"{row[k]:.17g}")) for row in values.tolist()]
    began = time.perf_counter()
    figures = drive(url, texts.__getitem__, tasks=len(texts), clients=CLIENTS, wait=False)
    return (time.perf_counter() - began) / (len(texts) - figures.failed)


def frequencies_of_ones(counts: Counts) -> list[float]:
    """Return the frequency of ones for each bit."""
    assert sum(counts.values()) == SHOTS
    return [
        sum(shots for outcome, shots in counts.items() if outcome[k] == "1") / SHOTS
        for k in range(QUBITS)
    ]


def compare(left: list[Counts], right: list[Counts]) -> None:
    """Raise AssertionError if two results are not of the same circuits."""
    assert len(left) == len(right)
    apart = np.abs(
        np.array([frequencies_of_ones(each) for each in left])
        - [frequencies_of_ones(each) for each in right]
    )
    assert apart.max() < CLOSE, f"a bit is one {apart.max():.2f} more often"


def time_call(run: Any, *arguments: Any) -> tuple[float, list[Counts]]:
    began = time.perf_counter()
    counts = run(*arguments)
    return time.perf_counter() - began, counts


def measure(service: Service, url: str, aer: Aer, values: Values, part: Values) -> dict[str, float]:
    """Return the seconds for all bindings, extrapolated for the simple implementation."""
    service_s, counts = time_call(run_on_service, service, values)
    aer_s, expected = time_call(aer.run, values)
    compare(counts, expected)
    return {
        "QuantumTask": service_s,
        "Aer": aer_s,
        "plain": time_posts(url, part) * len(values),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bindings", type=int, default=5000)
    options = parser.parse_args()
    values = np.random.default_rng(1).uniform(0, 2 * np.pi, (options.bindings, ANGLES))
    parts = [some[:POSTS] for some in np.array_split(values, options.rounds)]
    aer = Aer()
    with tempfile.TemporaryDirectory() as folder, start_baseline(Path(folder)) as url:
        service = Service(Path(folder)).start()
        measure(service, url, aer, values[:CLIENTS], values[:CLIENTS])  # warm-up
        rounds = [measure(service, url, aer, values, part) for part in parts]
        service.stop()
    report(options.bindings, rounds)


def report(bindings: int, rounds: list[dict[str, float]]) -> None:
    print(f"{bindings:,} bindings of {QUBITS} qubits, {SHOTS:,} shots each, counts\n")
    print(f"{'':14}" + "".join(f"{name:>14}" for name in rounds[0]))
    for number, seconds in enumerate(rounds, 1):
        cells = "".join(f"{taken_s:12.2f} s" for taken_s in seconds.values())
        print(f"round {number:<8}" + cells)
    for name, target in TARGETS.items():
        ratio = statistics.median(seconds[name] / seconds["QuantumTask"] for seconds in rounds)
        print(f"\nQuantumTask beside {name}: {ratio:.1f} times as fast (target: {target})", end="")
    print()


if __name__ == "__main__":
    main()
