"""Noise and feed-forward: the service's choice against Stim and Aer in the same process.

    python -m benchmarks.engines.noise [--rounds 5] [--only WORD]

Each row has the median time of a side over the rounds, in milliseconds of processor time of one
thread, and the median of the ratios of the rounds. In each round the sides take turns, on a program
that is new to the service; the time is from the compiled program (the text for Stim, the circuit
for Aer) to the counts.

- Clifford circuits with Pauli noise: `stim.Circuit(text).compile_sampler().sample(shots)`, with the
  shots counted as packed rows.
- Feed-forward where all histories differ: coin flips on one qubit, each with an `if`, by Aer.
- Noise on 12 and 14 qubits: the best of Aer's methods. A method takes part unless 16 shots predict
  that it takes twice as long as another one, or its density matrix needs more than 2 GiB.

"""

import argparse
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import stim
from qiskit import QuantumCircuit, qasm3
from qiskit_aer import AerSimulator

from quantumtask.engines import run_sweep
from quantumtask.engines.noise.aer_model import aer_noise_model
from quantumtask.engines.outputs.output_spec import OutputSpec
from quantumtask.openqasm.compile import compile_uncached
from quantumtask.openqasm.program.program import Sweep
from quantumtask.shared.error_rates import RatesOption
from quantumtask.shared.output_kinds import COUNTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task_options import parse_noise

SETTINGS = Settings(slot_memory_mb=4096)
HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
PAULI: dict[str, Any] = {
    "depolarizing": {"one_qubit": 0.001, "two_qubit": 0.01},
    "readout": {"zero_as_one": 0.02, "one_as_zero": 0.02},
}
THERMAL = PAULI | {
    "thermal": {"t1_us": 50, "t2_us": 70, "gate_ns": {"one_qubit": 50, "two_qubit": 300}}
}
STIM_NAMES = {"h": "H", "s": "S", "x": "X", "cx": "CX"}
METHODS = ("statevector", "matrix_product_state", "density_matrix")
MAX_DENSITY_QUBITS = 12
FEW_SHOTS = 16

Side = Callable[[], Any]
Gates = list[tuple[str, tuple[int, ...]]]


class Row(NamedTuple):
    """Circuit text with its noise, and the other sides."""

    title: str
    text: str
    noise: dict[str, Any] | None
    shots: int
    others: Callable[[], dict[str, Side]]


def layers(kind: str, qubits: int, depth: int) -> Gates:
    """Return layers of gates on one qubit and of `cx`: random pairs, a chain, or bricks."""
    rng = random.Random(f"{kind} {qubits}")
    gates: Gates = []
    for layer in range(depth):
        names = "hsx" if kind == "clifford" else ("rx", "ry", "rz")
        for qubit in range(qubits):
            angle = "" if kind == "clifford" else f"({rng.uniform(0, 3):.3f})"
            gates.append((f"{rng.choice(names)}{angle}", (qubit,)))
        order = rng.sample(range(qubits), qubits)
        pairs = list(zip(order[::2], order[1::2], strict=False))
        if kind == "chain":
            pairs = [(qubit, qubit + 1) for qubit in range(qubits - 1)]
        elif kind == "bricks":
            pairs = [(qubit, qubit + 1) for qubit in range(layer % 2, qubits - 1, 2)]
        gates += [("cx", pair) for pair in pairs]
    return gates


def openqasm(gates: Gates, qubits: int) -> str:
    lines = [f"{name} {', '.join(f'q[{q}]' for q in on)};" for name, on in gates]
    declared = f"{HEAD}qubit[{qubits}] q;\nbit[{qubits}] c;\n"
    return declared + "\n".join([*lines, "c = measure q;"])


def stim_text(gates: Gates, qubits: int) -> str:
    lines = []
    for name, on in gates:
        targets = " ".join(map(str, on))
        size, kind = len(on), "one_qubit" if len(on) == 1 else "two_qubit"
        # A depolarizing error of Qiskit includes the identity among its Pauli operators.
        error = PAULI["depolarizing"][kind] * (1 - 4.0**-size)
        lines.append(f"{STIM_NAMES[name]} {targets}\nDEPOLARIZE{size}({error}) {targets}")
    readout = PAULI["readout"]["zero_as_one"]
    return "\n".join([*lines, f"M({readout}) {' '.join(map(str, range(qubits)))}"])


