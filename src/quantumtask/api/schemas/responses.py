"""Response models: the schemas in /docs.

`serialization` writes the responses; `tests/api/test_response_models.py` compares them with these
models.
"""

from typing import Any, Literal

from pydantic import BaseModel, Field

from quantumtask.api.schemas.progress import ProgressView
from quantumtask.api.schemas.queue import ExpectedWaitView, QueuePositionView
from quantumtask.shared.task import TaskState

PublicStatus = Literal["pending", "completed", "failed", "cancelled"]


class TaskSubmitted(BaseModel):
    """The task is stored durably and will run."""

    task_id: str
    status: Literal["submitted"] = "submitted"


class TaskCancelled(BaseModel):
    """The task is cancelled."""

    task_id: str
    status: Literal["cancelled"] = "cancelled"


class StateChangeView(BaseModel):
    """A change of a task's state."""

    move: str = Field(description="`submit`, or a move of the lifecycle.")
    state: TaskState = Field(description="The state after the move.")
    at: str
    attempt: int
    worker: str | None = Field(description="The worker that made the move; null: a client.")


class CircuitProblem(BaseModel):
    """A problem of a circuit. Lines and columns count from 1, in characters."""

    severity: Literal["error", "warning"]
    code: str
    message: str
    hint: str | None = Field(description="A remedy; null if none is known.")
    line: int | None
    column: int | None
    end_line: int | None = Field(description="The line of `end_column`.")
    end_column: int | None = Field(description="The first column after the problem.")
    token: str | None = Field(description="The text at this place.")


class RegisterView(BaseModel):
    """A register of bits, in the order in which the counts write them."""

    name: str
    size: int


class TaskSummary(BaseModel):
    """A task in a list. Times are RFC 3339 in UTC."""

    task_id: str
    status: PublicStatus
    state: TaskState = Field(
        description="The exact state; `submitted` and `running` have the status pending."
    )
    name: str | None
    tags: list[str]
    project: str
    owner: str | None
    priority: int
    shots: int
    attempt: int = Field(description="How many times a worker has claimed the task.")
    submitted_at: str
    started_at: str | None
    finished_at: str | None
    waiting_ms: float | None = Field(description="Milliseconds of waiting, so far or in total.")
    running_ms: float | None = Field(description="Milliseconds of running; null until the end.")
    compile_ms: float | None = Field(None, description="Milliseconds of the compilation.")
    store_ms: float | None = Field(None, description="Milliseconds until the result was stored.")
    progress: ProgressView | None = Field(None, description="Only of a running task.")
    seed: int | None = Field(None, description="The seed of the run.")
    engine: str | None = Field(None, description="The simulator that ran the task.")
    engine_version: str | None = None
    method: str | None = Field(None, description="The engine's method, such as statevector.")
    precision: str | None = Field(
        None, description="double, single, or exact: see docs/reference/api.md."
    )
    threads: int | None = Field(None, description="Number of threads of the simulator.")
    reason: str | None = Field(None, description="The reason for this engine, in one sentence.")
    warnings: list[str] | None = None
    shape: list[int] | None = Field(None, description="Shape of a sweep; [] for a single run.")
    registers: list[RegisterView] | None = Field(
        None, description="The registers that the arrays in `data` refer to."
    )
    compiled: dict[str, Any] | None = Field(
        None, description="The circuit on its backend: as_written, depth, gates, qubits."
    )
    batch_id: str | None = Field(None, description="The batch of the task, if it has one.")
    item: int | None = Field(None, description="Index of the task in its batch, from 0.")
    error: str | None = Field(None, description="The reason of a failure, in one sentence.")
    error_code: str | None = None


class TaskView(TaskSummary):
    """A task with its history, and its result or failure once it has one."""

    queue: QueuePositionView | None = Field(None, description="Only of a waiting task.")
    result: dict[str, int] | list[Any] | None = Field(
        None,
        description="Counts in Qiskit's notation: the last bit first, registers separated by a "
        "space. Of a sweep, nested lists of counts by its shape; null if large: see `result_url`.",
    )
    memory: list[str] | None = Field(None, description="The bit string of each shot, in order.")
    outputs: dict[str, list[Any]] | None = Field(
        None, description="The value of each `output` variable after each shot, in order."
    )
    data: dict[str, Any] | None = Field(
        None, description="The requested arrays; null if large: see `result_url`."
    )
    result_bytes: int | None = Field(None, description="Size of the result as JSON.")
    result_url: str | None = Field(None, description="Path of the whole result.")
    parameters: dict[str, Any] | None = Field(
        description="Parameters of the request; null if larger than 64 KiB."
    )
    options: dict[str, Any] | None = Field(
        None,
        description="Options of the request: observables, noise, compile and others; null if "
        "larger than 64 KiB.",
    )
    metadata: dict[str, Any] | None = Field(None, description="Metadata of the request.")
    errors: list[CircuitProblem] | None = Field(None, description="All problems of the circuit.")
    history: list[StateChangeView]


class TaskStatusView(BaseModel):
    """A task with `view=status`: everything that can be large is left out."""

    task_id: str
    status: PublicStatus
    state: TaskState
    attempt: int
    submitted_at: str
    started_at: str | None
    finished_at: str | None
    queue: QueuePositionView | None = None
    progress: ProgressView | None = None
    shape: list[int] | None = None
    result_bytes: int | None = None
    result_url: str | None = None
    error: str | None = Field(None, description="At most 200 characters.")
    error_code: str | None = None


