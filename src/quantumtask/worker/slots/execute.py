"""Main function of a slot: assignments in, outcomes out. Circuits are read only in child processes.

A child sends its outcomes as JSON and never as pickles: a circuit that takes over a slot must not
be able to take over the worker.
"""

import json
import os
import resource
import secrets
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from quantumtask.openqasm import Sweep, compile_sweep
from quantumtask.openqasm.compile import preprocess
from quantumtask.openqasm.text.source import Diagnostic
from quantumtask.shared.errors import CircuitError, TaskError
from quantumtask.shared.output_kinds import ALL_PARAMETERS, QPY
from quantumtask.shared.processes import cpu_time_limit, kill_on_parent_death
from quantumtask.shared.randomization import Randomization
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, FailureCode, Problem, Result, TaskSpec
from quantumtask.worker.outcome import SlotRequest, encode_value
from quantumtask.worker.sandbox.restrictions import enter_sandbox
from quantumtask.worker.slots.child_process import READY
from quantumtask.worker.slots.progress_sender import ProgressSender

if TYPE_CHECKING:
    from quantumtask.engines.outputs.output_spec import OutputSpec

_T = TypeVar("_T")

_SEND_INTERVAL_S = 0.01

WARM_UP_TASK = TaskSpec("bit c; qubit q; U(1, 2, 3) q; c = measure q;", shots=1)
"""A task to run before the first one, so that all libraries are loaded."""


def slot_main(connection: Connection, settings: Settings, threads: int) -> None:
    """Run a slot: warm up, then run chunks of assignments until the connection closes."""
    # Qiskit's kernels read the variable when they run for the first time.
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    child_loop(
        connection,
        settings,
        lambda: execute(WARM_UP_TASK, settings, threads),
        lambda message: _run_chunk(message, connection.send_bytes, settings, threads),
    )


def child_loop(
    connection: Connection,
    settings: Settings,
    warm_up: Callable[[], object],
    work: Callable[[Any], bool],
) -> None:
    """Run a child process until its connection closes or `work` returns False.

    Args:
        connection: The connection to the worker.
        settings: The settings with the limits.
        warm_up: A call to make before the limits are set.
        work: The call for each message. It returns False if the process has run out of memory, or
            nearly: the process then ends, and the worker starts another one.
    """
    kill_on_parent_death(signal.SIGKILL)
    null = os.open(os.devnull, os.O_RDWR)
    enter_sandbox(settings, {connection.fileno(), null})
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C stops the worker, which stops its slots
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    warm_up()
    _set_limits(settings.slot_memory_bytes)
    _discard_output(null)
    connection.send_bytes(READY)
    usable = True
    while usable and (message := _receive(connection)) is not None:
        usable = work(message)


def _receive(connection: Connection) -> Any:
    """Return the next message; None if the connection is closed."""
    try:
        return connection.recv()
    except (EOFError, OSError):
        return None


def _discard_output(null: int) -> None:
    """Connect standard input and output to /dev/null: no circuit may write into the worker's log.

    Until then, the log has the reason of a child that does not start.
    """
    for standard in range(3):
        os.dup2(null, standard)


def _set_limits(memory_bytes: int) -> None:
    """Forbid this process to write files and to dump core, and limit its memory from now on."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":  # other kernels do not enforce this limit
        limit = _data_bytes() + memory_bytes
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _data_bytes() -> int:
    """Return the size of this process's data: heap, stacks and private mappings."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))


def _run_chunk(
    message: tuple[list[Assignment], bool],
    send: Callable[[bytes], None],
    settings: Settings,
    threads: int,
) -> bool:
    """Run a chunk and send its outcomes, several at a time; return False after out of memory."""
    chunk, elastic = message
    unsent: list[Any] = []
    sent_at = time.monotonic()
    for assignment in chunk:
        run = execute_or_request if elastic else execute
        # Tasks of a chunk are short, and run again, from their beginning, if they are not.
        listener = ProgressSender(send, assignment) if len(chunk) == 1 else None
        value = run(assignment.spec, settings, threads, listener)
        unsent.append([assignment.id, assignment.attempt, *encode_value(value)])
        if isinstance(value, Failure) and value.is_out_of_memory:
            send(json.dumps(unsent).encode())
            return False
        if time.monotonic() - sent_at > _SEND_INTERVAL_S:
            send(json.dumps(unsent).encode())
            unsent, sent_at = [], time.monotonic()
    if unsent:
        send(json.dumps(unsent).encode())
    return True


def execute(
    spec: TaskSpec,
    settings: Settings,
    threads: int = 1,
    listener: ProgressSender | None = None,
) -> Result | Failure:
    """Run one task; every error becomes a Failure, and no exception is raised."""
    return run_catching(lambda: _run(spec, settings, threads, listener, elastic=False), settings)


