"""What a job is made of, so that its result can be put together: here, or in another process."""

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, groupby
from typing import Any

import numpy as np

from quantumtask.client.arrays import Array
from quantumtask.client.qiskit.service import Json

LARGEST = 15 * 1024
"""Bytes of its JSON that are kept with a task or a batch, less some for what is beside it."""
VERSION = 1
RUN, SAMPLER, ESTIMATOR = "run", "sampler", "estimator"


@dataclass(frozen=True)
class Draft:
    """A task of a job: its body, and the elements of the job that come of it.

    Elements are the points of all parts of a job, in their order. `skip`: how many shots of the
    same elements come of tasks before it.
    """

    body: Json
    elements: Array
    skip: int = 0


@dataclass(frozen=True)
class Record:
    """A job: what it is of, and which elements come of each of its tasks.

    `parts` describes each circuit or PUB; `size` of a part is how many elements it has.
    """

    kind: str
    """RUN, SAMPLER or ESTIMATOR."""
    backend: str
    parts: Sequence[Json]
    tasks: Sequence[tuple[Array, int]] = field(default=())

    @cached_property
    def ends(self) -> Array:
        """Where the elements of each part end."""
        return np.array(list(accumulate([part["size"] for part in self.parts])), np.int64)

    def text(self, *, bare: bool = False) -> str:
        """The record as JSON, without metadata that JSON cannot hold; `bare`: without any."""
        plain = [_bare(part) if bare else _plain(part) for part in self.parts]
        parts = [(len(list(same)), part) for part, same in groupby(plain)]
        tasks = [(_ranges(elements), skip) for elements, skip in self.tasks]
        head = {"version": VERSION, "kind": self.kind, "backend": self.backend}
        return json.dumps({**head, "parts": parts, "tasks": tasks}, separators=(",", ":"))

    def metadata(self) -> Json:
        """What is kept of it with its task or its batch: packed, if it is large.

        Where it is too large even so, the metadata of circuits are left out, then all but its kind.
        """
        head = {"version": VERSION, "kind": self.kind, "backend": self.backend}
        for bare in (False, True):
            text = self.text(bare=bare)
            if len(text) <= LARGEST:
                return dict(json.loads(text))
            packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
            if len(packed) <= LARGEST:
                return {**head, "packed": packed}
        return head


def record_of(entry: Json) -> Record | None:
    """The record that was kept; None where it was too large for that."""
    if "packed" in entry:
        entry = json.loads(zlib.decompress(base64.b64decode(entry["packed"])))
    if "parts" not in entry or entry.get("version") != VERSION:
        return None
    parts = [part for count, part in entry["parts"] for _ in range(count)]
    tasks = [(_of_ranges(ranges), skip) for ranges, skip in entry["tasks"]]
    return Record(entry["kind"], entry["backend"], parts, tasks)


def _plain(part: Json) -> Json:
    """A part as JSON can hold it."""
    if not part["metadata"]:
        return part
    try:
        json.dumps(part["metadata"], allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return _bare(part)
    return part


def _bare(part: Json) -> Json:
    return {**part, "metadata": None}


def _ranges(elements: Array) -> list[list[int]]:
    """Neighbours as `[first, count, step]`."""
    if len(elements) == 1:  # as nearly always; NumPy is slow for so little
        return [[int(elements[0]), 1, 1]]
    steps = np.diff(elements)
    if len(steps) and (steps == steps[0]).all():
        return [[int(elements[0]), len(elements), int(steps[0])]]
    runs = np.split(elements, np.flatnonzero(steps != 1) + 1)
    return [[int(run[0]), len(run), 1] for run in runs if len(run)]


def _of_ranges(ranges: Sequence[Sequence[int]]) -> Array:
    runs: list[Any] = [first + step * np.arange(count) for first, count, step in ranges]
    return np.concatenate(runs) if runs else np.zeros(0, np.int64)
