"""The primitive `executor`: runs quantum programs, also those with samplexes."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from math import prod
from typing import Any

from quantumtask.api.serialization.array_json import StoredArray, read_arrays
from quantumtask.api.serialization.result_readers import DATA
from quantumtask.api.serialization.task_json import ResultTexts, format_time
from quantumtask.doors.ibm.bit_packing import pack_rows
from quantumtask.doors.ibm.job_plan import JobContext, JobPlan
from quantumtask.doors.ibm.program_tasks import (
    StoredItem,
    plan_tasks,
    remaining_params,
    restore_params,
)
from quantumtask.doors.ibm.quantum_program import SCHEMA_VERSION
from quantumtask.doors.ibm.stored_job import StoredJob
from quantumtask.doors.ibm.tensors import BOOL, tensor_pieces
from quantumtask.shared.task import Task

_MEMORY = "memory."
"""The first letters of the names of arrays with the bits of a register."""


class ProgramExecutor:
    """The primitive `executor`: one task for each item of a quantum program."""

    def plan_job(self, params: dict[str, Any], context: JobContext) -> JobPlan:
        """Return a task for each item; see `JobPrimitive`."""
        return plan_tasks(params, context)

    async def render_params(self, job: StoredJob) -> AsyncIterator[bytes]:
        """Yield the parameters as they were submitted; see `JobPrimitive`."""
        async with AsyncExitStack() as stack:
            stored = []
            for task in await job.tasks():
                circuit = await stack.enter_async_context(job.open_circuit(task))
                stored.append(_stored_item(task, circuit.decode()))
            async for chunk in job.render(_params_pieces(stored)):
                yield chunk

    async def render_results(self, job: StoredJob) -> AsyncIterator[bytes]:
        """Yield the results of all items; see `JobPrimitive`."""
        tasks = await job.tasks()
        yield b'{"schema_version": "' + SCHEMA_VERSION.encode() + b'", "data": ['
        for number, task in enumerate(tasks):
            yield b', {"results": ' if number else b'{"results": '
            async with job.open_result(task) as texts:
                async for chunk in job.render(_item_pieces(task, texts)):
                    yield chunk
            yield b', "metadata": {}}'
        params = remaining_params(_stored_item(tasks[0], ""))
        program = params["quantum_program"]
        tail = {
            "metadata": {"chunk_timing": [_chunk(task, k) for k, task in enumerate(tasks)]},
            "passthrough_data": program.get("passthrough_data"),
            "semantic_role": program.get("semantic_role"),
        }
        yield b"], " + json.dumps(tail).encode()[1:]


def _stored_item(task: Task, circuit: str) -> StoredItem:
    return StoredItem(
        circuit, json.loads(task.options or "{}"), json.loads(task.parameters or "{}")
    )


def _params_pieces(stored: list[StoredItem]) -> Iterator[bytes]:
    yield json.dumps(restore_params(stored)).encode()


def _item_pieces(task: Task, texts: ResultTexts) -> Iterator[bytes]:
    """Yield the arrays of an item as tensors by name."""
    assert task.result
    bits, separator = dict(task.result.registers or ()), b"{"
    for array in read_arrays(piece for field, piece in texts if field == DATA):
        name = array.name.removeprefix(_MEMORY)
        yield separator + json.dumps(name).encode() + b": "
        size = bits[name] if name != array.name else None
        yield from _tensor(array, size)
        separator = b", "
    yield b"{}" if separator == b"{" else b"}"


def _tensor(array: StoredArray, bits: int | None) -> Iterator[bytes]:
    """Yield an array as a tensor; with `bits`, it has a row of bytes for so many bits."""
    if bits is not None:
        *shape, width = array.shape
        raw = pack_rows(array.raw, width, bits)
        return tensor_pieces(BOOL, [*shape, bits], raw)
    raw = pack_rows(array.raw, 1, 1) if array.dtype == BOOL else array.raw
    return tensor_pieces(array.dtype, array.shape, raw)


def _chunk(task: Task, number: int) -> dict[str, Any]:
    """Return the time in which a task ran an item."""
    assert task.result
    shape = task.result.shape or ()
    part = {
        "idx_item": number,
        "size": prod(shape),
        "permutation": list(range(len(shape))),
        "element_range": [0, prod(shape), 1],
    }
    return {
        "start": format_time(task.started_at),
        "stop": format_time(task.finished_at),
        "parts": [part],
    }
