"""The models in the OpenAPI document describe all that the routes return, and nothing else.

The shared services of the tests compare each response with its model
(`tests/support/response_models.py`); here, each route returns each kind of response once.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from quantumtask.api.routes import batches, circuit, results, tasks
from quantumtask.api.routes import service as service_routes
from quantumtask.api.schemas.responses import TaskSummary, TaskView
from quantumtask.shared.task import TaskState
from tests.support.http_queries import ENCODED
from tests.support.response_models import JSON_TYPES, check_response, check_value, find_route
from tests.support.services import BELL, ENDLESS, Service
from tests.support.sizes import sized

ROTATION = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float t;\noutput bit c;\nqubit q;\n'
    "rx(t) q;\nc = measure q;\n"
)
TASKS: dict[str, dict[str, Any]] = {
    "plain": {"circuit": BELL, "name": "a", "tags": ["t"], "owner": "o", "metadata": {"k": [1]}},
    "memory": {"circuit": BELL, "memory": True, "shots": 4},
    "outputs": {"circuit": ROTATION, "parameters": {"t": 0.3}, "shots": 4, "memory": True},
    "sweep": {"circuit": ROTATION, "parameters": {"t": [0.1, 0.2]}, "shots": 4, "memory": True},
    "large sweep": {
        "circuit": ROTATION,
        "parameters": {"t": [0.1] * sized(1000, 3000)},
        "shots": 2,
    },
    "observables": {"circuit": BELL, "observables": ["ZZ", [["XX", 0.5]]], "precision": 0.1},
    "arrays": {
        "circuit": BELL,
        "return": ["counts", "memory", "probabilities", "statevector", "unitary"],
        "shots": 4,
    },
    "noise": {"circuit": BELL, "noise": {"depolarizing": {"one_qubit": 0.1}}, "shots": 4},
    "no qubits": {"circuit": "OPENQASM 3.0; bit c;"},
    "syntax error": {"circuit": "INVALID"},
    "other failure": {"circuit": BELL, "engine": "stim", "observables": "ZZ"},
}


class ResultLine(TaskView):
    """A line of `GET /batches/{id}/results`."""

    offset: int


class Event(BaseModel):
    """The data of a server-sent event about a task."""

    task_id: str
    item: int | None = None
    state: TaskState
    status: str
    at: str
    attempt: int
    move: str


def json_routes() -> set[tuple[str, str]]:
    routers = (tasks, results, circuit, batches, service_routes)
    return {
        (method, route.path)
        for module in routers
        for route in module.router.routes
        for method in route.methods
        if route.include_in_schema and "model" in route.responses.get(200, {})
    }


def documented(service: Service) -> Iterator[tuple[str, str]]:
    """Send each kind of request and yield the routes that returned JSON."""

    def send(method: str, path: str, **more: Any) -> Any:
        response = service.http.request(method, path, **more)
        check_response(response)
        kinds.append((method, path, response))
        return response

    kinds: list[tuple[str, str, Any]] = []
    for body in TASKS.values():
        task = send("POST", "/tasks", params={"wait": 30}, json=body).json()
        assert task["status"] in ("completed", "failed"), task
        path = f"/tasks/{task['task_id']}"
        send("GET", path)
        send("GET", path, headers={"accept": ENCODED})
        send("GET", path, params={"view": "status"})
        send("GET", f"{path}/result")
        send("GET", f"{path}/request")
        send("POST", "/validate", json={"circuit": body["circuit"]})
        send("POST", "/estimate", json={"circuit": body["circuit"]})
    send("POST", "/tasks", params={"wait": 30, "view": "status"}, json={"circuit": BELL})
    send("POST", "/tasks", params={"strict": "true"}, json={"circuit": "INVALID"})
    for task_id in [service.submit(ENDLESS, priority=-10) for _ in range(4)]:
        send("GET", f"/tasks/{task_id}")
        send("GET", f"/tasks/{task_id}", params={"view": "status"})
        send("GET", "/queue")
        send("POST", f"/tasks/{task_id}/cancel")
    batch = send("POST", "/batches", json={"tasks": [*TASKS.values()], "metadata": {"k": 1}})
    path = f"/batches/{batch.json()['batch_id']}"
    send("GET", path, params={"wait": 30})
    send("POST", f"{path}/cancel")
    send("GET", "/tasks", params={"limit": 100})
    send("GET", "/batches", params={"limit": 1})
    for name in (
        "/engines",
        "/backends",
        "/backends/simulator",
        "/queue",
        "/principal",
        "/login",
        "/health",
        "/ready",
        "/service",
        "/usage",
    ):
        send("GET", name)
    for method, sent_path, response in kinds:
        if response.status_code == 200 and response.headers["content-type"] in JSON_TYPES:
            yield method, find_route(method, sent_path).path


def test_every_route_returns_what_its_model_says(service: Service) -> None:
    assert set(documented(service)) == json_routes()


def test_every_line_and_event_of_a_batch_is_what_the_models_say(service: Service) -> None:
    batch = service.http.post("/batches", json={"tasks": [*TASKS.values()]}).json()["batch_id"]
    lines = service.http.get(f"/batches/{batch}/results").text.splitlines()
    assert len(lines) == len(TASKS)
    for line in lines:
        check_value(ResultLine, json.loads(line))
    events = service.http.get(f"/batches/{batch}/events").text.split("\n\n")
    data = [json.loads(event.partition("data: ")[2]) for event in events if event]
    assert len(data) == 3 * len(TASKS) + 1
    for event in data[:-1]:
        check_value(Event, event)
    assert data[-1] == {"batch_id": batch}


def test_a_field_that_is_missing_or_not_in_the_model_is_noticed(service: Service) -> None:
    task = service.run()
    with pytest.raises(AssertionError, match="does not describe"):
        check_value(TaskView, {**task, "surprise": 1})
    with pytest.raises(AssertionError, match="does not describe"):
        check_value(TaskSummary, task)
    with pytest.raises(ValidationError, match="history"):
        check_value(TaskView, {name: value for name, value in task.items() if name != "history"})
