"""One tree of errors, each with a stable `code` for programs and a message for people.

QuantumTaskError
|-- RequestError                 the request is wrong: sending it again will not help
|   |-- InvalidJson  InvalidRequest  UnsupportedEncoding
|   |-- BodyTooLarge  CircuitTooLarge  ParametersTooLarge
|   |-- TaskNotFound  BatchNotFound  BackendNotFound
|   |-- UnrunnableCircuit                a circuit that would fail: has `problems`
|   `-- IdempotencyConflict  TaskAlreadyFinished  TaskNotCompleted
|-- Busy                         the service cannot take it now: try again in `retry_after_s`
|   |-- QueueFull
|   |-- StoreUnavailable
|   |-- ResultStoreUnavailable
|   `-- WorkerUnavailable  AnalysisQueueFull
|-- ResultDamaged                a large result is gone, or not what was stored
`-- TaskError                    the task ends as `failed`
    |-- CircuitError             ... because of its circuit: has `problems`
    `-- ResourceError            ... because it needs more than the slot has
"""

from quantumtask.shared.task import Failure, Problem


class QuantumTaskError(Exception):
    """The root. `code` never changes once published."""

    code = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class RequestError(QuantumTaskError):
    code = "invalid_request"


class InvalidJson(RequestError):
    code = "invalid_json"

    def __init__(self) -> None:
        super().__init__("invalid json")


class InvalidRequest(RequestError):
    code = "invalid_request"


class UnsupportedEncoding(RequestError):
    code = "unsupported_encoding"


class BodyTooLarge(RequestError):
    code = "body_too_large"


class CircuitTooLarge(RequestError):
    code = "circuit_too_large"


class ParametersTooLarge(RequestError):
    code = "parameters_too_large"


class TaskNotFound(RequestError):
    code = "task_not_found"

    def __init__(self) -> None:
        super().__init__("task not found")


class BackendNotFound(RequestError):
    code = "backend_not_found"


class BatchNotFound(RequestError):
    code = "batch_not_found"

    def __init__(self) -> None:
        super().__init__("batch not found")


class UnrunnableCircuit(RequestError):
    """A circuit that would fail if it were run: has the code of that failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.code = failure.code
        self.problems = failure.problems


class IdempotencyConflict(RequestError):
    code = "idempotency_conflict"


class TaskAlreadyFinished(RequestError):
    code = "task_already_finished"


class TaskNotCompleted(RequestError):
    """A task has none: it waits or runs still, it failed, or it was cancelled."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Unavailable(QuantumTaskError):
    code = "unavailable"
    retry_after_s = 1


class QueueFull(Unavailable):
    code = "queue_full"
    retry_after_s = 5


class StoreUnavailable(Unavailable):
    code = "store_unavailable"
    retry_after_s = 2


class ResultStoreUnavailable(Unavailable):
    """Where large results are kept cannot be read or written now."""

    code = "result_unavailable"
    retry_after_s = 5


class WorkerUnavailable(Unavailable):
    code = "worker_unavailable"
    retry_after_s = 5


class AnalysisQueueFull(Unavailable):
    code = "busy"
    retry_after_s = 2


class ResultDamaged(QuantumTaskError):
    code = "result_damaged"


class TaskError(QuantumTaskError):
    """Ends a task: raised in the slot, stored as a `Failure`."""

    def failure(self) -> Failure:
        return Failure(self.code, self.message)


class CircuitError(TaskError):
    """The circuit is wrong or beyond what can be run; `problems` holds every reason."""

    def __init__(self, *problems: Problem) -> None:
        first = next((p for p in problems if p.severity == "error"), problems[0])
        super().__init__(first.sentence())
        self.code = first.code
        self.problems = problems

    def failure(self) -> Failure:
        return Failure(self.code, self.message, self.problems)


class ResourceError(TaskError):
    """The circuit needs more memory, time or result space than it may have."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
