"""Parameters of a stored job of the sampler or the estimator, as they were sent."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

from quantumtask.doors.ibm.npy import encode_npy
from quantumtask.doors.ibm.stored_job import StoredJob
from quantumtask.shared.output_kinds import ALL_PARAMETERS
from quantumtask.shared.task import Task

OtherItems = Callable[[Task], list[Any]]
"""Function that returns the items of a PUB after its circuit, but for the values: `VALUES`."""

VALUES = object()
"""The place of the values of parameters among the items of a PUB."""


async def render_params(
    job: StoredJob, items: OtherItems, fields: Mapping[str, Any]
) -> AsyncIterator[bytes]:
    """Yield the parameters of a job.

    Args:
        job: The job.
        items: Returns the items of a PUB.
        fields: The parameters beside the PUBs.
    """
    yield b'{"pubs": ['
    for number, task in enumerate(await job.tasks()):
        yield b", [" if number else b"["
        async with job.open_circuit(task) as text:
            yield _circuit(task, text)
        for item in items(task):
            yield b", "
            if item is VALUES:
                for piece in _values(task):
                    yield piece
            else:
                yield json.dumps(item).encode()
        yield b"]"
    yield b"], " + json.dumps(fields).encode()[1:]


def task_options(task: Task) -> dict[str, Any]:
    """Return the options of a task."""
    options: dict[str, Any] = json.loads(task.options or "{}")
    return options


def _circuit(task: Task, text: bytes) -> bytes:
    encoded = json.dumps(text.decode()).encode()
    if "circuit_format" not in task_options(task):
        return encoded
    return b'{"__type__": "QuantumCircuit", "__value__": ' + encoded + b"}"


def _values(task: Task) -> Iterator[bytes]:
    values = json.loads(task.parameters or "{}")
    sent = values.get(ALL_PARAMETERS, values or [])
    if isinstance(sent, dict) and ALL_PARAMETERS in values:
        yield from encode_npy(sent)
    else:
        yield json.dumps(sent).encode()
