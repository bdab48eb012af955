"""Results: probabilities, histograms, shots, and the registers of a program's shots.

Keys are whole numbers in decimal digits, whose lowest bit is qubit 0.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import islice
from typing import Any

from fastapi import Request, Response

from quantumtask.api.http.query import check_query_names, find_client, get_scope, get_service
from quantumtask.api.http.streaming import LargeResponse
from quantumtask.api.serialization.result_readers import read_counts, read_floats, read_memory
from quantumtask.api.serialization.task_json import ResultTexts
from quantumtask.doors.ionq.answers import JSON_TYPE
from quantumtask.doors.ionq.job_lookup import read_job
from quantumtask.doors.ionq.job_record import is_exact, read_record
from quantumtask.doors.ionq.job_view import COMPLETED, SHOTS_FORMAT, STATUS, batch_status
from quantumtask.doors.stored_jobs import JobNotFound
from quantumtask.shared.batch import Batch
from quantumtask.shared.errors import InvalidRequest, NotFound
from quantumtask.shared.output_kinds import PROBABILITIES
from quantumtask.shared.task import Task

MIN_PROBABILITY = 1e-15
"""Smallest probability of an answer: smaller ones are rounding errors of zero."""
_GROUP = 500

Renderer = Callable[[Task, ResultTexts], Iterator[bytes]]
"""Writes a result as JSON, in pieces."""


async def get_probabilities(request: Request) -> Response:
    """Return the probability of each possible outcome."""
    return await _respond(request, _probabilities)


async def get_histogram(request: Request) -> Response:
    """Return the number of shots of each outcome."""
    return await _respond(request, _histogram)


async def get_shots(request: Request) -> Response:
    """Return the outcome of each shot."""
    return await _respond(request, _shots)


async def get_artifact(request: Request) -> Response:
    """Return the registers of each shot of a program."""
    if request.path_params["artifact_id"] != SHOTS_FORMAT:
        raise JobNotFound
    return await _respond(request, _registers)


async def _respond(request: Request, render: Renderer) -> Response:
    _check_query(request)
    job = await read_job(request)
    if isinstance(job, Task):
        _check_result(job, STATUS[job.state], render)
        return LargeResponse(request, _of_task(request, job, render), JSON_TYPE)
    _check_result(job, batch_status(job), render)
    return LargeResponse(request, _of_batch(request, job, render), JSON_TYPE)


def _check_query(request: Request) -> None:
    """Refuse `sharpen`, which only results with debiasing have."""
    check_query_names(request.scope["query_string"], frozenset({"sharpen"}), frozenset())
    if request.query_params.get("sharpen", "false").lower() != "false":
        raise InvalidRequest("sharpen: no job has debiasing here; leave it out, or send false")


def _check_result(job: Task | Batch, status: str, render: Renderer) -> None:
    if status != COMPLETED:
        raise NotFound(f"the job is {status}, and has no results")
    is_program = read_record(job).is_program
    shots_of_batch = isinstance(job, Batch) and render is _shots
    no_shots = isinstance(job, Task) and render is _shots and _lacks_memory(job)
    if is_program is not (render is _registers) or shots_of_batch or no_shots:
        raise JobNotFound


def _lacks_memory(task: Task) -> bool:
    return task.result is not None and task.result.blob is None and task.result.memory is None


@asynccontextmanager
async def _of_task(
    request: Request, task: Task, render: Renderer
) -> AsyncIterator[AsyncIterator[bytes]]:
    service = get_service(request)
    async with service.answers.open_result(task, find_client(request)) as texts:
        yield service.answers.render(render(task, texts))


def _of_batch(
    request: Request, batch: Batch, render: Renderer
) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
    return _opened(_batch_chunks(request, batch, render))


@asynccontextmanager
async def _opened(chunks: AsyncIterator[bytes]) -> AsyncIterator[AsyncIterator[bytes]]:
    yield chunks


async def _batch_chunks(request: Request, batch: Batch, render: Renderer) -> AsyncIterator[bytes]:
    """Yield an object with the result of each task, in the order of the submission."""
    service, scope = get_service(request), get_scope(request)
    separator = b"{"
    for child in await service.batches.task_ids(scope, batch.id):
        yield separator + json.dumps(child).encode() + b": "
        async with _of_task(request, await service.get(scope, child), render) as chunks:
            async for chunk in chunks:
                yield chunk
        separator = b", "
    yield b"}"


def _probabilities(task: Task, texts: ResultTexts) -> Iterator[bytes]:
    if is_exact(task):
        values = enumerate(read_floats(texts, PROBABILITIES))
        return _object((str(key), p) for key, p in values if p > MIN_PROBABILITY)
    counts = read_counts(texts)
    return _object((str(_outcome(bits)), count / task.shots) for bits, count in counts)


def _histogram(_: Task, texts: ResultTexts) -> Iterator[bytes]:
    return _object((str(_outcome(bits)), count) for bits, count in read_counts(texts))


def _shots(_: Task, texts: ResultTexts) -> Iterator[bytes]:
    return _list(_outcome(bits) for bits in read_memory(texts))


def _outcome(bits: str) -> int:
    """Return an outcome as a number; a task of another client may have several registers."""
    return int(bits.replace(" ", "") or "0", 2)


def _registers(task: Task, texts: ResultTexts) -> Iterator[bytes]:
    """Yield the shots of a program; bit k of a register is the k-th of its list."""
    assert task.result
    names = [name for name, _ in task.result.registers or ()]
    yield b'{"shots": '
    yield from _list({"registers": _split(bits, names)} for bits in read_memory(texts))
    yield b"}"


def _split(bits: str, names: list[str]) -> dict[str, list[int]]:
    """Return the bits of each register of a shot, whose last register comes first."""
    parts = bits.split(" ")[::-1]
    return {
        name: [int(bit) for bit in reversed(part)] for name, part in zip(names, parts, strict=True)
    }


def _object(pairs: Iterable[tuple[str, Any]]) -> Iterator[bytes]:
    """Yield a JSON object in pieces."""
    return _joined(b"{", (json.dumps(dict(group))[1:-1].encode() for group in _groups(pairs)), b"}")


def _list(values: Iterable[Any]) -> Iterator[bytes]:
    """Yield a JSON array in pieces."""
    return _joined(b"[", (json.dumps(group)[1:-1].encode() for group in _groups(values)), b"]")


def _joined(begin: bytes, pieces: Iterable[bytes], end: bytes) -> Iterator[bytes]:
    separator = begin
    for piece in pieces:
        yield separator + piece
        separator = b", "
    yield begin + end if separator == begin else end


def _groups(values: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(values)
    while group := list(islice(iterator, _GROUP)):
        yield group
