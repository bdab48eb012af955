"""What /docs shows beside the code. Kept apart so that the routes read as routes."""

from typing import Any

from pydantic import BaseModel

from quantumtask.api.schemas.openapi import schema_of
from quantumtask.api.schemas.requests import EstimateRequest, SubmitRequest, ValidateRequest
from quantumtask.api.schemas.responses import ProblemDocument

ID = "5f2c9f3e-8d0b-4c0e-9a4f-2f6f0b7f3c11"

_TIMES = {
    "name": "bell",
    "tags": ["demo"],
    "owner": "alice",
    "priority": 0,
    "shots": 1024,
    "attempt": 1,
    "submitted_at": "2026-11-22T20:22:03.123Z",
    "started_at": "2026-11-22T20:22:03.125Z",
    "finished_at": "2026-11-22T20:22:03.129Z",
    "waiting_ms": 4.1,
    "running_ms": 1.9,
}
_ENGINE = {
    "engine": "lightning",
    "engine_version": "0.45.0",
    "method": "statevector",
    "precision": "double",
    "reason": "the fastest state vector for 2 qubits",
}
_COMPLETED = {
    "task_id": ID,
    "status": "completed",
    "state": "completed",
    **_TIMES,
    "seed": 1374,
    **_ENGINE,
    "warnings": [],
}
_HISTORY = [
    {
        "move": "submit",
        "state": "submitted",
        "at": "2026-11-22T20:22:03.123Z",
        "attempt": 0,
        "worker": None,
    },
    {
        "move": "claim",
        "state": "running",
        "at": "2026-11-22T20:22:03.125Z",
        "attempt": 1,
        "worker": "0d3e…",
    },
]
_WHERE = {"result_bytes": 19, "result_url": f"/tasks/{ID}/result"}
_RESULT = {**_WHERE, "parameters": None, "result": {"00": 511, "11": 513}}
_PROBLEM = {
    "severity": "error",
    "code": "unknown_gate",
    "message": "unknown gate `frobnicate`",
    "hint": None,
    "line": 5,
    "column": 1,
    "end_line": 5,
    "end_column": 11,
    "token": "frobnicate",
}
_PARAMETERS = {
    **_WHERE,
    "parameters": {"theta": 0.3},
    "shots": 4,
    "result": {"0": 3, "1": 1},
    "outputs": {"c": ["0", "0", "1", "0"]},
}
_DECLARED = {
    "inputs": [{"name": "theta", "type": "float"}],
    "outputs": [{"name": "c", "type": "bit"}],
    "registers": [{"name": "c", "size": 1}],
    "qubits": 1,
}

SUBMITTED = {
    "accepted": {"value": {"task_id": ID, "status": "submitted"}},
    "with wait": {"value": {**_COMPLETED, **_RESULT, "history": _HISTORY}},
}
CANCELLED = {"cancelled": {"value": {"task_id": ID, "status": "cancelled"}}}
HEALTH = {"alive": {"value": {"status": "ok"}}}
QUEUE = {
    "queue": {
        "value": {
            "waiting": 10_001,
            "running": 2,
            "oldest_submitted_at": "2026-11-22T20:22:03.123Z",
            "workers": 1,
            "slots": 2,
            "owners": [
                {"owner": "alice", "priority": 0, "waiting": 10_000, "running": 2},
                {"owner": "bob", "priority": 0, "waiting": 1, "running": 0},
            ],
        }
    }
}
READY = {"ready": {"value": {"ready": True, "database": True, "worker": True}}}
VALIDATED = {
    "valid": {"value": {"valid": True, "problems": [], **_DECLARED, "operations": 2}},
    "invalid": {"value": {"valid": False, "problems": [_PROBLEM], **_DECLARED, "operations": None}},
}
ESTIMATED = {
    "estimate": {
        "value": {
            **_ENGINE,
            "qubits": 2,
            "shots": 1024,
            "memory_bytes": 128,
            "seconds": 0.0004,
        }
    }
}
TOO_LARGE = "the state of 60 qubits needs 32.0 EiB of memory, and this slot has 6.2 GiB for it"
UNSUITABLE = (
    "stim (stabilizer) cannot run this program: it has gates that are not Clifford. Leave `engine` "
    "and `method` out to have one chosen"
)
ENGINES = {
    "engines": {
        "value": {
            "engines": [
                {
                    "name": "lightning",
                    "version": "0.45.0",
                    "installed": True,
                    "methods": [
                        {
                            "name": "statevector",
                            "precision": "double",
                            "runs": "circuits that measure at their end",
                            "bytes_per_amplitude": 16,
                            "most_qubits": 27,
                        }
                    ],
                },
                {"name": "stim", "version": None, "installed": False, "methods": []},
            ],
            "default": "auto",
            "slot_memory_bytes": 6_871_947_673,
        }
    }
}
_EXPECTED = {"waiting": 3, "expected_wait_s": 0.4}
_SIMULATOR = {
    "name": "simulator",
    "description": "ideal; more qubits where the circuit is Clifford or little entangled",
    "qubits": 28,
    "noisy": False,
    "basis_gates": ["ccx", "ch", "cp"],
    "calibrated": None,
    "median_errors": None,
}
_MANILA = {
    "name": "fake_manila",
    "description": "IBM's Manila, Falcon r5.11",
    "qubits": 5,
    "noisy": True,
    "basis_gates": ["cx", "id", "rz", "sx", "x"],
    "calibrated": "2024-05-27",
    "median_errors": {"one_qubit": 0.00035, "two_qubit": 0.0101, "readout": 0.0219},
}
BACKENDS = {"backends": {"value": {"backends": [_SIMULATOR, _MANILA], "queue": _EXPECTED}}}
BACKEND = {
    "twin": {
        "value": {
            **_MANILA,
            "coupling_map": [[0, 1], [1, 0]],
            "dt_ns": 0.222222222222,
            "gates": [{"name": "cx", "qubits": [0, 1], "error": 0.0088, "duration_ns": 277.3}],
            "qubits_properties": [
                {
                    "t1_us": 161.7,
                    "t2_us": 103.5,
                    "frequency_ghz": 4.96,
                    "readout_error": 0.0285,
                    "readout_ns": 5351.1,
                }
            ],
            "queue": _EXPECTED,
        }
    }
}
LIST = {"page": {"value": {"tasks": [_COMPLETED], "next_cursor": "41"}}}
TASK = {
    "completed": {"value": {**_COMPLETED, **_RESULT, "history": _HISTORY}},
    "completed with outputs": {"value": {**_COMPLETED, **_PARAMETERS, "history": _HISTORY}},
    "pending": {
        "value": {
            "task_id": ID,
            "status": "pending",
            "state": "running",
            **_TIMES,
            "finished_at": None,
            "running_ms": None,
            "parameters": None,
            "history": _HISTORY,
        }
    },
    "failed": {
        "value": {
            "task_id": ID,
            "status": "failed",
            "state": "failed",
            **_TIMES,
            "error": "line 5, column 1: unknown gate `frobnicate`",
            "error_code": "unknown_gate",
            "errors": [_PROBLEM],
            "parameters": None,
            "history": _HISTORY,
        }
    },
}


