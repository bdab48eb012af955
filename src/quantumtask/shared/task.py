"""A task, its lifecycle, and what comes of it. Standard library only."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class TaskState(StrEnum):
    """The exact state of a task; on the wire, the first two both read "pending"."""

    SUBMITTED = "submitted"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in FINAL_STATES

    @property
    def status(self) -> str:
        """The word that the HTTP contract uses for this state."""
        return self.value if self.final else "pending"


FINAL_STATES = frozenset({TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED})


@dataclass(frozen=True)
class Move:
    """One arrow of the lifecycle: the states it may start from and the one it ends in."""

    sources: frozenset[TaskState]
    target: TaskState


def _move(*sources: TaskState, to: TaskState) -> Move:
    return Move(frozenset(sources), to)


MOVES = {
    "claim": _move(TaskState.SUBMITTED, to=TaskState.RUNNING),
    "complete": _move(TaskState.RUNNING, to=TaskState.COMPLETED),
    "fail": _move(TaskState.RUNNING, to=TaskState.FAILED),
    "cancel": _move(TaskState.SUBMITTED, TaskState.RUNNING, to=TaskState.CANCELLED),
    "release": _move(TaskState.RUNNING, to=TaskState.SUBMITTED),
    "abandon": _move(TaskState.RUNNING, to=TaskState.FAILED),
}
"""The lifecycle: every change of state after the submission is one of these."""


AUTO = "auto"
ENGINES: dict[str, tuple[str, ...]] = {
    "lightning": ("statevector",),
    "stim": ("stabilizer",),
    "aer": ("statevector", "density_matrix", "stabilizer", "matrix_product_state"),
    "quantumtask": ("statevector", "density_matrix", "stabilizer"),
}
"""The engines that can be asked for, and their methods; AUTO chooses."""

SIMULATOR = "simulator"
"""The backend that has no noise; all others are twins of devices."""


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """The request of a client to run a circuit.

    `parameters`, `options` and `metadata` are JSON text, which no process between the API and the
    slot has to read.

    Attributes:
        seed: None: the slot draws one.
        timeout_s: Wall-clock seconds.
        parameters: An object, name of an `input` -> value; None without parameters. An array for an
            input of one value makes the task a sweep (docs/how-to/sweeps.md).
        options: An object with the requested ones of `observables`, `precision`, `return`, `noise`,
            `backend` and `compile`.
        engine: One of ENGINES.
        method: One of the engine's METHODS; None: the engine chooses.
        owner: Waiting tasks are shared out fairly among owners.
        priority: -10 to 10; a higher priority goes before all lower ones.
        metadata: An object of the client's own, kept beside the task; no worker reads it.
    """

    circuit: str
    shots: int = 1024
    seed: int | None = None
    memory: bool = False
    timeout_s: float = 600.0
    name: str | None = None
    tags: tuple[str, ...] = ()
    parameters: str | None = None
    engine: str = AUTO
    method: str | None = None
    owner: str = ""
    priority: int = 0
    options: str | None = None
    metadata: str | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """A task to be stored under `id`, or to be recognised by its idempotency `key`.

    One that comes with a batch is its `item`, counted from 0.
    """

    id: str
    spec: TaskSpec
    cost_ms: float
    key: str | None = None
    digest: str = ""
    batch: str | None = None
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a circuit; `severity` is "error", or "warning" where it still runs.

    `line` and `column` are where it begins and `end_line` and `end_column` where it has ended:
    the first character that is no longer part of it. They count from 1, in characters; None: it
    has no place.
    """

    code: str
    message: str
    line: int | None = None
    column: int | None = None
    token: str | None = None
    hint: str | None = None
    severity: str = "error"
    end_line: int | None = None
    end_column: int | None = None

    def sentence(self) -> str:
        """The problem as one line: "line 5, column 1: unknown gate 'foo'. Did you mean ..."."""
        place = "" if self.line is None else f"line {self.line}, column {self.column}: "
        return f"{place}{self.message}" + (f". {self.hint}" if self.hint else "")


@dataclass(frozen=True, slots=True)
class Blob:
    """An object outside the database that holds a large result: its size in bytes, its SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a completed task gives back.

    `counts` is a JSON object, bit string -> number of shots, written as Qiskit writes counts: the
    last bit of a register first, registers separated by a space with the last declared first.
    `memory` is a JSON array with one such bit string per shot, or None where it was not asked for.
    `outputs` is a JSON object, name of an `output` -> array with its value after each shot, or
    None for a circuit that declares none.
    All stay JSON text from the slot to the client, so nothing on the way has to read them.
    `precision` of the numbers that it rests on: "double", "single", or "exact" for a method that
    computes with bits. `reason`: why this engine ran, in one sentence.
    `data` is a JSON object, name -> array (format: docs/how-to/results.md), of everything else
    that was asked for; None: nothing was.
    A sweep has a `shape`, and its `counts` are such objects in lists nested by it. `registers`, in
    the order of their declaration, belong to every result with a shape or data. `compiled`: the
    circuit on the requested backend.
    `blob`: where counts, memory, outputs and data are, if they are too large to be here: then these
    are NOT_HERE, None, None and None; `size` is that of their texts.
    """

    counts: str
    memory: str | None
    seed: int
    engine: str
    engine_version: str
    method: str
    run_ms: float
    warnings: tuple[str, ...] = ()
    outputs: str | None = None
    precision: str | None = None
    reason: str | None = None
    data: str | None = None
    shape: tuple[int, ...] | None = None
    registers: tuple[tuple[str, int], ...] | None = None
    compiled: dict[str, Any] | None = None
    blob: Blob | None = None
    size: int | None = None

    @property
    def texts(self) -> tuple[str | None, ...]:
        """What of it can be large: counts, memory, outputs, data."""
        return self.counts, self.memory, self.outputs, self.data

    @property
    def json_size(self) -> int:
        """How large that is, in characters of JSON."""
        return sum(len(text or "") for text in self.texts) if self.size is None else self.size


