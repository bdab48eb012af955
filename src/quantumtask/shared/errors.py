"""The tree of errors; each has a stable `code` for programs and a message for people.

QuantumTaskError
|-- RequestError                 the request is wrong: sending it again does not help
|   |-- InvalidJson  InvalidRequest  UnsupportedEncoding
|   |-- BodyTooLarge  CircuitTooLarge  ParametersTooLarge
|   |-- TaskNotFound  BatchNotFound  BackendNotFound
|   |-- UnrunnableCircuit        the circuit would fail: has `problems`
|   `-- IdempotencyConflict  TaskAlreadyFinished  TaskNotCompleted
|-- Unavailable                  a temporary state: send the request again after `retry_after_s`
|   |-- QueueFull
|   |-- StoreUnavailable
|   |-- ResultStoreUnavailable
|   `-- WorkerUnavailable  AnalysisQueueFull
|-- ResultDamaged                a large result is missing, or is not the one that was stored
`-- TaskError                    the task ends as `failed`
    |-- CircuitError             ... because of its circuit: has `problems`
    `-- ResourceError            ... because of its options, or of a limit of the slot
"""

from quantumtask.shared.task import Failure, Problem


class QuantumTaskError(Exception):
    """The root of the tree.

    Attributes:
        code: A word for programs; it never changes once it is published.
        message: A sentence for people.
    """

    code = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class RequestError(QuantumTaskError):
    """A request that cannot succeed."""

    code = "invalid_request"


class InvalidJson(RequestError):
    """A body that is not JSON."""

    code = "invalid_json"

    def __init__(self) -> None:
        super().__init__("invalid json")


class InvalidRequest(RequestError):
    """A body or a query parameter with a wrong value."""

    code = "invalid_request"


class UnsupportedEncoding(RequestError):
    """A body with an unknown `Content-Encoding`."""

    code = "unsupported_encoding"


class BodyTooLarge(RequestError):
    """A body above QUANTUMTASK_MAX_BODY_BYTES."""

    code = "body_too_large"


class CircuitTooLarge(RequestError):
    """A circuit above QUANTUMTASK_MAX_CIRCUIT_BYTES."""

    code = "circuit_too_large"


class ParametersTooLarge(RequestError):
    """Parameters or observables above the limit of bytes or values."""

    code = "parameters_too_large"


class TaskNotFound(RequestError):
    """An id that no task has."""

    code = "task_not_found"

    def __init__(self) -> None:
        super().__init__("task not found")


class BackendNotFound(RequestError):
    """A name that no backend has."""

    code = "backend_not_found"


class BatchNotFound(RequestError):
    """An id that no batch has."""

    code = "batch_not_found"

    def __init__(self) -> None:
        super().__init__("batch not found")


class UnrunnableCircuit(RequestError):
    """A circuit that would fail if it ran; has the code and the problems of that failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.code = failure.code
        self.problems = failure.problems


class IdempotencyConflict(RequestError):
    """An idempotency key that was used with another body."""

    code = "idempotency_conflict"


class TaskAlreadyFinished(RequestError):
    """A task that cannot be cancelled because it has ended."""

    code = "task_already_finished"


class TaskNotCompleted(RequestError):
    """A task without a result: it waits, runs, failed or was cancelled."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Unavailable(QuantumTaskError):
    """A temporary refusal; the request may be sent again after `retry_after_s` seconds."""

    code = "unavailable"
    retry_after_s = 1


class QueueFull(Unavailable):
    """Too many tasks wait, of all owners or of one."""

    code = "queue_full"
    retry_after_s = 5


class StoreUnavailable(Unavailable):
    """The database cannot be read or written now."""

    code = "store_unavailable"
    retry_after_s = 2


class ResultStoreUnavailable(Unavailable):
    """The store of large results cannot be read or written now."""

    code = "result_unavailable"
    retry_after_s = 5


class WorkerUnavailable(Unavailable):
    """No worker answers."""

    code = "worker_unavailable"
    retry_after_s = 5


class AnalysisQueueFull(Unavailable):
    """Too many circuits wait to be analysed by the worker, or one has waited for too long."""

    code = "busy"
    retry_after_s = 2


class ResultDamaged(QuantumTaskError):
    """A large result that is missing, or differs from its checksum."""

    code = "result_damaged"


class TaskError(QuantumTaskError):
    """An error that ends a task: raised in the slot, stored as a Failure."""

    def failure(self) -> Failure:
        """Return the error as data."""
        return Failure(self.code, self.message)


class CircuitError(TaskError):
    """A circuit that is wrong or beyond the limits; `problems` holds every reason."""

    def __init__(self, *problems: Problem) -> None:
        first = next((p for p in problems if p.severity == "error"), problems[0])
        super().__init__(first.sentence())
        self.code = first.code
        self.problems = problems

    def failure(self) -> Failure:
        """Return the error as data, with all problems."""
        return Failure(self.code, self.message, self.problems)


class ResourceError(TaskError):
    """A task that cannot run with its options, engine or backend, or within the slot's limits."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class OptionError(ValueError):
    """An option that is not valid: the message names it, `code` is that of the task's failure."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
