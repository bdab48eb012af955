"""How long a circuit's text takes to read: the short path, the full path, and Qiskit's own way.

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


def text_of(gates: int, qubits: int = 10, seed: int = 1) -> str:
    """A random circuit of so many gates, measured at its end."""
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
    "275 gates": text_of(275),
    "1,332 gates": text_of(1332),
}


def straight(text: str) -> None:
    assert compile_straight_line(text, SETTINGS) is not None


def full(text: str) -> None:
    compile_full(text, SETTINGS)


def qiskits(text: str) -> None:
    transpile(qasm3.loads(text), SIMULATOR)


def seconds(work: Callable[[str], None], text: str) -> float:
    started = time.process_time()
    work(text)
    return time.process_time() - started


def compare(name: str, rounds: int) -> None:
    text = TEXTS[name]
    ways = (straight, full, qiskits)
    for way in ways:
        way(text)
    table = [[seconds(way, text) for way in ways] for _ in range(rounds)]
    short, whole, theirs = (statistics.median(column) * 1e3 for column in zip(*table, strict=True))
    print(f"{name:<22} {short:8.2f} ms, full path {whole:8.2f} ms ({whole / short:4.1f} times), "
          f"Qiskit {theirs:8.1f} ms ({theirs / short:5.0f} times)")  # fmt: skip


def grow(way: Callable[[str], None], rounds: int) -> None:
    base = 0.0
    for gates in GROWTH:
        text = text_of(gates)
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
    for way in (straight, full):
        grow(way, max(2, rounds // 3))


if __name__ == "__main__":
    main()