def clifford_rows() -> Iterator[Row]:
    for qubits in (20, 50):
        gates = layers("clifford", qubits, 10)
        text = stim_text(gates, qubits)
        for shots in (1024, 10_000, 100_000):

            def run(text: str = text, shots: int = shots) -> Any:
                rows = stim.Circuit(text).compile_sampler().sample(shots, bit_packed=True)
                return Counter(rows.view(f"V{rows.shape[1]}").ravel().tolist())

            yield Row(
                f"Clifford + Pauli noise, {qubits} qubits", openqasm(gates, qubits), PAULI, shots,
                lambda run=run: {"Stim": run},
            )  # fmt: skip


def feed_forward_rows() -> Iterator[Row]:
    for flips in (16, 24):
        circuit, lines = QuantumCircuit(1, flips), [f"qubit q;\nbit[{flips}] c;"]
        for k in range(flips):
            circuit.h(0)
            circuit.measure(0, k)
            with circuit.if_test((circuit.clbits[k], 1)):
                circuit.x(0)
            lines.append(f"h q;\nc[{k}] = measure q;\nif (c[{k}]) {{ x q; }}")

        def run(circuit: QuantumCircuit = circuit) -> Any:
            return _aer("automatic").run(circuit, shots=1024).result().get_counts()

        yield Row(
            f"{flips} coin flips, all histories differ", HEAD + "\n".join(lines), None, 1024,
            lambda run=run: {"Aer": run},
        )  # fmt: skip


def noisy_rows() -> Iterator[Row]:
    for qubits in (12, 14):
        for kind, depth in (("bricks", 4), ("chain", 2), ("chain", 4), ("pairs", 6)):
            for name, noise in (("Pauli", PAULI), ("thermal", THERMAL)):
                text = openqasm(layers(kind, qubits, depth), qubits)
                title = f"{name} noise, {qubits} qubits, {depth} layers of {kind}"
                yield Row(
                    title, text, noise, 1024,
                    lambda text=text, noise=noise: _best_aer_methods(text, noise),
                )  # fmt: skip


def _aer(method: str) -> AerSimulator:
    return AerSimulator(method=method, max_parallel_threads=1)


def _best_aer_methods(text: str, noise: dict[str, Any]) -> dict[str, Side]:
    """Return the methods of Aer that may be the fastest for 1,024 shots."""
    circuit, option = qasm3.loads(text), parse_noise(noise)
    assert isinstance(option, RatesOption)
    assert option.rates is not None
    model = aer_noise_model(option.rates)

    def side(method: str, shots: int) -> Side:
        return lambda: (
            _aer(method).run(circuit, noise_model=model, shots=shots).result().get_counts()
        )

    seconds: dict[str, float] = {}
    for method in METHODS:
        if method != "density_matrix":
            seconds[method] = _seconds(side(method, FEW_SHOTS)) * 1024 / FEW_SHOTS
        elif circuit.num_qubits <= MAX_DENSITY_QUBITS and min(seconds.values()) > 5:
            seconds[method] = _seconds(side(method, FEW_SHOTS))
    fastest = min(seconds.values())
    return {name: side(name, 1024) for name, each in seconds.items() if each < 2 * fastest}


def _seconds(run: Side) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def measure(row: Row, rounds: int) -> None:
    option = None if row.noise is None else parse_noise(row.noise)
    spec = OutputSpec(frozenset({COUNTS}), row.shots, noise=option)
    others = row.others()
    ran: list[Any] = []

    def service(sweep: Sweep) -> None:
        ran.append(run_sweep(sweep, spec, seed=7, settings=SETTINGS))

    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in others}
    for turn in range(rounds + 1):
        sweep = Sweep((), compile_uncached(row.text, SETTINGS).program)
        seconds = _seconds(lambda sweep=sweep: service(sweep))
        other_seconds = {name: _seconds(run) for name, run in others.items()}
        if turn:  # the first one loads libraries
            ours.append(seconds)
            for name, each in other_seconds.items():
                theirs[name].append(each)
    best = min(theirs, key=lambda name: statistics.median(theirs[name]))
    ratio = statistics.median(b / a for a, b in zip(ours, theirs[best], strict=True))
    print(
        f"{row.title:45}{row.shots:8,}{1e3 * statistics.median(ours):10.1f}"
        f"{1e3 * statistics.median(theirs[best]):10.1f}{ratio:8.2f}  "
        f"{ran[-1].engine} {ran[-1].method} against {best}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="rows whose title has this word")
    options = parser.parse_args()
    print(f"{'':45}{'shots':>8}{'service':>10}{'other':>10}{'ratio':>8}  medians in ms")
    for rows in (clifford_rows(), feed_forward_rows(), noisy_rows()):
        for row in rows:
            if options.only in row.title:
                measure(row, options.rounds)


if __name__ == "__main__":
    main()
