"""Tasks, their lifecycle and their results, as data."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from quantumtask.shared.task_progress import TaskProgress

JsonText: TypeAlias = str
"""A text of JSON that travels as it is: no process between the API and the slot parses it."""


MAX_PARAMETERS_BYTES = 8 * 1024 * 1024
"""Maximal size of the parameters of a task as JSON text, and of its options."""


class TaskState(StrEnum):
    """The exact state of a task; `status` is the word that the HTTP contract uses for it."""

    SUBMITTED = "submitted"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """True if no move leaves this state."""
        return self in FINAL_STATES

    @property
    def status(self) -> str:
        """The state as the HTTP API shows it: `submitted` and `running` are both "pending"."""
        return str(self) if self in FINAL_STATES else "pending"


FINAL_STATES = frozenset({TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED})


@dataclass(frozen=True)
class Move:
    """One transition of the lifecycle: its source states and its target state."""

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
"""The lifecycle: every change of state after a submission is one of these moves."""

DEFAULT_PROJECT = "default"
"""The project of everything that was submitted without authentication."""

AUTO = "auto"
ENGINES: dict[str, tuple[str, ...]] = {
    "lightning": ("statevector",),
    "qsim": ("statevector",),
    "stim": ("stabilizer",),
    "aer": ("statevector", "density_matrix", "stabilizer", "matrix_product_state"),
    "quantumtask": ("statevector", "density_matrix", "stabilizer", "matrix_product_state"),
    "pauli_prop": ("pauli_propagation",),
}
"""The engines that a task may name, with their methods; `AUTO` lets the slot choose one."""

SIMULATOR = "simulator"
"""The backend without noise; every other backend is a model of a device."""


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """A circuit and the options to run it with.

    Attributes:
        circuit: OpenQASM 3 text, or a text in the `circuit_format` of the options.
        seed: The seed of all random choices; None: the slot draws one.
        timeout_s: Limit of the run, in wall-clock seconds.
        parameters: A JSON object, name of an `input` -> value; None without inputs. An array for
            an input that takes one value makes the task a sweep (docs/how-to/sweeps.md).
        options: A JSON object with any of `observables`, `precision`, `return`, `noise`,
            `backend`, `compile`, `circuit_format`, and the options of approximate methods.
        engine: One of ENGINES, or AUTO.
        method: One of the methods of the engine; None: the engine chooses.
        project: The project of the task; only its principals see the task.
        owner: The owner of the task; the workers are shared fairly between owners.
        priority: -10 to 10; a task runs before all waiting tasks of lower priority.
        metadata: A JSON object of the client, stored with the task; no worker reads it.
    """

    circuit: str
    shots: int = 1024
    seed: int | None = None
    memory: bool = False
    timeout_s: float = 600.0
    name: str | None = None
    tags: tuple[str, ...] = ()
    parameters: JsonText | None = None
    engine: str = AUTO
    method: str | None = None
    owner: str = ""
    priority: int = 0
    options: JsonText | None = None
    metadata: JsonText | None = None
    project: str = DEFAULT_PROJECT


@dataclass(frozen=True, slots=True)
class Submission:
    """A task to store.

    Attributes:
        id: The id of the new task.
        cost_ms: Predicted run time in milliseconds.
        key: Idempotency key; a task that is stored under the same key already is returned instead.
        digest: Hash of the request body; a repeated key with another digest is a conflict.
        batch: The id of the batch that the task belongs to.
        item: The index of the task in its batch, from 0.
    """

    id: str
    spec: TaskSpec
    cost_ms: float
    key: str | None = None
    digest: str = ""
    batch: str | None = None
    item: int | None = None

    @property
    def project(self) -> str:
        """The project of the task."""
        return self.spec.project


@dataclass(frozen=True, slots=True)
class Problem:
    """An error or a warning about a circuit.

    Attributes:
        code: A stable word for programs.
        line: The line of the first character, from 1; None if the problem has no position.
        column: The column of the first character, from 1, in characters.
        token: The text that is wrong.
        hint: A remedy.
        severity: "error", or "warning" if the circuit runs all the same.
        end_line: The line of the first character after the problem.
        end_column: The column of the first character after the problem.
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
        """Return one line, such as "line 5, column 1: unknown gate 'foo'. Did you mean ..."."""
        position = "" if self.line is None else f"line {self.line}, column {self.column}: "
        return f"{position}{self.message}" + (f". {self.hint}" if self.hint else "")


