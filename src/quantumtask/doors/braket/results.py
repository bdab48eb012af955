"""`results.json` of a task, in the schema of Braket's results, which clients read from S3."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any

from fastapi import Request, Response

from quantumtask.api.http.query import find_client, get_scope, get_service
from quantumtask.api.http.streaming import LargeResponse
from quantumtask.api.serialization.result_readers import DATA, read_memory
from quantumtask.api.serialization.task_json import ResultTexts, format_time
from quantumtask.doors.braket.answers import JSON_TYPE
from quantumtask.doors.braket.arns import task_arn
from quantumtask.doors.braket.exact_values import exact_values
from quantumtask.doors.braket.planning import plan_program
from quantumtask.doors.braket.program_plan import ProgramPlan
from quantumtask.doors.braket.program_text import original_source
from quantumtask.doors.braket.sampled_values import ShotStatistics
from quantumtask.doors.braket.task_record import RESULTS_FILE, TaskRecord, read_record, read_task
from quantumtask.doors.braket.task_request import OPENQASM
from quantumtask.doors.braket.tasks import STATUSES
from quantumtask.doors.stored_jobs import JobNotFound
from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.task import Task, TaskState

_GROUP = 500


async def answer_results(request: Request) -> Response:
    """Return the result of a task, which its bucket has under the folder of the task."""
    bucket, key = request.path_params["bucket"], request.path_params["key"]
    task = await read_task(request, key.rpartition("/")[0].rpartition("/")[2])
    record = read_record(task)
    if (bucket, key) != (record.bucket, f"{record.directory(task)}/{RESULTS_FILE}"):
        raise JobNotFound
    if task.state is not TaskState.COMPLETED:
        raise JobNotFound
    return LargeResponse(request, _open(request, task, record), JSON_TYPE)


@asynccontextmanager
async def _open(
    request: Request, task: Task, record: TaskRecord
) -> AsyncIterator[AsyncIterator[bytes]]:
    answers, client = get_service(request).answers, find_client(request)
    async with answers.open_circuit(get_scope(request), task.id, client) as circuit:
        source = original_source(circuit.decode())
        async with answers.open_result(task, client) as texts:
            yield answers.render(_result(task, record, source, texts))


def _result(task: Task, record: TaskRecord, source: str, texts: ResultTexts) -> Iterator[bytes]:
    plan = plan_program(source, record.shots)
    yield json.dumps(_head(task, record, source))[:-1].encode()
    if record.shots:
        statistics = ShotStatistics(plan)
        yield b', "measuredQubits": ' + json.dumps([each.qubit for each in plan.bits()]).encode()
        yield b', "measurements": '
        yield from _measurements(_columns(task, plan), texts, statistics)
        values = statistics.values()
    else:
        qubits = list(range(plan.count))
        yield b', "measuredQubits": ' + json.dumps(qubits).encode()
        data = b"".join(piece for name, piece in texts if name == DATA)
        values = exact_values(plan, data)
    yield from _result_types(plan, values)
    yield b"}"


def _head(task: Task, record: TaskRecord, source: str) -> dict[str, Any]:
    assert task.result
    metadata = {
        "braketSchemaHeader": {"name": "braket.task_result.task_metadata", "version": "1"},
        "id": task_arn(task.id),
        "shots": record.shots,
        "deviceId": record.device,
        "createdAt": format_time(task.submitted_at),
        "endedAt": format_time(task.finished_at),
        "status": STATUSES[task.state],
    }
    action = {
        "braketSchemaHeader": {"name": OPENQASM, "version": "1"},
        "source": source,
        "inputs": json.loads(task.parameters or "{}"),
    }
    simulator = {
        "braketSchemaHeader": {"name": "braket.task_result.simulator_metadata", "version": "1"},
        "executionDuration": round(task.result.run_ms),
    }
    return {
        "braketSchemaHeader": {"name": "braket.task_result.gate_model_task_result", "version": "1"},
        "taskMetadata": metadata,
        "additionalMetadata": {"action": action, "simulatorMetadata": simulator},
    }


def _columns(task: Task, plan: ProgramPlan) -> list[int]:
    """Return the places of the bits of a result in the bits of all registers."""
    assert task.result
    first, offset = {}, 0
    for name, size in task.result.registers or ():
        first[name], offset = offset, offset + size
    missing = [each.register for each in plan.bits() if each.register not in first]
    if missing:
        raise InvalidRequest(
            f"action.source: the bits {missing[0]!r} are declared in a block; declare them outside"
        )
    return [first[each.register] + each.index for each in plan.bits()]


def _measurements(
    columns: list[int], texts: ResultTexts, statistics: ShotStatistics
) -> Iterator[bytes]:
    """Yield a list with the outcomes of each shot, and count them."""
    shots, separator = read_memory(texts), b"["
    rows: dict[str, str] = {}
    while group := list(islice(shots, _GROUP)):
        for bits in Counter(group):
            if bits not in rows:
                flat = "".join(part[::-1] for part in reversed(bits.split(" ")))
                rows[bits] = "".join(flat[column] for column in columns)
        outcomes = [rows[bits] for bits in group]
        statistics.add(outcomes)
        yield separator + ", ".join(f"[{', '.join(each)}]" for each in outcomes).encode()
        separator = b", "
    yield b"]"


def _result_types(plan: ProgramPlan, values: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    yield b', "resultTypes": ['
    separator = b""
    for result, pieces in zip(plan.results, values, strict=True):
        yield separator + b'{"type": ' + json.dumps(result.to_type()).encode() + b', "value": '
        yield from pieces
        yield b"}"
        separator = b", "
    yield b"]"
