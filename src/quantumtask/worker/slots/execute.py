"""What runs in a slot: circuits in, outcomes out. Only here and in `answer`, which lives likewise,
is a circuit read.

A child sends its outcomes as JSON and never as pickles: a circuit that takes over a slot must not
be able to take over the Worker as well.
"""

import json
import resource
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from quantumtask.openqasm import compile_sweep
from quantumtask.openqasm.compile import preprocess
from quantumtask.openqasm.gates.hardware import TargetGates
from quantumtask.openqasm.text.source import Diagnostic
from quantumtask.shared.errors import TaskError
from quantumtask.shared.processes import cpu_time_limit, kill_on_parent_death
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, Result, TaskSpec
from quantumtask.worker.outcome import encode
from quantumtask.worker.slots.child_process import READY

T = TypeVar("T")

_SEND_EVERY_S = 0.01

WARM_UP = TaskSpec("bit c; qubit q; U(1, 2, 3) q; c = measure q;", shots=1)
"""Run before the first task, so that it finds everything loaded."""


def serve(connection: Connection, settings: Settings, threads: int) -> None:
    """The life of a slot: warm up, then chunks of assignments until the connection ends."""
    live(
        connection,
        settings,
        lambda: execute(WARM_UP, settings, threads),
        lambda chunk: _run(chunk, connection.send_bytes, settings, threads),
    )


def live(
    connection: Connection,
    settings: Settings,
    warm_up: Callable[[], object],
    work: Callable[[Any], bool],
) -> None:
    """The life of a child: it works until the connection ends or `work` says that it is not fit.

    It is not once it ran out of memory, or nearly: then it makes way for a fresh one.
    """
    kill_on_parent_death(signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the Worker, which tells us
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    warm_up()
    _limit(settings.slot_memory_bytes)
    connection.send_bytes(READY)
    fit = True
    while fit and (given := _receive(connection)) is not None:
        fit = work(given)


def _receive(connection: Connection) -> Any:
    """What there is to do next; None: nothing any more."""
    try:
        return connection.recv()
    except (EOFError, OSError):
        return None


def _limit(memory_bytes: int) -> None:
    """From here on this process writes no file, dumps no core, gets no more memory than this."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":  # elsewhere the kernel does not enforce it
        most = _data_bytes() + memory_bytes
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _data_bytes() -> int:
    """What counts as data of this process now: heap, stacks and private maps."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))


def _run(
    chunk: list[Assignment], send: Callable[[bytes], None], settings: Settings, threads: int
) -> bool:
    """Runs a chunk and sends outcomes as they come, but not each one for itself; see `live`."""
    done: list[Any] = []
    sent = time.monotonic()
    for assignment in chunk:
        verdict = execute(assignment.spec, settings, threads)
        done.append([assignment.id, *encode(verdict)])
        if out_of_memory(verdict):
            send(json.dumps(done).encode())
            return False
        if time.monotonic() - sent > _SEND_EVERY_S:
            send(json.dumps(done).encode())
            done, sent = [], time.monotonic()
    if done:
        send(json.dumps(done).encode())
    return True


def out_of_memory(verdict: object) -> bool:
    """Whether this is a failure for lack of memory."""
    return isinstance(verdict, Failure) and verdict.code == "out_of_memory"


def execute(spec: TaskSpec, settings: Settings, threads: int = 1) -> Result | Failure:
    """Runs one task. Whatever goes wrong becomes a Failure; nothing is raised."""
    from quantumtask import engines  # not above: who only reads circuits does without
    from quantumtask.engines.outputs.output_spec import parse_output_spec

    def run() -> Result:
        wanted = parse_output_spec(spec.options, spec.shots, spec.memory)
        gates = None if wanted.ideal else _gates(wanted.backend, wanted.noise)
        with cpu_time_limit(settings.compile_limit_s):
            sweep = compile_sweep(spec.circuit, settings, spec.parameters, gates)
        try:
            return engines.run_sweep(
                sweep,
                wanted,
                seed=spec.seed,
                settings=settings,
                threads=threads,
                engine=spec.engine,
                method=spec.method,
            )
        except Diagnostic as refusal:  # found under way: only now it is known what was measured
            raise preprocess(spec.circuit, settings).error(refusal) from None

    return attempt(run, settings)


def _gates(backend: str, noise: Any) -> TargetGates | None:
    """The gates of the device that a circuit is for; None if only their unitaries matter."""
    from quantumtask.engines.noise.request import resolve_device_gates  # not above: as in `execute`

    return resolve_device_gates(backend, noise)


def attempt(work: Callable[[], T], settings: Settings) -> T | Failure:
    """What `work` returns, or why it could not."""
    try:
        return work()
    except TaskError as error:
        return error.failure()
    except MemoryError:
        most = settings.slot_memory_bytes / 2**20
        return Failure("out_of_memory", f"needed more than the {most:,.0f} MiB that a slot has")
    except RecursionError:
        return Failure("nesting_too_deep", "the circuit is nested too deeply to be read")
    except Exception as error:  # the one place: nothing that a circuit does may end the slot
        return Failure("engine_error", f"the engine failed: {type(error).__name__}")