@dataclass(frozen=True, slots=True)
class Blob:
    """The reference to an object outside the database that holds the large part of a result.

    Attributes:
        name: The name of the object, unique for ever.
        size: Compressed size in bytes.
        sha256: SHA-256 of the compressed bytes, as hexadecimal digits.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a completed task.

    `counts`, `memory`, `outputs` and `data` stay JSON text from the slot to the client; nothing
    between the two parses them.

    Attributes:
        counts: A JSON object, bit string -> number of shots. As in Qiskit, the last bit of a
            register comes first; registers are separated by a space, the last declared first. In a
            sweep, such objects in lists nested by `shape`.
        memory: A JSON array with the bit string of each shot; None if the task did not request it.
        seed: The seed that was used.
        run_ms: Wall-clock milliseconds in the slot.
        outputs: A JSON object, name of an `output` -> array with its value after each shot; None
            if the circuit declares no output.
        precision: Precision of the numbers behind the result: "double", "single", or "exact" for a
            method that computes with bits.
        reason: The reason for the choice of the engine, in one sentence.
        data: A JSON object, name -> array (encoding: docs/how-to/results.md), with all other
            kinds of output; None if the task requested none.
        shape: The shape of a sweep; None if the task is no sweep.
        registers: Name and size of each register in order of declaration; set if `shape` or
            `data` is, or if the task requests them.
        compiled: A description of the circuit as compiled for the requested backend.
        blob: The object with counts, memory, outputs and data, if these are too large for the
            database. They are then BLOB_PLACEHOLDER, None, None and None.
        size: The length of those four texts, if they are in a blob.
        threads: Number of threads of the simulator; None: one.
        compile_ms: Wall-clock milliseconds of the compilation in the slot, before the run.
        store_ms: Milliseconds from the arrival of the result at the worker to its write.
    """

    counts: JsonText
    memory: JsonText | None
    seed: int
    engine: str
    engine_version: str
    method: str
    run_ms: float
    warnings: tuple[str, ...] = ()
    outputs: JsonText | None = None
    precision: str | None = None
    reason: str | None = None
    data: JsonText | None = None
    shape: tuple[int, ...] | None = None
    registers: tuple[tuple[str, int], ...] | None = None
    compiled: dict[str, Any] | None = None
    blob: Blob | None = None
    size: int | None = None
    threads: int | None = None
    compile_ms: float | None = None
    store_ms: float | None = None

    @property
    def texts(self) -> tuple[str | None, ...]:
        """The fields that can be large: counts, memory, outputs and data."""
        return self.counts, self.memory, self.outputs, self.data

    @property
    def json_size(self) -> int:
        """The length of these texts, in characters of JSON."""
        return sum(len(text or "") for text in self.texts) if self.size is None else self.size


def parse_result_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a Result, with tuples again where JSON has lists."""
    parsed = fields | {"warnings": tuple(fields["warnings"])}
    if fields.get("shape") is not None:
        parsed["shape"] = tuple(fields["shape"])
    if fields.get("registers") is not None:
        parsed["registers"] = tuple((name, size) for name, size in fields["registers"])
    return parsed


BLOB_PLACEHOLDER = "null"
"""Counts of a result that is in a blob: a reader that does not know blobs shows no counts."""


class FailureCode(StrEnum):
    """Codes of failures that a worker or an engine reports; the compiler has codes of its own."""

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
    """A task that a worker has claimed.

    Attributes:
        attempt: The number of the claim, from 1. It is the fencing token of the worker: every
            write of the worker must show it.
        crashes: The number of slots and workers that were lost with this task before.
        cost_ms: Predicted run time in milliseconds.
        submitted_at: Time of submission by the database's clock, in seconds since 1970.
        claimed_at: Time of this claim by the database's clock.
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
class StateChange:
    """One entry of the history of a task.

    Attributes:
        move: A key of MOVES, or "submit".
        state: The state after the move.
        at: Time by the database's clock, in seconds since 1970.
        attempt: The attempt of the task at that time.
        worker: The worker that made the move for its own task; None for a client, or for a worker
            that reclaimed the task.
    """

    move: str
    state: TaskState
    at: float
    attempt: int
    worker: str | None = None


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """The position of a waiting task in the queue.

    Attributes:
        position: 1 for the next task to run.
        starts_in_s: Predicted seconds until the task starts; None if there is no worker.
        at_least: True if both numbers are lower bounds, because not all tasks ahead were counted.
    """

    position: int
    starts_in_s: float | None
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A task as the Store returns it, without its circuit. Times are in seconds since 1970.

    Lists of tasks leave out the fields that can be large: `parameters`, `options`, `metadata`, the
    texts of a result, and problems. `queue_position` is set only while a task waits, and `progress`
    only while it runs.
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
    parameters: JsonText | None = None
    options: JsonText | None = None
    owner: str = ""
    priority: int = 0
    queue_position: QueuePosition | None = None
    progress: TaskProgress | None = None
    batch: str | None = None
    item: int | None = None
    metadata: JsonText | None = None
    project: str = DEFAULT_PROJECT
