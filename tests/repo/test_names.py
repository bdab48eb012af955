"""A public name has one meaning in the whole source."""

from collections import defaultdict
from pathlib import Path

import pytest

from tests.support.source_files import SOURCE, source_files

pytestmark = pytest.mark.xdist_group("source")

ONE_MEANING = {
    # The nouns of the service; each room has its view of the same thing.
    "Batch": "tasks that one request submits",
    "CircuitError": "a circuit that is wrong",
    "Problem": "a problem of a circuit, with its place",
    "Result": "the result of a task",
    "Task": "a circuit that was submitted, with its state",
    "TaskCancelled": "a task that was cancelled",
    "NoiseOption": "the option `noise` of a task",
    "ErrorStep": "a step of a quantum error of a noise model",
    "BELL": "the circuit of a Bell pair",
    "Call": "the name of a gate and its arguments",
    "CALLS": "the names of gates by their classes in a library",
    "call": "return the call of an operation",
    # The calls of the service: a route, its command in the terminal, and the view of its answer.
    "backends": "list the backends",
    "draw": "draw a circuit",
    "Drawing": "a circuit as a picture",
    "engines": "list the engines",
    "estimate": "estimate a task",
    "list_tasks": "list the tasks",
    "queue": "show the queue",
    "submit": "submit a circuit",
    "validate": "validate a circuit",
    # Entry points and tools of each process.
    "create_app": "build the ASGI application of a process",
    "main": "the entry point of a process",
    "serve": "run a process until it is told to stop",
    "log": "the logger of a module",
    "REGISTRY": "the Prometheus registry of a process",
    "render_metrics": "render the metrics of a process",
    "Json": "a JSON object",
    "encode_array": "encode an array as JSON",
    "decode_array": "decode an array from JSON",
    # Limits that two rooms have to agree on.
    "BRANCH_TOLERANCE": "distance from -1 at which an eigenvalue counts as -1",
    "MAX_CACHED_OPERATIONS": "operations that one cache holds",
    "MAX_CONTROLS": "controls of one gate call",
    "MAX_ERROR_QUBITS": "qubits of one quantum error",
    "MAX_MATRIX_QUBITS": "qubits of an operation that is decomposed from its matrix",
    "MAX_ROOT_QUBITS": "qubits of a gate with a fractional power",
    "MAX_SEED": "the largest seed",
}
"""Names that two rooms share, each with its one meaning. Every other name is in one room."""


def test_a_public_name_of_two_rooms_has_one_meaning() -> None:
    rooms: dict[str, set[str]] = defaultdict(set)
    for file in source_files(SOURCE):
        room = Path(file.path).relative_to("src/quantumtask").parts[0]
        for name in file.public:
            rooms[name].add(room)
    assert {name for name, places in rooms.items() if len(places) > 1} == set(ONE_MEANING)
