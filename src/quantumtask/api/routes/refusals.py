"""Status, code and detail of errors that several routes document."""

from quantumtask.api.routes.task_examples import ID
from quantumtask.api.service.worker_client import NO_WORKER

TASK_NOT_FOUND = (404, "task_not_found", "task not found")
BATCH_NOT_FOUND = (404, "batch_not_found", "batch not found")
BACKEND_NOT_FOUND = (
    404,
    "backend_not_found",
    "backend 'fake_moon': there is no such backend; `GET /backends` lists all",
)

INVALID_JSON = (400, "invalid_json", "invalid json")
UNKNOWN_QUERY = (
    400,
    "invalid_request",
    "limits: no such query parameter; did you mean `limit`?",
)
INVALID_WAIT = (400, "invalid_request", "wait: must be a number of seconds from 0 to 30")
INVALID_EVENT_ID = (400, "invalid_request", "Last-Event-ID: must be the `id` of an event")
MISSING_CIRCUIT = (400, "invalid_request", "circuit: field required")
UNSUPPORTED_ENCODING = (
    415,
    "unsupported_encoding",
    "Content-Encoding: must be gzip, deflate or identity; got 'br'",
)

CIRCUIT_TOO_LARGE = (
    413,
    "circuit_too_large",
    "circuit: must be at most 8,388,608 bytes; got 9,000,000",
)
_PARAMETER_LIMITS = (
    "parameters: must be at most 8,388,608 bytes as JSON, with at most 200,000 values outside "
    "encoded arrays"
)
PARAMETERS_TOO_LARGE = (413, "parameters_too_large", _PARAMETER_LIMITS)
BATCH_TOO_LARGE = (
    413,
    "body_too_large",
    "body: must be at most 10,485,760 bytes, compressed and decompressed",
)

WORKER_BUSY = (503, "busy", "analysis queue full: 64 circuits of this client wait; try again")
WORKER_UNAVAILABLE = (503, "worker_unavailable", NO_WORKER)
STORE_UNAVAILABLE = (503, "store_unavailable", "the database is locked")

RESULT_UNAVAILABLE = (
    503,
    "result_unavailable",
    f"the result of task {ID} cannot be fetched now; try again",
)
_ANSWERS_TOO_LARGE = (
    "large answers (half of QUANTUMTASK_MAX_ANSWER_BYTES) hold 66,000,000 of 67,108,864 bytes of "
    "memory, of which a client has half; try again"
)
ANSWERS_TOO_LARGE = (503, "answers_too_large", _ANSWERS_TOO_LARGE)
_BODIES_TOO_LARGE = (
    "large bodies (QUANTUMTASK_MAX_BODIES_BYTES) hold 130,000,000 of 134,217,728 bytes of memory, "
    "of which a client has half; try again"
)
BODIES_TOO_LARGE = (503, "bodies_too_large", _BODIES_TOO_LARGE)
RESULT_DAMAGED = (
    500,
    "result_damaged",
    f"the result of task {ID} is damaged or gone; run the circuit again",
)

UNKNOWN_GATE = (422, "unknown_gate", "line 5, column 1: unknown gate `frobnicate`")
OUT_OF_MEMORY = (
    422,
    "out_of_memory",
    "the state of 60 qubits needs 32.0 EiB of memory, and this slot has 6.2 GiB for it",
)
_UNSUITABLE = (
    "stim (stabilizer) cannot run this program: it has gates that are not Clifford. Leave `engine` "
    "and `method` out to have one chosen"
)
ENGINE_UNSUITABLE = (422, "engine_unsuitable", _UNSUITABLE)
IDEMPOTENCY_CONFLICT = (
    409,
    "idempotency_conflict",
    "this Idempotency-Key was used with another body",
)

_QUEUE_FULL = (
    "queue full: 100,000 tasks are waiting; try again later or raise QUANTUMTASK_MAX_WAITING_TASKS"
)
QUEUE_FULL = (429, "queue_full", _QUEUE_FULL)
_QUEUE_FULL_FOR_BATCH = (
    "queue full: no room for 1,000 more tasks of this owner; 9,500 of at most 10,000 are waiting "
    "(QUANTUMTASK_MAX_WAITING_PER_OWNER)"
)
QUEUE_FULL_FOR_BATCH = (429, "queue_full", _QUEUE_FULL_FOR_BATCH)
