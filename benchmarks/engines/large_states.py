"""Time of large state vectors, from a text to its counts, beside qsim and Aer.

usage: python -m benchmarks.engines.large_states [--random 24 26] [--qft 20 22 24] [--depth 20]
    [--peer qsim] [--threads 1] [--rounds 5]

Each round has a new circuit with new angles, which this project (`execute`, in this process) and
the peer run one after the other with 1,024 shots. The peer gets a circuit that is read and
translated; its time is that of `qsim_sample_final` with gates fused to three or to four qubits,
whichever is faster, or of `AerSimulator.run`. The columns are medians of the seconds, the ratio of
the medians, the same ratio of the processor time, and the predicted seconds divided by the measured
ones. Times of a machine that does other work are valid as ratios only.
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import pi
from typing import Any

from benchmarks.common.load_generator import layers
from quantumtask.engines.selection.choose import choose_engine
from quantumtask.engines.selection.circuit_features import extract_features
from quantumtask.engines.selection.estimate import machine_factor
from quantumtask.openqasm.compile import compile_uncached
from quantumtask.openqasm.program.operations import Operation
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result, TaskSpec
from quantumtask.worker.slots.execute import execute

SHOTS = 1024
SETTINGS = Settings(slot_memory_mb=12_288)
FUSED_QUBITS = (3, 4)
GOALS = {("random", "qsim"): 0.95, ("qft", "qsim"): 1.0, ("random", "aer"): 2.0}
QSIM_OPTIONS = {"g": False, "gmode": 0, "s": 7, "v": 0, "z": True}

Job = Callable[[], object]


@dataclass
class Times:
    """Seconds of each round, by the clock and of the processor."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def add(self, job: Job) -> None:
        clock, processor = time.perf_counter(), time.process_time()
        job()
        self.clock.append(time.perf_counter() - clock)
        self.processor.append(time.process_time() - processor)

    @property
    def median(self) -> float:
        return statistics.median(self.clock)

    @property
    def processor_median(self) -> float:
        return statistics.median(self.processor)


