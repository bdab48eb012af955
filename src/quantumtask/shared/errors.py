"""The tree of errors; each has a stable `code` for programs and a message for people.

QuantumTaskError
|-- RequestError                 the request is wrong: sending it again does not help
|   |-- InvalidJson  InvalidRequest  UnsupportedEncoding
|   |-- BodyTooLarge  JsonTooLarge  CircuitTooLarge  ParametersTooLarge
|   |-- NotFound                 nothing has this id or name
|   |   `-- TaskNotFound  BatchNotFound  BackendNotFound  TokenNotFound
|   |-- UnrunnableCircuit        the circuit would fail: has `problems`
|   |-- Unauthenticated  Forbidden
|   `-- IdempotencyConflict  TaskAlreadyFinished  TaskNotCompleted
|-- Unavailable                  a temporary state: send the request again after `retry_after_s`
|   |-- QueueFull  QuotaExceeded  RateExceeded
|   |-- StoreUnavailable
|   |-- ResultStoreUnavailable
|   |-- AnswersTooLarge  BodiesTooLarge
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
    """A body that is not JSON; `problems` has the position, the reason and the remedy."""

    code = "invalid_json"

    def __init__(self, problem: Problem) -> None:
        super().__init__("invalid json")
        self.problems = [problem]


class InvalidRequest(RequestError):
    """A body or a query parameter with a wrong value."""

    code = "invalid_request"


class UnsupportedEncoding(RequestError):
    """A body with an unknown `Content-Encoding`."""

    code = "unsupported_encoding"


class BodyTooLarge(RequestError):
    """A body above QUANTUMTASK_MAX_BODY_BYTES."""

    code = "body_too_large"


class JsonTooLarge(RequestError):
    """A body with more names, strings or values than a parser can take without delay."""

    code = "json_too_large"


class CircuitTooLarge(RequestError):
    """A circuit above QUANTUMTASK_MAX_CIRCUIT_BYTES."""

    code = "circuit_too_large"


class ParametersTooLarge(RequestError):
    """Parameters or observables above the limit of bytes or values."""

    code = "parameters_too_large"


class NotFound(RequestError):
    """An id or a name that nothing has, as far as the sender may know."""

    code = "not_found"


class TaskNotFound(NotFound):
    """An id that no task has."""

    code = "task_not_found"

    def __init__(self) -> None:
        super().__init__("task not found")


class BackendNotFound(NotFound):
    """A name that no backend has."""

    code = "backend_not_found"


class BatchNotFound(NotFound):
    """An id that no batch has."""

    code = "batch_not_found"

    def __init__(self) -> None:
        super().__init__("batch not found")


class TokenNotFound(NotFound):
    """First characters that no valid token has."""

    code = "token_not_found"

    def __init__(self) -> None:
        super().__init__("no valid token has these first characters")


class Unauthenticated(RequestError):
    """A request without a valid token, where one is required."""

    code = "unauthenticated"


class Forbidden(RequestError):
    """A request that needs a role with more rights."""

    code = "forbidden"


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


class QuotaExceeded(Unavailable):
    """A limit on processor seconds or kept results that a project or a user has used up."""

    code = "quota_exceeded"

    def __init__(self, message: str, retry_after_s: int = 3600) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RateExceeded(Unavailable):
    """More requests than a project or a user may send.

    Attributes:
        policy: Name of the limit that was exceeded.
        quota: Requests that may follow each other at once.
        window_s: Seconds in which the whole quota comes back.
    """

    code = "rate_exceeded"

    def __init__(
        self, message: str, policy: str, quota: int, window_s: int, retry_after_s: int
    ) -> None:
        super().__init__(message)
        self.policy, self.quota, self.window_s = policy, quota, window_s
        self.retry_after_s = retry_after_s


class StoreUnavailable(Unavailable):
    """The database cannot be read or written now."""

    code = "store_unavailable"
    retry_after_s = 2


class ResultStoreUnavailable(Unavailable):
    """The store of large results cannot be read or written now."""

    code = "result_unavailable"
    retry_after_s = 5


class AnswersTooLarge(Unavailable):
    """Large answers to other requests hold the memory for such answers."""

    code = "answers_too_large"
    retry_after_s = 2


class BodiesTooLarge(Unavailable):
    """The bodies of other requests hold the memory for large bodies."""

    code = "bodies_too_large"
    retry_after_s = 2


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
