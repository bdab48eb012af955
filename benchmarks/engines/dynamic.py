"""Dynamic circuits: the engine that the service chooses, compared with control flow in Aer.

Each program exists twice: as OpenQASM, and as a Qiskit circuit with `if_test` and `while_loop`.
Both run in this process, in turn, on one thread; the time is from the compiled program to the
counts. The column `distance` compares the two results; it is near 1, even for equal distributions,
if outcomes hardly ever repeat.

    python benchmarks/engines/dynamic.py [--shots N] [--rounds N]
"""

import argparse
import json
import math
import time
from collections.abc import Callable
from typing import Any

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit.classical import expr
from qiskit_aer import AerSimulator
from tests.support.run_program import run_program

from quantumtask.openqasm.compile import compile_uncached
from quantumtask.shared.settings import Settings

SETTINGS = Settings(slot_memory_mb=4096)
HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '
PHASE = 2 * math.pi * 0.3


def teleport() -> tuple[str, QuantumCircuit]:
    """Teleport the state of a qubit, and undo its preparation on the other qubit."""
    circuit = QuantumCircuit(3, 3)
    circuit.ry(0.7, 0)
    circuit.h(1)
    circuit.cx(1, 2)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.measure([0, 1], [0, 1])
    with circuit.if_test((circuit.clbits[1], 1)):
        circuit.x(2)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.z(2)
    circuit.ry(-0.7, 2)
    circuit.measure(2, 2)
    text = (
        "qubit[3] q; bit[3] c; ry(0.7) q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1]; h q[0];"
        "c[0] = measure q[0]; c[1] = measure q[1]; if (c[1]) x q[2]; if (c[0]) z q[2];"
        "ry(-0.7) q[2]; c[2] = measure q[2];"
    )
    return text, circuit


def repeat_until_success() -> tuple[str, QuantumCircuit]:
    """Rotate by an angle that is no fraction of pi; repeat until both ancillas are 0."""
    circuit = QuantumCircuit(QuantumRegister(3), flag := ClassicalRegister(2, "f"))
    circuit.add_register(result := ClassicalRegister(1, "r"))

    def attempt() -> None:
        circuit.reset([0, 1])
        circuit.h([0, 1])
        circuit.ccx(0, 1, 2)
        circuit.s(2)
        circuit.ccx(0, 1, 2)
        circuit.h([0, 1])
        circuit.measure([0, 1], flag)

    circuit.h(2)
    attempt()
    with circuit.while_loop(expr.not_equal(flag, 0)):
        circuit.z(2)
        attempt()
    circuit.measure(2, result[0])
    attempt_text = (
        "reset q[0:1]; h q[0:1]; ccx q[0], q[1], q[2]; s q[2]; ccx q[0], q[1], q[2]; h q[0:1];"
        "f = measure q[0:1];"
    )
    text = (
        f"qubit[3] q; bit[2] f; bit r; h q[2]; {attempt_text}"
        f"while (f != 0) {{ z q[2]; {attempt_text} }} r = measure q[2];"
    )
    return text, circuit


def phase_estimation() -> tuple[str, QuantumCircuit]:
    """Estimate eight bits of a phase with one ancilla; each bit is corrected by earlier bits."""
    circuit = QuantumCircuit(2, 8)
    circuit.x(1)
    lines = ["qubit[2] q; bit[8] c; x q[1];"]
    for k in range(8):
        circuit.reset(0)
        circuit.h(0)
        circuit.cp(PHASE * 2 ** (7 - k), 0, 1)
        lines.append(f"reset q[0]; h q[0]; cp({PHASE * 2 ** (7 - k)!r}) q[0], q[1];")
        for j in range(k):
            angle = -math.pi / 2 ** (k - j)
            with circuit.if_test((circuit.clbits[j], 1)):
                circuit.p(angle, 0)
            lines.append(f"if (c[{j}]) p({angle!r}) q[0];")
        circuit.h(0)
        circuit.measure(0, k)
        lines.append(f"h q[0]; c[{k}] = measure q[0];")
    return "".join(lines), circuit


def repetition_code() -> tuple[str, QuantumCircuit]:
    """Correct small errors of three data qubits in five rounds with two ancillas."""
    circuit = QuantumCircuit(QuantumRegister(5), syndrome := ClassicalRegister(2, "s"))
    circuit.add_register(result := ClassicalRegister(3, "r"))
    lines = ["qubit[5] q; bit[2] s; bit[3] r;"]
    for _ in range(5):
        circuit.rx(0.2, [0, 1, 2])
        circuit.reset([3, 4])
        for control, target in ((0, 3), (1, 3), (1, 4), (2, 4)):
            circuit.cx(control, target)
        circuit.measure([3, 4], syndrome)
        lines.append("rx(0.2) q[0:2]; reset q[3:4]; cx q[0], q[3]; cx q[1], q[3];")
        lines.append("cx q[1], q[4]; cx q[2], q[4]; s = measure q[3:4];")
        for value, qubit in ((1, 0), (3, 1), (2, 2)):
            with circuit.if_test((syndrome, value)):
                circuit.x(qubit)
            lines.append(f"if (s == {value}) x q[{qubit}];")
    circuit.measure([0, 1, 2], result)
    return "".join([*lines, "r = measure q[0:2];"]), circuit