def execute_or_request(
    spec: TaskSpec, settings: Settings, threads: int, listener: ProgressSender | None = None
) -> Result | Failure | SlotRequest:
    """Run one task as `execute` does, or return its request for more than its slot."""
    from quantumtask.engines.limits import StateTooLarge, name_remedy, slots_for
    from quantumtask.engines.selection.large_task import LargeTask

    def run() -> Result | SlotRequest:
        try:
            return _run(spec, settings, threads, listener, elastic=True)
        except LargeTask as large:
            return SlotRequest(large.slots)
        except StateTooLarge as error:
            slots = error.needed and slots_for(error.needed, settings)
            if not slots or slots == 1:
                raise name_remedy(error, settings, spec.engine) from None
            return SlotRequest(slots)

    return run_catching(run, settings)


def _run(
    spec: TaskSpec,
    settings: Settings,
    threads: int,
    listener: ProgressSender | None,
    *,
    elastic: bool,
) -> Result:
    """Compile and run one task."""
    # Imported here: a process that only analyses circuits does not need the engines.
    from quantumtask import engines
    from quantumtask.engines.outputs.output_spec import parse_output_spec
    from quantumtask.engines.progress import RunProgress

    output_spec = parse_output_spec(spec.options, spec.shots, spec.memory, spec.engine, spec.method)
    started = time.perf_counter()
    arrays: dict[str, Any] = {}
    if output_spec.randomization is not None:
        spec, arrays = _draw_inputs(spec, output_spec.randomization, settings)
    if output_spec.circuit_format == QPY:
        sweep, output_spec = _compile_qpy(spec, output_spec, settings)
    else:
        sweep = _compile_text(spec, output_spec, settings)
    sweep = replace(sweep, arrays=arrays)
    compile_ms = (time.perf_counter() - started) * 1e3
    try:
        result = engines.run_sweep(
            sweep,
            output_spec,
            seed=spec.seed,
            settings=settings,
            threads=threads,
            engine=spec.engine,
            method=spec.method,
            elastic=elastic,
            progress=RunProgress(listener),
        )
    except Diagnostic as diagnostic:  # of a run, for example about a measured value
        if output_spec.circuit_format == QPY:
            raise CircuitError(Problem(diagnostic.code, diagnostic.message)) from None
        raise preprocess(spec.circuit, settings).error(diagnostic) from None
    return replace(result, compile_ms=round(compile_ms, 3))


def _draw_inputs(
    spec: TaskSpec, option: Randomization, settings: Settings
) -> tuple[TaskSpec, dict[str, Any]]:
    """Return the task with values for its circuit, and the arrays that were drawn with them."""
    from quantumtask.engines.randomization.sweep_inputs import draw_inputs

    seed = secrets.randbits(63) if spec.seed is None else spec.seed
    with cpu_time_limit(settings.compile_limit_s):
        inputs = draw_inputs(option, seed, settings)
    parameters = json.dumps({ALL_PARAMETERS: inputs.encoded_values()})
    return replace(spec, seed=seed, parameters=parameters), inputs.arrays


def _compile_text(spec: TaskSpec, output_spec: "OutputSpec", settings: Settings) -> Sweep:
    """Compile a text for the device that the task names, if it names one."""
    gates = None
    if not output_spec.ideal:
        from quantumtask.engines.noise.request import resolve_device_gates

        gates = resolve_device_gates(output_spec.backend, output_spec.noise)
    with cpu_time_limit(settings.compile_limit_s):
        return compile_sweep(spec.circuit, settings, spec.parameters, gates)


def _compile_qpy(
    spec: TaskSpec, output_spec: "OutputSpec", settings: Settings
) -> tuple[Sweep, "OutputSpec"]:
    """Compile a circuit in QPY, and return the noise with the names that its gates got."""
    from quantumtask.engines.qpy.compile import compile_qpy

    with cpu_time_limit(settings.compile_limit_s):
        sweep, noise = compile_qpy(
            spec.circuit, spec.parameters, settings, output_spec.backend, output_spec.noise
        )
    return sweep, replace(output_spec, noise=noise)


def run_catching(work: Callable[[], _T], settings: Settings) -> _T | Failure:
    """Return the result of `work`, or its exception as a Failure."""
    try:
        return work()
    except TaskError as error:
        return error.failure()
    except MemoryError:
        limit = settings.slot_memory_bytes / 2**20
        message = f"needed more than the {limit:,.0f} MiB of a slot"
        return Failure(FailureCode.OUT_OF_MEMORY, message)
    except RecursionError:
        message = "the circuit is nested too deeply to be read"
        return Failure(FailureCode.NESTING_TOO_DEEP, message)
    except Exception as error:  # anything that a library raises for a circuit: the slot goes on
        message = f"the engine failed: {type(error).__name__}"
        return Failure(FailureCode.ENGINE_ERROR, message)
