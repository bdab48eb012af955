"""Exact expectation values of 1,000 Pauli terms: this engine and Qulacs, in one process.

usage: python -m benchmarks.engines.expectations [--qubits 16 20] [--terms 1000] [--rounds 5]
    [--threads 1]

Qulacs is in the group `bench` of pyproject.toml. Both sides run the same layers of gates and
evaluate the same terms, in turns. The terms of `random` are letters I, X, Y and Z by chance, so
that hardly two of them flip the same qubits; those of `alike` flip one of 50 sets of qubits, as the
terms of molecules do. The sum that Qulacs returns is compared with ours. Quote the ratios.
"""

import argparse
import os
import random
import statistics
import time
from collections.abc import Sequence
from typing import Any

LAYERS = 4
TARGET_RATIO = 1.0

Terms = list[tuple[str, float]]
Angles = list[list[float]]


def random_terms(qubits: int, count: int, rng: random.Random) -> Terms:
    words = ["".join(rng.choices("IXYZ", k=qubits)) for _ in range(count)]
    return [(word, rng.uniform(-1, 1)) for word in dict.fromkeys(words)]


def alike_terms(qubits: int, count: int, rng: random.Random) -> Terms:
    flips = ["".join(rng.choices("fs", k=qubits)) for _ in range(50)]
    words = [
        "".join(rng.choice("XY" if kind == "f" else "IZ") for kind in flips[k % len(flips)])
        for k in range(count)
    ]
    return [(word, rng.uniform(-1, 1)) for word in dict.fromkeys(words)]


def draw_angles(qubits: int, rng: random.Random) -> Angles:
    return [[rng.uniform(0, 6) for _ in range(qubits)] for _ in range(LAYERS)]


def circuit_text(angles: Angles) -> str:
    qubits = len(angles[0])
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', f"qubit[{qubits}] q;"]
    for layer in angles:
        lines += [f"ry({angle!r}) q[{k}]; rz({angle!r}) q[{k}];" for k, angle in enumerate(layer)]
        lines += [f"cx q[{k}], q[{k + 1}];" for k in range(qubits - 1)]
    return "\n".join(lines)


class OwnSide:
    def __init__(self, angles: Angles, terms: Terms, threads: int) -> None:
        from quantumtask.openqasm.compile import compile_uncached
        from quantumtask.shared.settings import Settings

        self._settings, self._threads = Settings(), threads
        self._program = compile_uncached(circuit_text(angles), self._settings).program
        self._words = tuple(word for word, _ in terms)
        self._coefficients = [coefficient for _, coefficient in terms]

    def value(self) -> float:
        """Return the sum, from a backend that has cached nothing."""
        from quantumtask.engines.backends.ideal import IdealBackend

        backend = IdealBackend(self._settings, threads=self._threads)
        values = backend.expectation_values(self._program, self._words)
        return float(values @ self._coefficients)


class QulacsSide:
    def __init__(self, angles: Angles, terms: Terms) -> None:
        import qulacs

        self._qulacs: Any = qulacs
        self._angles = angles
        self._terms = [
            (
                coefficient,
                " ".join(f"{letter} {k}" for k, letter in enumerate(reversed(word))),
            )
            for word, coefficient in terms
        ]

    def value(self) -> float:
        """Return the sum of all terms as one observable, the fastest call of Qulacs."""
        qubits = len(self._angles[0])
        circuit = self._qulacs.QuantumCircuit(qubits)
        for layer in self._angles:
            for k, angle in enumerate(layer):  # the angles of Qulacs have the opposite sign
                circuit.add_RY_gate(k, -angle)
                circuit.add_RZ_gate(k, -angle)
            for k in range(qubits - 1):
                circuit.add_CNOT_gate(k, k + 1)
        state = self._qulacs.QuantumState(qubits)
        circuit.update_quantum_state(state)
        observable = self._qulacs.Observable(qubits)
        for coefficient, term in self._terms:
            observable.add_operator(coefficient, term)
        return float(observable.get_expectation_value(state))


def timed(side: OwnSide | QulacsSide) -> tuple[float, float]:
    started = time.perf_counter()
    value = side.value()
    return time.perf_counter() - started, value


def compare(title: str, own: OwnSide, peer: QulacsSide, rounds: int) -> None:
    pairs = []
    for _ in range(rounds):
        own_s, value = timed(own)
        peer_s, right = timed(peer)
        assert abs(value - right) < 1e-8, (title, value, right)
        pairs.append((own_s, peer_s))
    own_ms, peer_ms = (1e3 * statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(peer_s / own_s for own_s, peer_s in pairs)
    verdict = "ok" if ratio >= TARGET_RATIO else "too slow"
    print(f"{title:28} {own_ms:10.1f} ms {peer_ms:10.1f} ms {ratio:8.2f}x   {verdict}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--qubits", type=int, nargs="+", default=[16, 20])
    parser.add_argument("--terms", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    limit_threads(options.threads)
    rng = random.Random(7)
    print(f"{'':28} {'own':>13} {'Qulacs':>13} {'ratio':>9}   target {TARGET_RATIO:g}x")
    kinds: Sequence[tuple[str, Any]] = (("random", random_terms), ("alike", alike_terms))
    for qubits in options.qubits:
        for kind, draw in kinds:
            angles, terms = draw_angles(qubits, rng), draw(qubits, options.terms, rng)
            title = f"{qubits} qubits, {len(terms):,} {kind} terms"
            own = OwnSide(angles, terms, options.threads)
            compare(title, own, QulacsSide(angles, terms), options.rounds)


def limit_threads(threads: int) -> None:
    """Limit all libraries, before any of them is imported."""
    for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as in the slots of a worker


if __name__ == "__main__":
    main()
