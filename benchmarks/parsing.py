"""How long it takes from a circuit's text to what Aer runs, beside Qiskit's own way.

usage: python -m benchmarks.parsing [--rounds 9]
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable

from qiskit import qasm3, transpile
from qiskit_aer import AerSimulator

from quantumtask.engines.circuits import circuit_of
from quantumtask.openqasm.compile import compile_fresh
from quantumtask.shared.settings import Settings

SIZES = (275, 1332)
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


def ours(text: str) -> None:
    program = compile_fresh(text, SETTINGS)
    assert program.circuit is not None
    circuit = program.circuit
    circuit_of(circuit.steps, circuit.touched, {k: k for k in range(circuit.outcomes)})


def qiskits(text: str) -> None:
    transpile(qasm3.loads(text), SIMULATOR)


def seconds(work: Callable[[str], None], text: str) -> float:
    started = time.perf_counter()
    work(text)
    return time.perf_counter() - started


def compare(gates: int, rounds: int) -> None:
    text = text_of(gates)
    for work in (ours, qiskits):
        work(text)
    pairs = [(seconds(ours, text), seconds(qiskits, text)) for _ in range(rounds)]
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"{gates:>7,} gates: {mine * 1e3:7.1f} ms, Qiskit {theirs * 1e3:8.1f} ms: "
          f"{ratio:.1f} times faster")  # fmt: skip


def grow(rounds: int) -> None:
    base = 0.0
    for gates in GROWTH:
        text = text_of(gates)
        each = min(seconds(ours, text) for _ in range(rounds)) / gates
        base = base or each
        print(f"{gates:>7,} gates: {each * 1e6:5.1f} us a gate, {each / base:.2f} times that of "
              f"{GROWTH[0]:,}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    for gates in SIZES:
        compare(gates, rounds)
    grow(max(2, rounds // 3))


if __name__ == "__main__":
    main()