def parse_result_fields(told: dict[str, Any]) -> dict[str, Any]:
    """Fields of a Result that have been JSON, which knows no tuples."""
    found = told | {"warnings": tuple(told["warnings"])}
    if told.get("shape") is not None:
        found["shape"] = tuple(told["shape"])
    if told.get("registers") is not None:
        found["registers"] = tuple((name, size) for name, size in told["registers"])
    return found


BLOB_PLACEHOLDER = "null"
"""The counts of a result that is elsewhere: who knows nothing of that shows no wrong ones."""


class FailureCode(StrEnum):
    """Codes of failures that a worker or an engine reports; those of circuits are in openqasm."""

    TIMEOUT = "timeout"
    COMPILE_TIMEOUT = "compile_timeout"
    OUT_OF_MEMORY = "out_of_memory"
    WORKER_CRASHED = "worker_crashed"
    NESTING_TOO_DEEP = "nesting_too_deep"
    RESULT_TOO_LARGE = "result_too_large"
    ENGINE_ERROR = "engine_error"
    ENGINE_REFUSED = "engine_refused"
    ENGINE_UNAVAILABLE = "engine_unavailable"
    ENGINE_UNSUITABLE = "engine_unsuitable"
    BACKEND_UNKNOWN = "backend_unknown"
    BACKEND_UNSUITABLE = "backend_unsuitable"
    NOT_EXACT = "not_exact"
    BAD_NOISE = "bad_noise"
    BAD_OBSERVABLE = "bad_observable"
    BAD_OPTIONS = "bad_options"


@dataclass(frozen=True, slots=True)
class Failure:
    """The reason why a task failed, as data.

    Attributes:
        code: A stable word for programs: a FailureCode, or the code of the first problem.
        message: A readable sentence.
        problems: Every problem of the circuit.
    """

    code: str
    message: str
    problems: tuple[Problem, ...] = ()

    @property
    def is_out_of_memory(self) -> bool:
        """True if the slot had too little memory for the task."""
        return self.code == FailureCode.OUT_OF_MEMORY


@dataclass(frozen=True, slots=True)
class Assignment:
    """A claimed task as its worker sees it: `attempt` is the fencing token of this claim.

    Times are the database's, in seconds since 1970.
    """

    id: str
    attempt: int
    worker: str
    crashes: int
    cost_ms: float
    spec: TaskSpec
    submitted_at: float = 0.0
    claimed_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Lease:
    """What a worker holds `until` then, in seconds since 1970; `over`: by the database's clock."""

    worker: str
    expires_at: float
    expired: bool


@dataclass(frozen=True, slots=True)
class ReclaimedTask:
    """A task that was taken from a lost worker: the attempt it made, and the state it is in now."""

    id: str
    attempt: int
    worker: str
    state: TaskState


@dataclass(frozen=True, slots=True)
class StateChange:
    """One change of a task's state: which move, when (seconds since 1970), at which attempt.

    `worker` is the one that made the move; None: a client did, or another worker's sweep.
    """

    move: str
    state: TaskState
    at: float
    attempt: int
    worker: str | None = None


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """Where a waiting task stands: 1 is next. `starts_in_s` None: nobody works.

    `at_least`: so many are ahead of it that both are only lower bounds.
    """

    position: int
    starts_in_s: float | None
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A task as the Store tells it, without its circuit. Times are seconds since 1970.

    Lists leave out what can be large: `parameters`, `options`, `metadata`, the texts of a result
    and problems; and `place`, which a task has only while it waits.
    """

    id: str
    sequence: int
    state: TaskState
    shots: int
    name: str | None
    tags: tuple[str, ...]
    submitted_at: float
    attempt: int
    started_at: float | None = None
    finished_at: float | None = None
    result: Result | None = None
    failure: Failure | None = None
    changes: tuple[StateChange, ...] = ()
    parameters: str | None = None
    options: str | None = None
    owner: str = ""
    priority: int = 0
    queue_position: QueuePosition | None = None
    batch: str | None = None
    item: int | None = None
    metadata: str | None = None
