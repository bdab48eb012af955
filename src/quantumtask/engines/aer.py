"""Qiskit Aer: the reference engine, which runs every program."""

import json
import secrets
import time
from functools import cache, lru_cache
from typing import Any

import qiskit_aer
from qiskit import QuantumCircuit
from qiskit.transpiler import PassManager, Target
from qiskit.transpiler.preset_passmanagers import generate_preset_pass_manager
from qiskit_aer import AerSimulator

from quantumtask.engines.bitstrings import Formatter
from quantumtask.engines.distribution import Distribution
from quantumtask.openqasm.program import Program
from quantumtask.shared.errors import ResourceError, TaskError
from quantumtask.shared.settings import MIB, Settings
from quantumtask.shared.task import Result

HEADROOM = 256 * MIB
"""Memory of a slot that is not for the state: Python, Qiskit, the circuit and the counts."""

STABILIZER_FROM = 12
"""Qubits from which a Clifford circuit is faster as a stabilizer state (measured)."""

BYTES_PER_AMPLITUDE = 16

MOST_EXACT = 12
"""Measured qubits up to which shots are drawn from exact probabilities."""

MOST_REMEMBERED = 64
LARGEST_REMEMBERED = 1000
"""Distributions kept, and the size of a program up to which its own is."""


def run(
    program: Program,
    *,
    shots: int,
    seed: int | None,
    memory: bool,
    settings: Settings,
    threads: int = 1,
) -> Result:
    """Runs a program; the same seed (0 to 2**63 - 1) gives the same counts.

    Raises ResourceError before running what needs more memory than the slot has
    (`out_of_memory`) or would give a result that is too large (`result_too_large`).
    """
    started = time.perf_counter()
    seed = secrets.randbits(63) if seed is None else seed
    method = _method(program)
    _check_memory(program, method, settings)
    formatter = Formatter(program.registers)
    if memory:
        _check_size(shots * (formatter.width + 3) + 2, settings)
    data = _outcomes(program, method, shots, seed, memory, threads, settings)
    counts, lines = _texts(formatter, data, memory, settings)
    return Result(
        counts, lines, seed, "aer", qiskit_aer.__version__, method,
        (time.perf_counter() - started) * 1000, program.warnings,
    )  # fmt: skip


def _outcomes(
    program: Program,
    method: str,
    shots: int,
    seed: int,
    memory: bool,
    threads: int,
    settings: Settings,
) -> dict[str, Any]:
    """Counts and memory, as hexadecimal texts."""
    if not program.records:
        return {"counts": {"0x0": shots}, "memory": ["0x0"] * shots if memory else None}
    if program.final and method == "statevector" and len(_measured(program)) <= MOST_EXACT:
        make = _remembered if program.size <= LARGEST_REMEMBERED else _distribution
        distribution = make(program, threads, settings)
        drawn = distribution.draw(shots, seed)
        _check_counts(len(set(drawn.tolist())), program, settings)
        return distribution.outcomes(drawn, memory)
    circuit = _without_idle_qubits(program.circuit) if program.dynamic else program.circuit
    data = _simulate(
        _runnable(circuit), threads, settings,
        method=method, shots=shots, seed_simulator=seed, memory=memory,
    )  # fmt: skip
    _check_counts(len(data["counts"]), program, settings)
    return data


def _measured(program: Program) -> list[int]:
    return sorted({qubit for qubit, _ in program.final or ()})


def _distribution(program: Program, threads: int, settings: Settings) -> Distribution:
    """The exact distribution of a program that measures at its end only.

    Aer needs more time to draw a thousand shots of a small circuit than to compute its state, so it
    is asked for the probabilities, and the shots are drawn from them.
    """
    qubits = _measured(program)
    circuit = program.circuit.copy_empty_like()
    circuit.data = [item for item in program.circuit.data if item.operation.name != "measure"]
    circuit.save_probabilities(qubits)
    data = _simulate(_runnable(circuit), threads, settings, method="statevector", shots=1)
    index = {qubit: k for k, qubit in enumerate(qubits)}
    places = [(index[qubit], bit) for qubit, bit in program.final or ()]
    return Distribution(data["probabilities"], places)


_remembered = lru_cache(MOST_REMEMBERED)(_distribution)


def _method(program: Program) -> str:
    large = program.qubits_used >= STABILIZER_FROM
    return "stabilizer" if program.clifford and large else "statevector"


