"""Conversion of the JSON of a task to a Result or an exception."""

from collections.abc import Mapping
from typing import Any

from quantumtask.client.connection import Json
from quantumtask.client.errors import TaskCancelled, failure
from quantumtask.client.observables import names
from quantumtask.client.results.result import Result

_FACTS = (
    *("seed", "engine", "engine_version", "method", "precision", "threads", "reason"),
    *("compiled", "name"),
)
_REAL = (
    *("probabilities", "expectation_values", "standard_errors", "error_bounds", "gradients"),
    *("total_variation_bounds", "fidelity_estimates"),
)
_COMPLEX = ("statevector", "unitary")
_BY_REGISTER = "memory."


def is_complete(body: Json) -> bool:
    """Return True if the JSON of a completed task holds its whole result."""
    if body.get("result") is None:
        return False
    return "data" not in body or body["data"] is not None or not body.get("result_url")


def result_from_json(body: Json, parameters: Mapping[str, Any] | None = None) -> Result:
    """Return the result of a task that has ended.

    Args:
        body: JSON of the task.
        parameters: Values that were sent; None takes the values in the JSON.

    Raises:
        CircuitError: The circuit is wrong.
        TaskFailed: The task failed.
        TaskCancelled: The task was cancelled.
    """
    task_id = str(body["task_id"])
    if body["status"] == "failed":
        code, detail = str(body.get("error_code") or "failed"), str(body.get("error"))
        raise failure(code, detail, body.get("errors") or (), task_id)
    if body["status"] == "cancelled":
        raise TaskCancelled(task_id)
    registers = tuple((r["name"], int(r["size"])) for r in body.get("registers") or ())
    data = body.get("data") or {}
    shape = tuple(body.get("shape") or ())
    return Result(
        task_id=task_id,
        counts=body.get("result") or {},
        shots=int(body.get("shots") or 0),
        shape=shape,
        outputs=body.get("outputs"),
        registers=registers,
        parameters=body.get("parameters") if parameters is None else parameters,
        observables=tuple(names((body.get("options") or {}).get("observables"))),
        warnings=tuple(body.get("warnings") or ()),
        running_ms=body.get("running_ms"),
        waiting_ms=body.get("waiting_ms"),
        **_facts(body),
        **_arrays(data),
        **_memory(body.get("memory"), data),
    )


def _facts(body: Json) -> Json:
    return {name: body.get(name) for name in _FACTS}


def _arrays(data: Json) -> Json:
    if not data:
        return {}
    from quantumtask.client.results.array_codec import decode_amplitudes, decode_reals

    real = {name: decode_reals(data[name]) for name in _REAL if data.get(name) is not None}
    return real | {
        name: decode_amplitudes(data[name]) for name in _COMPLEX if data.get(name) is not None
    }


def _memory(plain: Any, data: Json) -> Json:
    """Return bit strings, or the packed bits of a sweep: strings are slow to build."""
    sent = data.get("memory")
    fields: Json = {}
    if by_register := {name: sent for name, sent in data.items() if name.startswith(_BY_REGISTER)}:
        from quantumtask.client.results.array_codec import decode_array

        arrays = {
            name.removeprefix(_BY_REGISTER): decode_array(each)
            for name, each in by_register.items()
        }
        fields["register_memory"] = arrays
    if not isinstance(sent, Mapping):
        return fields | {"_memory": plain if sent is None else sent}
    from quantumtask.client.results.array_codec import decode_array

    return fields | {"bits": decode_array(sent)}
