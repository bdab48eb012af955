"""Large circuits on several threads, and alone on a service beside Aer on all cores.

usage: python -m benchmarks.engines.threads [--qubits 22 24] [--rounds 5]

First, each engine that can use several threads runs the same random circuit in this process, in
turns on 1, 2, 4 and 8 threads. The table has the median seconds, the ratio to one thread and the
ratio that the table of methods predicts. With more threads than cores, a row has the prediction
alone.

Then an idle service runs the circuit over HTTP, with the engine that it chooses, in turns with
`AerSimulator().run` on all cores in this process. Quote the ratios: absolute times depend on the
machine, and both are only valid if nothing else runs on it.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from quantumtask.shared.machine import core_count
from quantumtask.shared.processes import limit_library_threads
from quantumtask.shared.settings import Settings

limit_library_threads(core_count())  # before the libraries are imported

from qiskit import qasm3  # noqa: E402
from qiskit_aer import AerSimulator  # noqa: E402
from tests.support.services import Service  # noqa: E402

from quantumtask.engines.selection.circuit_features import extract_features  # noqa: E402
from quantumtask.engines.selection.methods import IDEAL_METHODS, IdealMethod, engine_version  # noqa: E402
from quantumtask.openqasm.compile import compile_uncached  # noqa: E402
from quantumtask.shared.task import Result, TaskSpec  # noqa: E402
from quantumtask.worker.slots.execute import execute  # noqa: E402

THREADS = (1, 2, 4, 8)
SHOTS = 1024
LAYERS = 6


def build_text(qubits: int, seed: int) -> str:
    """Return a random circuit of rotations and entangling gates."""
    generator = random.Random(seed)
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', f"qubit[{qubits}] q;", f"bit[{qubits}] c;"]
    for _ in range(LAYERS):
        for k in range(qubits):
            lines += [f"ry({generator.uniform(0, 3):.4f}) q[{k}];"]
            lines += [f"rz({generator.uniform(0, 3):.4f}) q[{k}];"]
        order = generator.sample(range(qubits), qubits)
        lines += [f"cx q[{a}], q[{b}];" for a, b in zip(order[::2], order[1::2], strict=False)]
    return "\n".join([*lines, "c = measure q;"])


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def scaling_methods(text: str) -> Iterable[IdealMethod]:
    """Return the methods with several threads that can run a circuit."""
    features = extract_features(compile_uncached(text, Settings()).program)
    return [
        method
        for method in IDEAL_METHODS
        if method.scaling.parallel
        and engine_version(method.engine)
        and method.unsupported(features) is None
    ]


def show_scaling(qubits: int, rounds: int) -> None:
    settings = Settings(slots=1)
    for method in scaling_methods(build_text(qubits, 0)):
        times: dict[int, list[float]] = {
            threads: [] for threads in THREADS if threads <= core_count()
        }
        for turn in range(rounds):
            for threads in times:
                spec = TaskSpec(
                    build_text(qubits, turn), SHOTS, engine=method.engine, method=method.name
                )

                def run(spec: TaskSpec = spec, threads: int = threads) -> None:
                    assert isinstance(execute(spec, settings, threads), Result)

                times[threads].append(seconds(run))
        one = statistics.median(times[1])
        for threads in THREADS:
            measured = f"{'-':>10}{'-':>9}"
            if threads in times:
                median = statistics.median(times[threads])
                measured = f"{median:10.2f}{one / median:9.2f}"
            predicted = method.scaling.largest_speedup(threads)
            print(
                f"{method.engine:12}{method.name:14}{method.precision:8}{qubits:7}{threads:9}"
                f"{measured}{predicted:11.2f}",
                flush=True,
            )


def show_service(service: Service, qubits: int, rounds: int) -> None:
    simulator = AerSimulator(max_parallel_threads=core_count())
    ours, aer, body = [], [], {}
    for turn in range(rounds):
        text = build_text(qubits, 1000 + turn)
        circuit = qasm3.loads(text)
        aer.append(seconds(lambda circuit=circuit: simulator.run(circuit, shots=SHOTS).result()))  # type: ignore[misc]
        started = time.perf_counter()
        body = service.finished(service.submit(text, shots=SHOTS), limit=600)
        ours.append(time.perf_counter() - started)
        assert body["status"] == "completed", body
    ratio = statistics.median(a / b for a, b in zip(aer, ours, strict=True))
    print(
        f"{qubits:7}{statistics.median(aer):10.2f}{statistics.median(ours):10.2f}{ratio:9.2f}  "
        f"{body['engine']} {body['precision']}, {body['threads']} threads",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--qubits", type=int, nargs="+", default=[22, 24], help="sizes")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each row")
    options = parser.parse_args()
    print(f"{core_count()} cores, load average {os.getloadavg()[0]:.1f}")
    print(f"{'engine':12}{'method':14}{'':8}{'qubits':>7}{'threads':>9}{'seconds':>10}", end="")
    print(f"{'ratio':>9}{'predicted':>11}")
    for qubits in options.qubits:
        show_scaling(qubits, options.rounds)
    print(f"\n{'qubits':>7}{'Aer s':>10}{'service s':>10}{'ratio':>9}")
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder))
        try:
            service.start()
            for qubits in options.qubits:
                show_service(service, qubits, options.rounds)
        finally:
            service.stop()


if __name__ == "__main__":
    main()