def _check_memory(program: Program, method: str, settings: Settings) -> None:
    if method == "stabilizer" or not program.records:
        return
    needed = BYTES_PER_AMPLITUDE << min(program.qubits_used, 200)
    slot = settings.slot_memory_bytes
    available = max(slot - HEADROOM, slot // 4)
    if needed > available:
        raise ResourceError(
            "out_of_memory",
            f"the state of {program.qubits_used} qubits needs {human(needed)} of memory, "
            f"and this slot has {human(available)} for it",
        )


def _check_counts(outcomes: int, program: Program, settings: Settings) -> None:
    """Refuses counts of so many different outcomes, if they are too large, before writing them."""
    _check_size(outcomes * (program.bits + 5), settings)


def _check_size(size: int, settings: Settings) -> None:
    if size > settings.max_result_bytes:
        raise ResourceError(
            "result_too_large",
            f"the result would take {human(size)}, "
            f"and at most {human(settings.max_result_bytes)} are kept",
        )


def human(size: float) -> str:
    """A number of bytes with its unit: "4.0 GiB"."""
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1e} ZiB" if size >= 1024 else f"{size:.1f} ZiB"


@cache
def _simulator() -> AerSimulator:
    return AerSimulator()


@cache
def _target() -> Target:
    return _simulator().target


@cache
def _pass_manager() -> PassManager:
    return generate_preset_pass_manager(optimization_level=0, target=_target())


@cache
def _native() -> frozenset[str]:
    """Names of the operations that Aer runs as they are."""
    own = {"measure", "reset", "save_probabilities"}
    return frozenset(_target().operation_names) | _FLOW | own


_FLOW = frozenset({"if_else", "while_loop", "break_loop", "continue_loop", "store"})


def _runnable(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit itself where Aer knows all its operations, else one that it knows."""
    if _names(circuit) <= _native():
        return circuit
    translated: QuantumCircuit = _pass_manager().run(circuit)
    return translated


def _without_idle_qubits(circuit: QuantumCircuit) -> QuantumCircuit:
    """The same circuit on just the qubits it touches."""
    touched = {qubit for item in circuit.data for qubit in item.qubits}
    qubits = [qubit for qubit in circuit.qubits if qubit in touched]
    smaller = QuantumCircuit(qubits, *circuit.cregs)
    for item in circuit.data:
        smaller._append(item)
    return smaller


def _is_dynamic(circuit: QuantumCircuit) -> bool:
    return not _FLOW.isdisjoint(circuit.count_ops())


def _names(circuit: QuantumCircuit) -> set[str]:
    names = set(circuit.count_ops())
    if names & {"if_else", "while_loop"}:
        for item in circuit.data:
            for block in getattr(item.operation, "blocks", ()):
                names |= _names(block)
    return names


def _simulate(
    circuit: QuantumCircuit, threads: int, settings: Settings, **options: Any
) -> dict[str, Any]:
    """What Aer measured or saved. Raises TaskError for what Aer refuses."""
    try:
        job = _simulator().run(
            circuit,
            max_parallel_threads=threads,
            # Aer's own removal of idle qubits loses the ends of `if` and `while`.
            enable_truncation=not _is_dynamic(circuit),
            max_memory_mb=max(1, settings.slot_memory_bytes // MIB),
            **options,
        )
        result = job.result()
    except MemoryError:
        raise ResourceError("out_of_memory", "the slot ran out of memory") from None
    outcome = result.results[0] if result.results else None
    if not result.success or outcome is None:
        raise _refused(str(getattr(outcome, "status", None) or result.status))
    data: dict[str, Any] = outcome.data.to_dict()
    return data


def _refused(status: str) -> TaskError:
    if "memory" in status.lower() or "bad_alloc" in status:
        return ResourceError("out_of_memory", "the circuit needs more memory than this slot has")
    words = [w for w in status.removeprefix("ERROR: ").split() if "/" not in w and "\\" not in w]
    return ResourceError("engine_refused", "Aer cannot run this circuit: " + " ".join(words)[:300])


def _texts(
    formatter: Formatter, data: dict[str, Any], memory: bool, settings: Settings
) -> tuple[str, str | None]:
    """Counts and memory as JSON texts."""
    counts = json.dumps(formatter.counts(data["counts"]), separators=(",", ":"))
    _check_size(len(counts), settings)
    if not memory:
        return counts, None
    lines = json.dumps(formatter.lines(data["memory"]), separators=(",", ":"))
    _check_size(len(counts) + len(lines), settings)
    return counts, lines