def qft(qubits: int, seed: int) -> str:
    """Return the Fourier transform of a product state."""
    rng = random.Random(seed)
    lines = [f'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[{qubits}] q; bit[{qubits}] c;']
    lines += [f"ry({rng.uniform(0.1, 3):.6f}) q[{k}];" for k in range(qubits)]
    for target in reversed(range(qubits)):
        lines.append(f"h q[{target}];")
        lines += [
            f"cp({pi / 2 ** (target - k)}) q[{k}], q[{target}];" for k in reversed(range(target))
        ]
    lines += [f"swap q[{k}], q[{qubits - 1 - k}];" for k in range(qubits // 2)]
    return "\n".join([*lines, "c = measure q;"])


def run_service(text: str, threads: int) -> Result:
    result = execute(TaskSpec(text, shots=SHOTS), SETTINGS, threads)
    assert isinstance(result, Result), result
    return result


def qsim_jobs(text: str, threads: int) -> list[Job]:
    """Return a job for each size of fused gates."""
    from quantumtask.engines.simulators.qsim import load_library

    library = load_library()
    circuit = translate(text, library)
    options = {**QSIM_OPTIONS, "c": circuit, "t": threads}

    def job(size: int) -> Job:
        return lambda: library.qsim_sample_final({**options, "f": size}, SHOTS)

    return [job(size) for size in FUSED_QUBITS]


def translate(text: str, library: Any) -> Any:
    """Return the circuit with qsim's own gates, by moments, as cirq gives it to qsim."""
    program = compile_uncached(text, SETTINGS).program
    assert program.circuit is not None
    kinds = {
        "rx": library.krx, "ry": library.kry, "rz": library.krz, "h": library.kH,
        "cx": library.kCX, "cp": library.kCZPowGate, "swap": library.kSWAP,
    }  # fmt: skip
    next_moments = [0] * program.qubits
    timed: list[tuple[int, Operation]] = []
    for step in program.circuit.steps:
        if isinstance(step, Operation):
            moment = max(next_moments[qubit] for qubit in step.qubits)
            for qubit in step.qubits:
                next_moments[qubit] = moment + 1
            timed.append((moment, step))
    circuit = library.Circuit()
    circuit.num_qubits = program.qubits
    for moment, step in sorted(timed, key=lambda each: each[0]):
        name, qubits = step.gate.name, list(step.qubits)
        library.add_gate(kinds[name], moment, qubits, parameters(name, step.params), circuit)
    return circuit


def parameters(name: str, params: tuple[float, ...]) -> dict[str, float]:
    if name == "cp":
        return {"exponent": params[0] / pi, "global_shift": 0.0}
    return {"phi": params[0]} if params else {}


def aer_jobs(text: str, threads: int) -> list[Job]:
    from qiskit import qasm3
    from qiskit_aer import AerSimulator

    simulator = AerSimulator(method="statevector", max_parallel_threads=threads)
    circuit = qasm3.loads(text)
    return [lambda: simulator.run(circuit, shots=SHOTS).result().get_counts()]


PEERS: dict[str, Callable[[str, int], list[Job]]] = {"qsim": qsim_jobs, "aer": aer_jobs}


def measure(kind: str, qubits: int, options: argparse.Namespace) -> float:
    """Print the row of a circuit, and return the ratio of the medians."""
    ours, engines = Times(), set()
    peers: list[Times] = []
    texts = [circuit_text(kind, qubits, options.depth, seed) for seed in range(options.rounds)]
    for text in texts:
        jobs = PEERS[options.peer](text, options.threads)
        peers = peers or [Times() for _ in jobs]
        ours.add(lambda text=text: engines.add(run_service(text, options.threads).engine))
        for times, job in zip(peers, jobs, strict=True):
            times.add(job)
    peer = min(peers, key=lambda times: times.median)
    ratio = peer.median / ours.median
    processor_ratio = peer.processor_median / ours.processor_median
    goal = GOALS.get((kind, options.peer))
    predicted = predict(texts[-1], options.threads) / ours.median
    print(
        f"{kind:8}{qubits:7}  {'/'.join(sorted(engines)):12}{ours.median:9.2f}{peer.median:9.2f}"
        f"{ratio:8.2f}{processor_ratio:8.2f}{'' if goal is None else goal:>7}{predicted:10.2f}",
        flush=True,
    )
    return ratio


def circuit_text(kind: str, qubits: int, depth: int, seed: int) -> str:
    return layers(qubits, depth, seed) if kind == "random" else qft(qubits, seed)


def predict(text: str, threads: int) -> float:
    """Return the predicted seconds."""
    features = extract_features(compile_uncached(text, SETTINGS).program)
    plan = choose_engine(features, SHOTS, SETTINGS, threads=threads).plan
    return plan.microseconds * 1e-6 * machine_factor()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--random", type=int, nargs="*", default=[24, 26], help="sizes in qubits")
    parser.add_argument("--qft", type=int, nargs="*", default=[20, 22, 24], help="sizes in qubits")
    parser.add_argument("--depth", type=int, default=20, help="layers of a random circuit")
    parser.add_argument("--peer", choices=PEERS, default="qsim")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{options.threads} threads, {SHOTS} shots, {options.rounds} rounds")
    print(
        f"{'circuit':8}{'qubits':>7}  {'engine':12}{'ours s':>9}{options.peer + ' s':>9}"
        f"{'ratio':>8}{'CPU':>8}{'goal':>7}{'predicted':>10}"
    )
    good = True
    for kind, sizes in (("random", options.random), ("qft", options.qft)):
        for qubits in sizes:
            goal = GOALS.get((kind, options.peer), 0.0)
            good &= measure(kind, qubits, options) >= goal
    return not good


if __name__ == "__main__":
    sys.exit(main())
