"""What goes out, as pydantic models: the text of /docs."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field

from quantumtask.shared.task import Status


class StateFilter(StrEnum):
    """States to list by; "pending" is submitted or running."""

    PENDING = "pending"
    SUBMITTED = "submitted"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    def states(self) -> tuple[Status, ...]:
        if self is StateFilter.PENDING:
            return (Status.SUBMITTED, Status.RUNNING)
        return (Status(self.value),)


WireStatus = Literal["pending", "completed", "failed", "cancelled"]


class Submitted(BaseModel):
    """The task is stored durably and will run."""

    task_id: str
    status: Literal["submitted"] = "submitted"


class Cancelled(BaseModel):
    task_id: str
    status: Literal["cancelled"] = "cancelled"


class ChangeOfState(BaseModel):
    move: str = Field(description="submit, or a move of the lifecycle.")
    state: Status = Field(description="The state it led to.")
    at: str
    attempt: int
    worker: str | None = Field(description="The worker that made the move, where one did.")


class CircuitProblem(BaseModel):
    """One thing wrong with a circuit. Lines and columns count from 1, in characters."""

    severity: Literal["error", "warning"]
    code: str
    message: str
    hint: str | None = Field(description="What to do about it, where that is known.")
    line: int | None
    column: int | None
    end_line: int | None = Field(description="Where it has ended, with `end_column`.")
    end_column: int | None = Field(description="The first column that is no longer part of it.")
    token: str | None = Field(description="What stands there.")


class TaskSummary(BaseModel):
    """A task as the list shows it. Times are RFC 3339 in UTC."""

    task_id: str
    status: WireStatus
    state: Status = Field(description="The exact state; submitted and running both read pending.")
    name: str | None
    tags: list[str]
    owner: str | None
    priority: int
    shots: int
    attempt: int = Field(description="How many times a worker took it up.")
    submitted_at: str
    started_at: str | None
    finished_at: str | None
    waiting_ms: float | None = Field(description="Milliseconds it spent waiting, so far or in all.")
    running_ms: float | None = Field(description="Milliseconds it spent running, when it ended.")
    seed: int | None = Field(None, description="The seed that was used.")
    engine: str | None = Field(None, description="The simulator that ran it.")
    engine_version: str | None = None
    method: str | None = Field(None, description="The engine's method, such as statevector.")
    precision: str | None = Field(
        None, description="double, single, or exact: see docs/reference/api.md."
    )
    reason: str | None = Field(None, description="Why this engine ran, in one sentence.")
    warnings: list[str] | None = None
    shape: list[int] | None = Field(None, description="Of a sweep; [] where there is none.")
    registers: list["DeclaredRegister"] | None = Field(
        None, description="What the arrays of `data` are about."
    )
    compiled: dict[str, Any] | None = Field(
        None, description="The circuit on its backend: as_written, depth, gates, qubits."
    )
    batch_id: str | None = Field(None, description="The batch that it came with, if it did.")
    item: int | None = Field(None, description="Which of that batch's tasks it is, from 0.")
    error: str | None = Field(None, description="Why it failed, in one sentence.")
    error_code: str | None = None


class Place(BaseModel):
    """Where a task stands that waits to be run."""

    position: int = Field(description="1: it is next.")
    at_least: bool = Field(description="So many are ahead that these are only lower bounds.")
    expected_start: str | None = Field(
        description="From the predicted work ahead and the workers' pace; null: nobody works."
    )


class TaskView(TaskSummary):
    """A task, with its result or its failure once it has one, and its history."""

    queue: Place | None = Field(None, description="Only while it waits to be run.")
    result: dict[str, int] | list[Any] | None = Field(
        None,
        description="Counts, as Qiskit writes them: the last bit first, registers by a space. Of a "
        "sweep, lists of counts by its shape; null where they are large: see `result_url`.",
    )
    memory: list[str] | None = Field(None, description="The bit string of every shot, in order.")
    outputs: dict[str, list[Any]] | None = Field(
        None, description="The value of every `output` variable after each shot, in order."
    )
    data: dict[str, Any] | None = Field(
        None, description="The arrays that were asked for; null: they are at `result_url`."
    )
    result_bytes: int | None = Field(None, description="The size of the result as JSON.")
    result_url: str | None = Field(None, description="Where it is whole, whatever its size.")
    parameters: dict[str, Any] | None = Field(
        description="As they were submitted; null where they are larger than 64 KiB."
    )
    options: dict[str, Any] | None = Field(
        None, description="Options as they were submitted: observables, noise, compile and others."
    )
    metadata: dict[str, Any] | None = Field(None, description="As it was submitted.")
    errors: list[CircuitProblem] | None = Field(None, description="All problems of its circuit.")
    history: list[ChangeOfState]


class ResultView(BaseModel):
    """A result alone. Bit order: the last bit of a bit string, and the lowest of an index, is the
    first bit or qubit that was declared."""

    task_id: str
    shape: list[int] | None = None
    registers: list["DeclaredRegister"] | None = None
    compiled: dict[str, Any] | None = None
    result: dict[str, int] | list[Any]
    memory: list[str] | None = None
    outputs: dict[str, list[Any]] | None = None
    data: dict[str, Any] | None = None


class Declared(BaseModel):
    """An `input` or `output` variable."""

    name: str
    type: str


class DeclaredRegister(BaseModel):
    """A register of bits, in the order in which the counts write them."""

    name: str
    size: int


class Validation(BaseModel):
    """What there is to say about a circuit without running it."""

    valid: bool = Field(description="No problem is an error.")
    problems: list[CircuitProblem]
    inputs: list[Declared]
    outputs: list[Declared]
    registers: list[DeclaredRegister]
    qubits: int = Field(description="From number 0 to the highest; `$n` is number n.")
    operations: int | None = Field(description="Gates inlined, loops unrolled; null: not known.")


class Estimate(BaseModel):
    """What a task would take, told without running it."""

    engine: str = Field(description="The simulator that would run it.")
    engine_version: str
    method: str
    precision: str = Field(description="double, single, or exact: see docs/reference/api.md.")
    reason: str = Field(description="Why this engine, in one sentence.")
    qubits: int = Field(description="Those that have to be simulated.")
    shots: int
    memory_bytes: int = Field(description="For the state.")
    seconds: float = Field(description="In the slot, from the circuit's text to its counts.")


class EngineMethod(BaseModel):
    name: str
    precision: str
    runs: str = Field(description="Which programs.")
    bytes_per_amplitude: int | None = Field(description="null: it keeps no vector of amplitudes.")
    most_qubits: int | None = Field(description="That fit a slot, if all are measured; or null.")


class EngineView(BaseModel):
    name: str = Field(description="What `engine` of a task calls it.")
    version: str | None
    installed: bool
    methods: list[EngineMethod]


class Engines(BaseModel):
    """What runs circuits."""

    engines: list[EngineView]
    default: str = Field(description="auto: the fastest for the circuit.")
    slot_memory_bytes: int = Field(description="The memory that one task may take.")


class MedianErrors(BaseModel):
    """Of a device; null: it has none of that, or it was not measured."""

    one_qubit: float | None
    two_qubit: float | None
    readout: float | None


class Expectation(BaseModel):
    """What a task that is submitted now has to expect, whatever its backend."""

    waiting: int = Field(description="Tasks that wait to be run.")
    expected_wait_s: float | None = Field(
        description="How long these take, by their predicted work; null: no worker is there."
    )


class BackendSummary(BaseModel):
    name: str = Field(description="What `backend` of a task calls it.")
    description: str
    qubits: int = Field(description="Of the device; of the simulator, as many as always fit.")
    noisy: bool
    basis_gates: list[str] = Field(description="What circuits are compiled to.")
    calibrated: str | None = Field(description="The day on which the device was measured.")
    median_errors: MedianErrors | None


class Backends(BaseModel):
    """What a task can be run on."""

    backends: list[BackendSummary]
    queue: Expectation


class GateOnQubits(BaseModel):
    """A gate, or `reset`, where the device has it; null: not measured."""

    name: str
    qubits: list[int]
    error: float | None = Field(description="1 - average fidelity.")
    duration_ns: float | None


class QubitProperties(BaseModel):
    t1_us: float | None
    t2_us: float | None
    frequency_ghz: float | None
    readout_error: float | None
    readout_ns: float | None


class BackendView(BackendSummary):
    """A backend with all that was measured of it."""

    coupling_map: list[list[int]] | None = Field(
        description="Pairs of qubits that a gate acts on; null: any."
    )
    dt_ns: float | None = Field(
        description="The unit `dt` of the device's durations, in nanoseconds; null: it has none."
    )
    gates: list[GateOnQubits]
    qubits_properties: list[QubitProperties] = Field(description="By the number of the qubit.")
    queue: Expectation


class TaskList(BaseModel):
    tasks: list[TaskSummary]
    next_cursor: str | None = Field(
        description="Pass it as cursor for older tasks; null at the end."
    )


class ShareView(BaseModel):
    """The tasks of one owner and priority."""

    owner: str | None
    priority: int
    waiting: int
    running: int


class QueueView(BaseModel):
    """What waits and what runs."""

    waiting: int
    running: int
    oldest_submitted_at: str | None = Field(description="Of those that wait.")
    workers: int = Field(description="That were seen lately.")
    slots: int = Field(description="Theirs, together.")
    owners: list[ShareView] = Field(description="The 100 with most waiting.")


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    ready: bool
    database: bool = Field(description="The database can be written.")
    worker: bool = Field(description="A worker was seen lately.")


class ProblemDocument(BaseModel):
    """RFC 9457. `code` is stable, `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[CircuitProblem] = Field(
        [], description="Of a circuit that would fail: all its problems."
    )
