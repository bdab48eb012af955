"""What a running service answers to sweeps and options, as arrays."""

import base64
from typing import Any

import numpy as np

from tests.support.services import Service

ENCODED = "application/vnd.quantumtask+json"


def encoded(array: Any) -> dict[str, Any]:
    """An array as a client sends it."""
    array = np.asarray(array)
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}


def decoded(array: dict[str, Any]) -> Any:
    """An array as a client gets it."""
    kind = np.dtype(array["dtype"]).newbyteorder("<")
    return np.frombuffer(base64.b64decode(array["data"]), dtype=kind).reshape(array["shape"])


def ask(service: Service, circuit: str, **body: Any) -> dict[str, Any]:
    """The whole result of a task, with its arrays as arrays. Fails where it fails."""
    task = service.run(circuit, **body)
    assert task["status"] == "completed", task["error"]
    answer = service.http.get(task["result_url"], headers={"accept": ENCODED})
    assert answer.status_code == 200, answer.text
    found = {**task, **answer.json()}
    arrays = found.get("data") or {}
    return {**found, "data": {name: decoded(array) for name, array in arrays.items()}}


def refusal(service: Service, circuit: str, **body: Any) -> tuple[str, str]:
    """The code and the text of why a task fails, or is not taken."""
    answer = service.http.post("/tasks", json={"circuit": circuit, **body})
    if answer.status_code != 200:
        return answer.json()["code"], answer.json()["detail"]
    task = service.finished(answer.json()["task_id"])
    assert task["status"] == "failed", task
    return task["error_code"], task["error"]
