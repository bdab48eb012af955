"""Tapes as tasks: equal programs are one sweep, and all tasks are one request."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

import numpy as np

from quantumtask.client.batch import Batch
from quantumtask.client.connection import Connection, Json
from quantumtask.client.pennylane.outputs import TapeAnswer, TapeOutput, tape_answers
from quantumtask.client.pennylane.program import Array, TapeProgram, write_text
from quantumtask.client.results.array_codec import encode_array
from quantumtask.client.results.decode import result_from_json
from quantumtask.client.results.result import Result
from quantumtask.client.task import ACCEPTED, LONG_POLL_S, Task, fetch_result

MAX_SHOTS = 1_000_000
"""Largest number of shots of a task; more shots are several tasks."""

MAX_TASKS = 1_000
"""Largest number of tasks of a request."""


@dataclass(frozen=True, eq=False)
class TapeJob:
    """One tape: its program and its outputs."""

    program: TapeProgram
    output: TapeOutput


@dataclass(frozen=True, eq=False)
class TapeGroup:
    """Tapes with equal programs and outputs, which are one sweep.

    Attributes:
        numbers: Positions of the tapes in the batch.
    """

    numbers: Sequence[int]
    jobs: Sequence[TapeJob]

    @property
    def sizes(self) -> list[int]:
        """Number of elements of each tape."""
        return [job.program.size for job in self.jobs]

    def bodies(self, seeds: Iterator[int | None], options: Mapping[str, Any]) -> list[Json]:
        """Return the tasks: one, or several if there are too many shots for one."""
        program, output = self.jobs[0].program, self.jobs[0].output
        table, inputs = self._table, self.inputs
        text = write_text(program, table[:, 0], frozenset(inputs))
        body = {**options, "circuit": text, **output.fields()}
        if inputs:
            body["parameters"] = {f"p{k}": _encode(table[k]) for k in inputs}
        if output.shots is None:
            return [body]
        full, rest = divmod(output.shots, MAX_SHOTS)
        parts = [MAX_SHOTS] * full + ([rest] if rest else [])
        seeded = [{**body, "shots": shots, "seed": next(seeds)} for shots in parts]
        return [{name: each[name] for name in each if each[name] is not None} for each in seeded]

    @cached_property
    def _table(self) -> Array:
        """The values of all elements: float64 [arguments, elements]."""
        return np.hstack([job.program.table for job in self.jobs])

    @cached_property
    def inputs(self) -> list[int]:
        """Numbers of the arguments that are inputs: those that vary or are differentiated.

        All others are numbers in the text.
        """
        differentiated = set(self.jobs[0].output.differentiated)
        if self._table.shape[1] == 1:
            return sorted(differentiated)
        varying = np.flatnonzero(np.any(self._table != self._table[:, :1], axis=1)).tolist()
        return sorted(differentiated.union(varying)) or [0]


def group_jobs(jobs: Sequence[TapeJob]) -> list[TapeGroup]:
    """Group the jobs that can be one sweep; programs without arguments stay separate."""
    groups: dict[Any, list[int]] = {}
    for number, job in enumerate(jobs):
        alone = () if job.program.values else (number,)
        key = (job.program.key, type(job.output).__name__, job.output.key, alone)
        groups.setdefault(key, []).append(number)
    return [TapeGroup(group, [jobs[k] for k in group]) for group in groups.values()]


def run_jobs(
    connection: Connection,
    jobs: Sequence[TapeJob],
    seeds: Iterator[int | None],
    options: Mapping[str, Any],
    timeout: float | None,
) -> list[TapeAnswer]:
    """Run jobs and return their answers, in one request for up to 1,000 tasks.

    Args:
        seeds: Seeds of the tasks.
        options: Fields of all tasks.
        timeout: Seconds to wait for the results; None: for ever.

    Raises:
        ClientError: The service refused a task, or a task failed.
        TimeoutError: The tasks have not ended in time.
    """
    groups = group_jobs(jobs)
    bodies = [group.bodies(seeds, options) for group in groups]
    results = iter(_run_tasks(connection, [each for part in bodies for each in part], timeout))
    answers: dict[int, TapeAnswer] = {}
    for group, part in zip(groups, bodies, strict=True):
        arguments = len(group.jobs[0].program.values)
        parts = [tape_answers(next(results), group.sizes, group.inputs, arguments) for _ in part]
        for number, pieces in zip(group.numbers, zip(*parts, strict=True), strict=True):
            answers[number] = _join_shots(pieces)
    return [answers[number] for number in range(len(jobs))]


def _encode(values: Array) -> Any:
    """Return a single value as a number, and an array as its bytes."""
    return float(values[0]) if len(values) == 1 else encode_array(values)


def _join_shots(pieces: Sequence[TapeAnswer]) -> TapeAnswer:
    if len(pieces) == 1:
        return pieces[0]
    bits: list[Array] = [each.bits for each in pieces if each.bits is not None]
    return TapeAnswer(bits=np.concatenate(bits, axis=1))


def _run_tasks(
    connection: Connection, bodies: Sequence[Json], timeout: float | None
) -> Iterator[Result]:
    for start in range(0, len(bodies), MAX_TASKS):
        part = bodies[start : start + MAX_TASKS]
        if len(part) == 1:
            yield _run_task(connection, part[0], timeout)
        else:
            answer = connection.json("POST", "/batches", json={"tasks": part}, headers=_key())
            yield from Batch(connection, answer, progress=False).results(timeout)


def _run_task(connection: Connection, body: Json, timeout: float | None) -> Result:
    """Run a task in one request, unless it takes longer than a long poll."""
    wait = LONG_POLL_S if timeout is None else min(LONG_POLL_S, timeout)
    answer = connection.json(
        "POST",
        "/tasks",
        json=body,
        params={"wait": f"{wait:g}"},
        headers={"Accept": ACCEPTED, **_key()},
        timeout=wait + connection.timeout,
    )
    if answer["status"] in ("completed", "failed", "cancelled"):
        return result_from_json(fetch_result(connection, answer))
    return Task(connection, answer, progress=False).result(timeout)


def _key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}