def coin_flips() -> tuple[str, QuantumCircuit]:
    """Flip 16 coins with a branch on each: the worst case of shot branching."""
    return _flips(16, [])


def coin_flips_with_t() -> tuple[str, QuantumCircuit]:
    """Flip eight coins with a gate that is not Clifford."""
    return _flips(8, ["t", "h"])


def _flips(flips: int, more: list[str]) -> tuple[str, QuantumCircuit]:
    circuit = QuantumCircuit(flips + 1, flips)
    lines = [f"qubit[{flips + 1}] q; bit[{flips}] c;"]
    for k in range(flips):
        for name in ["h", *more]:
            getattr(circuit, name)(k)
            lines.append(f"{name} q[{k}];")
        circuit.measure(k, k)
        with circuit.if_test((circuit.clbits[k], 1)):
            circuit.x(k + 1)
        lines.append(f"c[{k}] = measure q[{k}]; if (c[{k}]) x q[{k + 1}];")
    return "".join(lines), circuit


def large_state() -> tuple[str, QuantumCircuit]:
    """Run 18 qubits with one measurement in the middle and a branch on it."""
    circuit = QuantumCircuit(18, 18)
    lines = ["qubit[18] q; bit[18] c;"]
    _layers(circuit, lines)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.h(1)
    lines.append("c[0] = measure q[0]; if (c[0]) h q[1];")
    _layers(circuit, lines)
    circuit.measure(range(18), range(18))
    return "".join([*lines, "c = measure q;"]), circuit


def _layers(circuit: QuantumCircuit, lines: list[str]) -> None:
    for layer in range(4):
        for k in range(18):
            angle = 0.1 * (k + 1) + layer
            circuit.ry(angle, k)
            lines.append(f"ry({angle!r}) q[{k}];")
        for k in range(17):
            circuit.cx(k, k + 1)
            lines.append(f"cx q[{k}], q[{k + 1}];")


PROGRAMS: dict[str, Callable[[], tuple[str, QuantumCircuit]]] = {
    "teleportation": teleport,
    "repeat until success": repeat_until_success,
    "phase estimation, 8 bits": phase_estimation,
    "repetition code, 5 rounds": repetition_code,
    "16 coin flips": coin_flips,
    "8 coin flips with T": coin_flips_with_t,
    "18 qubits, 1 mid-circuit": large_state,
}
FEW_SHOTS = {"18 qubits, 1 mid-circuit": 16}
"""Number of shots: Aer runs the whole circuit for each shot, so more would take minutes."""


def best(rounds: int, *runs: Callable[[], Any]) -> list[float]:
    """Return the shortest time of each run, in milliseconds.

    The runs take turns, and the first turn is not measured.
    """
    times = [math.inf] * len(runs)
    for turn in range(rounds + 1):
        for k, run in enumerate(runs):
            started = time.perf_counter()
            run()
            if turn:
                times[k] = min(times[k], (time.perf_counter() - started) * 1000)
    return times


def distance(left: dict[str, int], right: dict[str, int], shots: int) -> float:
    """Return the total variation distance of two counts."""
    keys = left.keys() | right.keys()
    return sum(abs(left.get(k, 0) - right.get(k, 0)) for k in keys) / (2 * shots)


def compare(name: str, shots: int, rounds: int) -> None:
    text, circuit = PROGRAMS[name]()
    programs = [compile_uncached(HEAD + text, SETTINGS).program for _ in range(rounds + 2)]
    simulator = AerSimulator(max_parallel_threads=1)
    circuit = transpile(circuit, simulator, optimization_level=0)

    def run_service() -> Any:
        program = programs.pop()  # a new program each time, which no cache holds
        return run_program(program, shots=shots, seed=7, memory=False, settings=SETTINGS)

    def run_aer() -> Any:
        return simulator.run(circuit, shots=shots, seed_simulator=7).result().get_counts()

    service_ms, aer_ms = best(rounds, run_service, run_aer)
    result = run_service()
    apart = distance(json.loads(result.counts), run_aer(), shots)
    ratio = aer_ms / service_ms
    print(
        f"{name:27}{shots:6}{service_ms:9.1f} ms{aer_ms:9.1f} ms{ratio:8.2f} x   {result.engine:12}"
        f"{len(json.loads(result.counts)):6}{apart:8.3f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shots", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"one thread, the best of {options.rounds}")
    print(
        f"{'':27}{'shots':>6}{'service':>12}{'Aer':>12}{'ratio':>10}   engine    outcomes  distance"
    )
    for name in PROGRAMS:
        compare(name, min(options.shots, FEW_SHOTS.get(name, options.shots)), options.rounds)


if __name__ == "__main__":
    main()
