"""Estimate of the engine, the memory and the time of a program, without running it."""

import time
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from quantumtask.engines.limits import (
    StateTooLarge,
    available_bytes,
    name_remedy,
    out_of_memory,
)
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.selection.choose import EngineChoice, choose_engine, match_methods
from quantumtask.engines.selection.circuit_features import CircuitFeatures, extract_features
from quantumtask.engines.selection.large_task import LargeTask, SizeCheck, fewest_slots
from quantumtask.engines.selection.memory_model import BYTES_PER_ENTRY
from quantumtask.engines.selection.methods import (
    APPROXIMATE_METHODS,
    DENSITY_MATRIX,
    IDEAL_METHODS,
    RunPlan,
    engine_version,
)
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, FailureCode

MIN_REPORTED_US = 2e6
"""Smallest prediction that is reported: the result of a shorter run comes before the report."""

LOOP_ITERATIONS = 20_000
REFERENCE_LOOP_S = 0.00080
"""Seconds of a loop of LOOP_ITERATIONS on the machine whose costs the cost model has."""


class RunEstimate(NamedTuple):
    """Prediction of how a program runs.

    Attributes:
        memory_bytes: Memory of the state.
        seconds: Time of a circuit that is not cached on an idle worker, without compilation; None:
            it is not known, because a shot of the program has too many steps to look at all.
        slots: The number of slots whose memory the task takes.
    """

    engine: str
    engine_version: str | None
    method: str
    precision: str
    reason: str
    qubits: int
    shots: int
    memory_bytes: int
    seconds: float | None
    threads: int
    slots: int


def estimate_run(
    program: Program,
    *,
    shots: int,
    settings: Settings,
    engine: str = AUTO,
    method: str | None = None,
) -> RunEstimate:
    """Return the prediction for a program without noise.

    Args:
        engine: The engine that the task names, or AUTO.
        method: The method that the task names.

    Raises:
        ResourceError: no engine can run the program, or the largest state that its gates can create
            does not fit the slots of the worker.
    """
    if method == DENSITY_MATRIX or _is_approximate(engine, method):
        raise ResourceError(
            FailureCode.ENGINE_UNSUITABLE,
            f"method: {method or engine} has no estimate; omit `method` to have one selected",
        )
    features = extract_features(program)

    def choose(settings: Settings, threads: int) -> EngineChoice:
        return choose_engine(
            features, shots, settings, engine=engine, method=method, threads=threads
        )

    def plan_run(settings: Settings, threads: int) -> RunPlan:
        return choose(settings, threads).plan

    slots = fewest_slots(plan_run, settings) or settings.max_task_slots
    larger, threads = settings.for_slots(slots), settings.threads_of(slots)
    try:
        if _runs_on_all_slots(plan_run, larger, threads):
            threads = settings.threads_of(settings.max_task_slots)
        plan, reason = choose(larger, threads)
    except StateTooLarge as error:
        raise _out_of_memory(features, error.state_bytes, settings, engine) from None
    if plan.bytes > available_bytes(larger):
        raise _possibly_out_of_memory(features, plan, settings, engine)
    return RunEstimate(
        engine=plan.engine,
        engine_version=engine_version(plan.engine),
        method=plan.method,
        precision=plan.precision,
        reason=reason,
        qubits=features.qubits,
        shots=shots,
        memory_bytes=plan.bytes,
        seconds=predict_seconds(plan) if features.whole_shot else None,
        threads=plan.threads,
        slots=slots,
    )


def _is_approximate(engine: str, method: str | None) -> bool:
    """Return True if only approximate methods have these names."""
    return not match_methods(IDEAL_METHODS, engine, method) and bool(
        match_methods(APPROXIMATE_METHODS, engine, method)
    )


def _runs_on_all_slots(
    plan_run: Callable[[Settings, int], RunPlan], settings: Settings, threads: int
) -> bool:
    """Return True if a run is so long that it gets the cores of all slots."""
    try:
        SizeCheck(settings, 1).check(plan_run(settings, threads), plan_run)
    except LargeTask:
        return True
    return False


def _out_of_memory(
    features: CircuitFeatures, needed: int, settings: Settings, engine: str, reason: str = ""
) -> ResourceError:
    """Return the error that the task would fail with."""
    error = out_of_memory(features.qubits, needed, available_bytes(settings), reason)
    return name_remedy(error, settings, engine)


def _possibly_out_of_memory(
    features: CircuitFeatures, plan: RunPlan, settings: Settings, engine: str
) -> ResourceError:
    """Return the error of an adaptive method, whose state may need less than predicted.

    The number is that of the error of the run: the size of a state vector, if that does not fit.
    """
    vector = BYTES_PER_ENTRY << min(features.qubits, 200)
    fits = vector <= available_bytes(settings)
    reason = ", as an upper bound: a task may run if its state is less entangled"
    return _out_of_memory(features, plan.bytes if fits else vector, settings, engine, reason)


def predict_seconds(plan: RunPlan) -> float:
    """Return the time of a run on this machine while it is idle."""
    return plan.microseconds * 1e-6 * machine_factor()


def report_prediction(progress: RunProgress, plan: RunPlan) -> None:
    """Report the predicted time of a run that takes longer than a moment."""
    if plan.microseconds >= MIN_REPORTED_US:
        progress.predict(predict_seconds(plan))


@cache
def machine_factor() -> float:
    """Return the time of a computation on this machine, relative to the cost model's machine."""
    return min(_time_loop() for _ in range(5)) / REFERENCE_LOOP_S


def _time_loop() -> float:
    started = time.thread_time()  # the process's clock is coarse once it has had a timer
    total = 0
    for k in range(LOOP_ITERATIONS):
        total ^= k
    return time.thread_time() - started
