"""Time to parse a circuit: the fast path, the full path, and Qiskit.

usage: python -m benchmarks.engines.parsing [--rounds 9]
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable

from qiskit import qasm3, transpile
from qiskit_aer import AerSimulator

from benchmarks.common.load_generator import BELL, layers
from quantumtask.openqasm.compiler.pipeline import compile_full
from quantumtask.openqasm.fast_path.compile import compile_straight_line
from quantumtask.shared.settings import Settings

GROWTH = (1_000, 10_000, 100_000)
SETTINGS = Settings()
SIMULATOR = AerSimulator()


def build_text(gates: int, qubits: int = 10, seed: int = 1) -> str:
    """Return a random circuit with this number of gates, measured at its end."""
    random_ = random.Random(seed)
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', f"qubit[{qubits}] q;", f"bit[{qubits}] c;"]
    for _ in range(gates):
        a, b = random_.sample(range(qubits), 2)
        angle = random_.uniform(-3, 3)
        lines.append(
            random_.choice(
                (f"h q[{a}];", f"cx q[{a}], q[{b}];", f"rx({angle}) q[{a}];",
                 f"rz(pi/{random_.randint(2, 9)}) q[{a}];", f"U({angle}, 0.2, -pi/3) q[{a}];")
            )
        )  # fmt: skip
    return "\n".join([*lines, "c = measure q;", ""])


TEXTS = {
    "Bell": BELL,
    "10 qubits, 20 layers": layers(10, 20, seed=1),
    "275 gates": build_text(275),
    "1,332 gates": build_text(1332),
}


def parse_fast(text: str) -> None:
    assert compile_straight_line(text, SETTINGS) is not None


def parse_full(text: str) -> None:
    compile_full(text, SETTINGS)


def parse_qiskit(text: str) -> None:
    transpile(qasm3.loads(text), SIMULATOR)


def seconds(work: Callable[[str], None], text: str) -> float:
    started = time.process_time()
    work(text)
    return time.process_time() - started


def compare(name: str, rounds: int) -> None:
    text = TEXTS[name]
    ways = (parse_fast, parse_full, parse_qiskit)
    for way in ways:
        way(text)
    table = [[seconds(way, text) for way in ways] for _ in range(rounds)]
    fast_ms, full_ms, qiskit_ms = (
        statistics.median(column) * 1e3 for column in zip(*table, strict=True)
    )
    print(f"{name:<22} {fast_ms:8.2f} ms, "
          f"full path {full_ms:8.2f} ms ({full_ms / fast_ms:4.1f} times), "
          f"Qiskit {qiskit_ms:8.1f} ms ({qiskit_ms / fast_ms:5.0f} times)")  # fmt: skip


def grow(way: Callable[[str], None], rounds: int) -> None:
    base = 0.0
    for gates in GROWTH:
        text = build_text(gates)
        each = min(seconds(way, text) for _ in range(rounds)) / gates
        base = base or each
        print(f"{way.__name__:<8} {gates:>7,} gates: {each * 1e6:5.1f} us a gate, "
              f"{each / base:.2f} times that of {GROWTH[0]:,}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    for name in TEXTS:
        compare(name, rounds)
    for way in (parse_fast, parse_full):
        grow(way, max(2, rounds // 3))


if __name__ == "__main__":
    main()