def parameter(place: str, name: str, about: str, **schema: Any) -> Any:
    """A parameter of a route."""
    required = place == "path"
    return {"in": place, "name": name, "description": about, "required": required, "schema": schema}


def _body(model: type[BaseModel]) -> dict[str, Any]:
    content = {"application/json": {"schema": schema_of(model)}}
    return {"requestBody": {"required": True, "content": content}}


RESULT = {
    "counts": {"value": {"task_id": ID, "result": {"00": 511, "11": 513}}},
    "expectation values of a sweep": {
        "value": {
            "task_id": ID,
            "shape": [3],
            "registers": [{"name": "c", "size": 2}],
            "result": [{}, {}, {}],
            "data": {
                "expectation_values": [1.0, 0.5, -0.25],
                "standard_errors": [0.0, 0.0, 0.0],
            },
        }
    },
}

_WAIT = parameter(
    "query",
    "wait",
    "Seconds to wait for the end of the task before answering.",
    type="number",
    minimum=0,
    maximum=30,
    default=0,
)
_VIEW = parameter(
    "query",
    "view",
    "status: only how it stands, in less than a kilobyte.",
    type="string",
    enum=["full", "status"],
    default="full",
)
SUBMISSION = {
    "parameters": [
        parameter(
            "header",
            "Idempotency-Key",
            "Kept 24 h: sent again with the same body, it gives the same task.",
            type="string",
            minLength=1,
            maxLength=64,
        ),
        _WAIT,
        _VIEW,
        parameter(
            "query",
            "strict",
            "Refuse a circuit that would fail, with all its problems, instead of accepting it.",
            type="boolean",
            default=False,
        ),
    ],
    **_body(SubmitRequest),
}
VALIDATION = _body(ValidateRequest)
ESTIMATE = _body(EstimateRequest)
_TASK_ID = parameter("path", "task_id", "The id that the submission returned.", type="string")
WHICH_TASK = {"parameters": [_TASK_ID, _WAIT, _VIEW]}
WHICH_RESULT = {"parameters": [_TASK_ID, _WAIT]}


def responses(examples: dict[str, Any], model: Any, *refusals: tuple[int, str, str]) -> Any:
    """The `responses` of a route: its answer with examples, and the problems it may answer with."""
    told = {"model": model, "content": {"application/json": {"examples": examples}}}
    return {200: told, **problem_responses(*refusals)}


def problem_responses(*refusals: tuple[int, str, str]) -> Any:
    """The problems that a route may answer with."""
    found: dict[int, Any] = {}
    for status, code, detail in refusals:
        body = {
            "type": "about:blank",
            "title": "",
            "status": status,
            "detail": detail,
            "code": code,
        }
        page = found.setdefault(
            status,
            {
                "description": "Problem",
                "content": {
                    "application/problem+json": {
                        "schema": schema_of(ProblemDocument),
                        "examples": {},
                    }
                },
            },
        )
        page["content"]["application/problem+json"]["examples"][code] = {"value": body}
    return found
