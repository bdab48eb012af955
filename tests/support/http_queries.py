"""Tasks with sweeps and options over HTTP, with the arrays of their results as NumPy arrays."""

import base64
from typing import Any

import numpy as np

from tests.support.services import Service

ENCODED = "application/vnd.quantumtask+json"


def encode_array(array: Any) -> dict[str, Any]:
    """Encode an array as a client sends it."""
    array = np.asarray(array)
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}


def decode_array(array: dict[str, Any]) -> Any:
    """Decode an array of an answer."""
    kind = np.dtype(array["dtype"]).newbyteorder("<")
    return np.frombuffer(base64.b64decode(array["data"]), dtype=kind).reshape(array["shape"])


def run_circuit(service: Service, circuit: str, **body: Any) -> dict[str, Any]:
    """Run a task and return its whole result. The test fails if the task does not complete."""
    task = service.run(circuit, **body)
    assert task["status"] == "completed", task["error"]
    answer = service.http.get(task["result_url"], headers={"accept": ENCODED})
    assert answer.status_code == 200, answer.text
    result = {**task, **answer.json()}
    arrays = result.get("data") or {}
    return {**result, "data": {name: decode_array(array) for name, array in arrays.items()}}


def circuit_error(service: Service, circuit: str, **body: Any) -> tuple[str, str]:
    """Return code and text of the error of a task that is refused, or that fails."""
    answer = service.http.post("/tasks", json={"circuit": circuit, **body})
    if answer.status_code != 200:
        return answer.json()["code"], answer.json()["detail"]
    task = service.finished(answer.json()["task_id"])
    assert task["status"] == "failed", task
    return task["error_code"], task["error"]
