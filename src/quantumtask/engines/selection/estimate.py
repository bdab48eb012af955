"""What a program would take, told without running it."""

import time
from functools import cache
from typing import Any, NamedTuple

from quantumtask.engines.limits import available_bytes, out_of_memory
from quantumtask.engines.selection.choose import choose_engine
from quantumtask.engines.selection.circuit_features import CircuitFeatures, extract_features
from quantumtask.engines.selection.methods import METHODS, RunPlan, engine_version
from quantumtask.engines.selection.noisy_methods import AER, DENSITY_MATRIX, OWN
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, FailureCode

BYTES_PER_ENTRY = 16
"""Bytes of one entry of a density matrix."""

LOOP_ITERATIONS = 20_000
REFERENCE_LOOP_S = 0.00080
"""A little work, and the seconds it takes on the machine whose costs `select` has."""


class RunEstimate(NamedTuple):
    """How a program would run: `memory_bytes` for its state, `seconds` in a slot.

    The time is for a circuit that is not remembered, without reading its text.
    """

    engine: str
    engine_version: str | None
    method: str
    precision: str
    reason: str
    qubits: int
    shots: int
    memory_bytes: int
    seconds: float


def estimate_run(
    program: Program,
    *,
    shots: int,
    settings: Settings,
    threads: int = 1,
    engine: str = AUTO,
    method: str | None = None,
) -> RunEstimate:
    """What `run` would take with the same arguments.

    Raises ResourceError where no engine can run the program or hold what its gates may come to.
    """
    if method == DENSITY_MATRIX:
        raise ResourceError(
            FailureCode.ENGINE_UNSUITABLE,
            "method: density_matrix cannot be estimated: leave `method` out",
        )
    features = extract_features(program)
    plan, reason = choose_engine(
        features, shots, settings, engine=engine, method=method, threads=threads
    )
    if plan.bytes > (available := available_bytes(settings)):
        raise _perhaps_too_large(features, plan, available)
    return RunEstimate(
        plan.engine, engine_version(plan.engine), plan.method, plan.precision, reason,
        features.qubits, shots, plan.bytes, plan.microseconds * 1e-6 * machine_factor(),
    )  # fmt: skip


def _perhaps_too_large(features: CircuitFeatures, plan: RunPlan, available: int) -> ResourceError:
    """Of a method that takes only what the state needs, however much its gates would allow."""
    known = out_of_memory(features.qubits, plan.bytes, available).message
    return ResourceError(
        FailureCode.OUT_OF_MEMORY,
        f"{known}. That is the most its gates allow: a task may run if it is entangled less",
    )


@cache
def machine_factor() -> float:
    """How many times slower this machine is than the one whose costs `select` has."""
    return min(_loop() for _ in range(5)) / REFERENCE_LOOP_S


def _loop() -> float:
    started = time.thread_time()  # the process's clock is coarse once it has had a timer
    total = 0
    for k in range(LOOP_ITERATIONS):
        total ^= k
    return time.thread_time() - started


def list_engines(settings: Settings) -> dict[str, Any]:
    """Every engine, whether it is installed, and its methods with what they run in this slot."""
    engines: dict[str, dict[str, Any]] = {}
    for one in METHODS:
        found = engine_version(one.engine)
        entry = engines.setdefault(
            one.engine,
            {"name": one.engine, "version": found, "installed": found is not None, "methods": []},
        )
        entry["methods"].append(
            {
                "name": one.name,
                "precision": one.precision,
                "runs": one.runs,
                "bytes_per_amplitude": one.amplitude or None,
                "most_qubits": one.most_qubits(settings),
            }
        )
    for name in (AER, OWN):
        engines[name]["methods"].append(_density_matrix(settings, name))
    return {
        "engines": list(engines.values()),
        "default": AUTO,
        "slot_memory_bytes": settings.slot_memory_bytes,
    }


def _density_matrix(settings: Settings, engine: str) -> dict[str, Any]:
    """The density matrix method, which is chosen for noise alone but may be asked for without."""
    return {
        "name": DENSITY_MATRIX,
        "precision": "double",
        "runs": "circuits, with noise or without"
        if engine == AER
        else "any program, with noise or without",
        "bytes_per_amplitude": BYTES_PER_ENTRY,
        "most_qubits": ((available_bytes(settings) // BYTES_PER_ENTRY).bit_length() - 1) // 2,
    }
