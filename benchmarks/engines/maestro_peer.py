"""Counts and expectation values beside Maestro (qoro-maestro), in one process with one thread.

usage: python -m benchmarks.engines.maestro_peer [--rounds 5] [--only WORD]

Both sides get the same OpenQASM 3 text, which is new in each round, and take turns. Maestro runs
with each method of the row, and the fastest one counts. The columns are medians of milliseconds,
the ratio of the medians, and the ratio of the processor times. On a machine that does other work,
only the last is valid.

The results of each round are compared: the share of ones of each bit and the share of equal
neighbours within six standard deviations, expectation values within 1e-8. A row that does not agree
ends the benchmark. `refused` is a task that this service does not run.
"""

import argparse
import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from math import sqrt
from typing import Any, NamedTuple

from quantumtask.shared.processes import limit_library_threads

limit_library_threads(1)  # before the libraries are imported

from benchmarks.common.load_generator import layers  # noqa: E402
from benchmarks.engines.large_states import Times, qft  # noqa: E402
from quantumtask.client.results.array_codec import decode_array  # noqa: E402
from quantumtask.shared.settings import Settings  # noqa: E402
from quantumtask.shared.task import Failure, Result, TaskSpec  # noqa: E402
from quantumtask.worker.slots.execute import execute  # noqa: E402

SETTINGS = Settings(slot_memory_mb=4096)
CLIFFORD = ("h", "s", "sdg", "x", "sx")
STATE, CHAIN, TABLEAU = "Statevector", "MatrixProductState", "Stabilizer"
MAX_DEVIATIONS = 6
MAX_DIFFERENCE = 1e-8
MAX_BOND = 64

Circuits = Callable[[int], str]
Words = tuple[str, ...]
Outcome = dict[str, int] | list[float]


class Row(NamedTuple):
    """Circuits by number, and the result: counts, or the values of Pauli words.

    Attributes:
        methods: Methods of Maestro that take part.
        count: Number of circuits in a turn: more of small ones, so that clocks can measure a turn.
        words: Pauli words, the letter of the last qubit first; none for counts.
        method: Method that the task of this service names.
    """

    title: str
    circuit: Circuits
    methods: tuple[str, ...]
    count: int = 1
    shots: int = 1024
    words: Words = ()
    method: str | None = None


def rows() -> Iterator[Row]:
    for n, depth, count in ((4, 5, 50), (10, 20, 20), (16, 20, 2), (20, 20, 1), (22, 20, 1)):
        yield Row(f"random layers, {n} qubits", random_layers(n, depth), (STATE,), count)
    yield Row("Fourier transform, 18 qubits", lambda k: qft(18, k), (STATE, CHAIN), 4)
    yield Row("Clifford, 50 qubits", clifford, (TABLEAU,), 10)
    yield Row("Clifford, 50 qubits, 100,000 shots", clifford, (TABLEAU,), shots=100_000)
    yield Row("GHZ state, 1,000 qubits", ghz, (TABLEAU,), 10)
    yield Row("line of 60 qubits, 6 layers", line(60, 6), (CHAIN,), 2)
    for n, count in ((12, 10), (16, 1), (20, 1)):
        words = random_words(n, 1000)
        yield Row(
            f"values of 1,000 words, {n} qubits", line(n, 8, ""), (STATE,), count, words=words
        )
    title, words, local = "values of neighbours, line of 60", neighbours(60), line(60, 6, "")
    yield Row(title, local, (STATE, CHAIN), words=words)
    yield Row(f"the same, bond {MAX_BOND}", local, (CHAIN,), 2, words=words, method=CHAIN)


def random_layers(qubits: int, depth: int) -> Circuits:
    return lambda number: layers(qubits, depth, number)


def line(qubits: int, depth: int, end: str = "c = measure q;") -> Circuits:
    """Return circuits of rotations and of CNOTs between neighbours."""

    def circuit(number: int) -> str:
        rng = random.Random(number)
        parts = [declare(qubits)]
        for layer in range(depth):
            angles = [rng.uniform(0, 3) for _ in range(qubits)]
            parts += [f"ry({a:.6f}) q[{k}]; rz({a:.6f}) q[{k}];" for k, a in enumerate(angles)]
            parts += [f"cx q[{k}], q[{k + 1}];" for k in range(layer % 2, qubits - 1, 2)]
        return "\n".join([*parts, end])

    return circuit


def clifford(number: int, qubits: int = 50, depth: int = 10) -> str:
    rng = random.Random(number)
    parts = [declare(qubits)]
    for _ in range(depth):
        parts += [f"{rng.choice(CLIFFORD)} q[{k}];" for k in range(qubits)]
        order = rng.sample(range(qubits), qubits)
        parts += [f"cx q[{a}], q[{b}];" for a, b in zip(order[::2], order[1::2], strict=True)]
    return "\n".join([*parts, "c = measure q;"])


def ghz(number: int, qubits: int = 1000) -> str:
    chain = [f"cx q[{k}], q[{k + 1}];" for k in range(qubits - 1)]
    return "\n".join([declare(qubits), "h q[0];", *chain, f"x q[{number}];", "c = measure q;"])


def declare(qubits: int) -> str:
    return f'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[{qubits}] q; bit[{qubits}] c;'


def random_words(qubits: int, count: int) -> Words:
    rng = random.Random(qubits)
    return tuple(dict.fromkeys("".join(rng.choices("IXYZ", k=qubits)) for _ in range(count)))