class ResultView(BaseModel):
    """A result alone.

    Bit order: the last bit of a bit string, and the lowest bit of an index, belongs to the first
    declared bit or qubit.
    """

    task_id: str
    shape: list[int] | None = None
    registers: list[RegisterView] | None = None
    compiled: dict[str, Any] | None = None
    result: dict[str, int] | list[Any]
    memory: list[str] | None = None
    outputs: dict[str, list[Any]] | None = None
    data: dict[str, Any] | None = None


class VariableView(BaseModel):
    """An `input` or `output` variable."""

    name: str
    type: str


class ValidationView(BaseModel):
    """The problems and declarations of a circuit."""

    valid: bool = Field(description="True if no problem is an error.")
    problems: list[CircuitProblem]
    inputs: list[VariableView]
    outputs: list[VariableView]
    registers: list[RegisterView]
    qubits: int = Field(description="Number of qubits; `$n` counts as n + 1.")
    operations: int | None = Field(
        description="Operations with gates inlined and loops unrolled; null: not known."
    )


class EstimateView(BaseModel):
    """The engine, memory and time that a task would take."""

    engine: str = Field(description="The simulator that would run the task.")
    engine_version: str
    method: str
    precision: str = Field(description="double, single, or exact: see docs/reference/api.md.")
    reason: str = Field(description="The reason for this engine, in one sentence.")
    qubits: int = Field(description="Number of qubits that have to be simulated.")
    shots: int
    memory_bytes: int = Field(description="Memory of the state.")
    seconds: float | None = Field(
        description="Time on an idle worker, from the circuit's text to its counts; null: not "
        "known, because a shot of the program has too many steps."
    )
    threads: int = Field(description="Number of threads of the simulator on an idle worker.")
    slots: int = Field(description="Number of slots whose memory the task takes.")


class EngineMethod(BaseModel):
    """A method of an engine."""

    name: str
    precision: str
    runs: str = Field(description="The programs that this method can run.")
    bytes_per_amplitude: int | None = Field(description="null: no vector of amplitudes is stored.")
    most_qubits: int | None = Field(
        description="Qubits that fit the slots of a task if all are measured; null: no such limit."
    )
    speedup: float = Field(
        description="Predicted gain by `threads` for a large state; 1: the method has one thread."
    )


class EngineView(BaseModel):
    """An engine."""

    name: str = Field(description="The value of a task's `engine`.")
    version: str | None
    installed: bool
    methods: list[EngineMethod]


class EngineList(BaseModel):
    """The engines of the worker."""

    engines: list[EngineView]
    default: str = Field(description="auto: the fastest for the circuit.")
    slot_memory_bytes: int = Field(description="The memory of one slot.")
    slots: int = Field(description="The number of slots that one task may have.")
    threads: int = Field(description="The number of threads that one task may have.")


class MedianErrors(BaseModel):
    """Median errors of a device; null: no such operation, or not measured."""

    one_qubit: float | None
    two_qubit: float | None
    readout: float | None


class BackendSummary(BaseModel):
    """A backend in the list."""

    name: str = Field(description="The value of a task's `backend`.")
    description: str
    qubits: int = Field(description="Of the device; of the simulator, as many as always fit.")
    noisy: bool
    basis_gates: list[str] = Field(description="The gates that circuits are compiled to.")
    calibrated: str | None = Field(description="The day of the device's calibration.")
    median_errors: MedianErrors | None


class BackendList(BaseModel):
    """The backends of tasks."""

    backends: list[BackendSummary]
    queue: ExpectedWaitView


class GateView(BaseModel):
    """A gate, or `reset`, on certain qubits of a device; null: not measured."""

    name: str
    qubits: list[int]
    error: float | None = Field(description="1 - average fidelity.")
    duration_ns: float | None


class QubitView(BaseModel):
    """A qubit of a device; null: not measured."""

    t1_us: float | None
    t2_us: float | None
    frequency_ghz: float | None
    readout_error: float | None
    readout_ns: float | None


class BackendView(BackendSummary):
    """A backend with all its calibration data."""

    coupling_map: list[list[int]] | None = Field(
        description="Pairs of qubits that a gate can act on; null: any pair."
    )
    dt_ns: float | None = Field(
        description="The unit `dt` of the device's durations, in nanoseconds; null: it has none."
    )
    gates: list[GateView]
    qubits_properties: list[QubitView] = Field(description="By the number of the qubit.")
    queue: ExpectedWaitView


class TaskList(BaseModel):
    """A page of tasks."""

    tasks: list[TaskSummary]
    next_cursor: str | None = Field(
        description="The `cursor` of the next page, with older tasks; null on the last page."
    )


class HealthView(BaseModel):
    """The API process answers."""

    status: Literal["ok"] = "ok"


class ReadinessView(BaseModel):
    """The state of the parts that the service needs."""

    ready: bool
    database: bool = Field(description="The database can be written.")
    worker: bool = Field(description="A worker has a recent heartbeat.")
    reason: str | None = Field(
        default=None, description="The reason why the service is not ready; null if it is."
    )


class ProblemDocument(BaseModel):
    """Problem document of RFC 9457. `code` is stable and for programs, `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[CircuitProblem] = Field(
        [], description="All problems of a circuit that would fail, or of a body that is not JSON."
    )
