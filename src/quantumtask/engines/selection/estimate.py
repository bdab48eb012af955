"""Estimate of the engine, the memory and the time of a program, without running it."""

import time
from functools import cache
from typing import NamedTuple

from quantumtask.engines.limits import available_bytes, out_of_memory
from quantumtask.engines.selection.choose import choose_engine
from quantumtask.engines.selection.circuit_features import CircuitFeatures, extract_features
from quantumtask.engines.selection.methods import DENSITY_MATRIX, RunPlan, engine_version
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, FailureCode

LOOP_ITERATIONS = 20_000
REFERENCE_LOOP_S = 0.00080
"""Seconds of a loop of LOOP_ITERATIONS on the machine whose costs the cost model has."""


class RunEstimate(NamedTuple):
    """Prediction of how a program runs.

    Attributes:
        memory_bytes: Memory of the state.
        seconds: Time in a slot of a circuit that is not cached, without compilation.
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
    """Return the prediction for a program without noise.

    Args:
        engine: The engine that the task names, or AUTO.
        method: The method that the task names.

    Raises:
        ResourceError: no engine can run the program, or the largest state that its gates can create
            does not fit the slot.
    """
    if method == DENSITY_MATRIX:
        raise ResourceError(
            FailureCode.ENGINE_UNSUITABLE,
            "method: density_matrix has no estimate; omit `method` to have one selected",
        )
    features = extract_features(program)
    plan, reason = choose_engine(
        features, shots, settings, engine=engine, method=method, threads=threads
    )
    if plan.bytes > (available := available_bytes(settings)):
        raise _possibly_out_of_memory(features, plan, available)
    return RunEstimate(
        engine=plan.engine,
        engine_version=engine_version(plan.engine),
        method=plan.method,
        precision=plan.precision,
        reason=reason,
        qubits=features.qubits,
        shots=shots,
        memory_bytes=plan.bytes,
        seconds=plan.microseconds * 1e-6 * machine_factor(),
    )


def _possibly_out_of_memory(
    features: CircuitFeatures, plan: RunPlan, available: int
) -> ResourceError:
    """Return the error of an adaptive method, whose state may need less than predicted."""
    message = out_of_memory(features.qubits, plan.bytes, available).message
    return ResourceError(
        FailureCode.OUT_OF_MEMORY,
        f"{message}. This is the most that the gates allow: a task may run if it is entangled less",
    )


@cache
def machine_factor() -> float:
    """Return the time of a computation on this machine, relative to that of the cost model's."""
    return min(_time_loop() for _ in range(5)) / REFERENCE_LOOP_S


def _time_loop() -> float:
    started = time.thread_time()  # the process's clock is coarse once it has had a timer
    total = 0
    for k in range(LOOP_ITERATIONS):
        total ^= k
    return time.thread_time() - started