def neighbours(qubits: int) -> Words:
    """Return the words ZZ and XX of all neighbours."""
    places = range(qubits - 1)
    return tuple("I" * k + pair + "I" * (qubits - 2 - k) for k in places for pair in ("ZZ", "XX"))


def run_own(row: Row, text: str) -> Outcome | None:
    """Return the result of a task; None if it is refused."""
    options: dict[str, Any] = {"observables": row.words} if row.words else {}
    if row.method:
        options["max_bond"] = MAX_BOND
    method = "matrix_product_state" if row.method else None
    spec = TaskSpec(text, row.shots, options=json.dumps(options), method=method)
    result = execute(spec, SETTINGS, 1)
    if isinstance(result, Failure):
        return None
    assert isinstance(result, Result), result
    if not row.words:
        return dict(json.loads(result.counts))
    values = decode_array(json.loads(result.data or "{}")["expectation_values"])
    return [float(value) for value in values]


class Maestro:
    """Maestro with one method and one thread."""

    def __init__(self, method: str, max_bond: int | None = None) -> None:
        try:
            import maestro
        except ImportError:
            raise SystemExit("Maestro is not installed: pip install qoro-maestro") from None
        self._library: Any = maestro
        self._config = maestro.SimulatorConfig(
            simulation_type=getattr(maestro.SimulationType, method),
            max_bond_dimension=max_bond,
            max_simulators=1,
        )

    def run(self, row: Row, text: str) -> Outcome:
        """Return the result, with bits and letters in the order of this service."""
        if not row.words:
            counts = self._library.simple_execute(text, self._config, row.shots)["counts"]
            return {bits[::-1]: count for bits, count in counts.items()}
        words = [word[::-1] for word in row.words]
        values = self._library.simple_estimate(text, words, self._config)["expectation_values"]
        return list(values)


def measure(row: Row, rounds: int) -> None:
    """Print a row, after a turn of each side to warm up."""
    peers = {method: Maestro(method, MAX_BOND if row.method else None) for method in row.methods}
    own_times, peer_times = Times(), {method: Times() for method in row.methods}
    for number in range(rounds + 1):
        texts = [row.circuit(number * row.count + k) for k in range(row.count)]
        own = timed(own_times, partial(run_own, row), texts)
        for method, peer in peers.items():
            outcomes = timed(peer_times[method], partial(peer.run, row), texts)
            for pair in zip(own, outcomes, strict=True):
                check(row, *pair)
    for times in (own_times, *peer_times.values()):
        del times.clock[0], times.processor[0]
    method, best = min(peer_times.items(), key=lambda item: item[1].median)
    report(row, None if None in own else own_times, method, best)


def timed(
    times: Times, run: Callable[[str], Outcome | None], texts: list[str]
) -> list[Outcome | None]:
    outcomes: list[Outcome | None] = []
    times.add(lambda: outcomes.extend(run(text) for text in texts))
    return outcomes


def check(row: Row, own: Outcome | None, peer: Outcome | None) -> None:
    """Exit if two results do not agree."""
    if isinstance(own, list) and isinstance(peer, list):
        difference = max(abs(a - b) for a, b in zip(own, peer, strict=True))
        if difference > MAX_DIFFERENCE:
            raise SystemExit(f"{row.title}: the values differ by {difference:g}")
    if isinstance(own, dict) and isinstance(peer, dict):
        deviations = deviation(own, peer, row.shots)
        if deviations > MAX_DEVIATIONS:
            raise SystemExit(f"{row.title}: the counts differ by {deviations:.1f} deviations")


def deviation(own: dict[str, int], peer: dict[str, int], shots: int) -> float:
    """Return the largest difference of two shares, in standard deviations."""
    largest = 0.0
    for first, second in zip(shares(own, shots), shares(peer, shots), strict=True):
        mean = (first + second) / 2
        spread = sqrt(2 * max(mean * (1 - mean), 1 / shots) / shots)
        largest = max(largest, abs(first - second) / spread)
    return largest


def shares(counts: dict[str, int], shots: int) -> list[float]:
    """Return the share of ones of each bit, then the share of equal bits of all neighbours."""
    ones = [0] * (2 * len(next(iter(counts))))
    for bits, count in counts.items():
        for k, bit in enumerate(bits):
            ones[2 * k] += count * (bit == "1")
            ones[2 * k + 1] += count * (bit == bits[k - 1])
    return [number / shots for number in ones]


def report(row: Row, own: Times | None, method: str, peer: Times) -> None:
    peer_ms = 1e3 * peer.median / row.count
    cells = f"{'refused':>10}{peer_ms:10.2f}{'':18}"
    if own:
        cells = (
            f"{1e3 * own.median / row.count:10.2f}{peer_ms:10.2f}{peer.median / own.median:9.2f}"
            f"{sum(peer.processor) / sum(own.processor):9.2f}"
        )
    print(f"{row.title:36}{cells}  {method}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", metavar="WORD", help="rows whose title has the word")
    options = parser.parse_args()
    print(f"{'':36}{'own ms':>10}{'Maestro':>10}{'ratio':>9}{'CPU':>9}  method of Maestro")
    for row in rows():
        if options.only in row.title:
            measure(row, options.rounds)


if __name__ == "__main__":
    main()
