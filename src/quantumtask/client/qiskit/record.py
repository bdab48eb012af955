"""Record of a job, from which any process can build its result."""

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, groupby
from typing import Any

import numpy as np

from quantumtask.client.connection import Json
from quantumtask.client.results.array_codec import Array

MAX_RECORD_BYTES = 15 * 1024
"""Largest record in the metadata of a task or a batch, in bytes, with room for other fields."""
VERSION = 1
RUN, SAMPLER, ESTIMATOR = "run", "sampler", "estimator"


@dataclass(frozen=True)
class Draft:
    """Task of a job before it is sent: its body, and the elements of the job that it computes.

    Elements are the points of all parts of a job, in order.

    Attributes:
        skip: Number of shots of the same elements in earlier tasks.
    """

    body: Json
    elements: Array
    skip: int = 0


@dataclass(frozen=True)
class Record:
    """Parts of a job, and the elements that each of its tasks computes.

    Attributes:
        parts: Description of each circuit or PUB; `size` of a part is its number of elements.
    """

    kind: str
    """RUN, SAMPLER or ESTIMATOR."""
    backend: str
    parts: Sequence[Json]
    tasks: Sequence[tuple[Array, int]] = field(default=())

    @cached_property
    def ends(self) -> Array:
        """Index after the last element of each part."""
        return np.array(list(accumulate([part["size"] for part in self.parts])), np.int64)

    def text(self, *, bare: bool = False) -> str:
        """Return the record as JSON, without metadata that JSON cannot hold.

        Args:
            bare: Leave out all metadata.
        """
        plain = [_bare(part) if bare else _plain(part) for part in self.parts]
        parts = [(len(list(same)), part) for part, same in groupby(plain)]
        tasks = [(_ranges(elements), skip) for elements, skip in self.tasks]
        head = {"version": VERSION, "kind": self.kind, "backend": self.backend}
        return json.dumps({**head, "parts": parts, "tasks": tasks}, separators=(",", ":"))

    def metadata(self) -> Json:
        """Return the record as metadata of a task or a batch, compressed if it is large.

        A record that is still too large loses the metadata of circuits, and then everything but its
        kind.
        """
        head = {"version": VERSION, "kind": self.kind, "backend": self.backend}
        for bare in (False, True):
            text = self.text(bare=bare)
            if len(text) <= MAX_RECORD_BYTES:
                return dict(json.loads(text))
            packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
            if len(packed) <= MAX_RECORD_BYTES:
                return {**head, "packed": packed}
        return head


def parse_record(entry: Json) -> Record | None:
    """Return the record in the metadata of a job; None if the record was too large to store."""
    if "packed" in entry:
        entry = json.loads(zlib.decompress(base64.b64decode(entry["packed"])))
    if "parts" not in entry or entry.get("version") != VERSION:
        return None
    parts = [part for count, part in entry["parts"] for _ in range(count)]
    tasks = [(_expand_ranges(ranges), skip) for ranges, skip in entry["tasks"]]
    return Record(entry["kind"], entry["backend"], parts, tasks)


def _plain(part: Json) -> Json:
    """Return a part without metadata that JSON cannot hold."""
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
    """Return runs of elements as `[first, count, step]`."""
    if len(elements) == 1:  # the common case; NumPy is slow for one element
        return [[int(elements[0]), 1, 1]]
    steps = np.diff(elements)
    if len(steps) and (steps == steps[0]).all():
        return [[int(elements[0]), len(elements), int(steps[0])]]
    runs = np.split(elements, np.flatnonzero(steps != 1) + 1)
    return [[int(run[0]), len(run), 1] for run in runs if len(run)]


def _expand_ranges(ranges: Sequence[Sequence[int]]) -> Array:
    runs: list[Any] = [first + step * np.arange(count) for first, count, step in ranges]
    return np.concatenate(runs) if runs else np.zeros(0, np.int64)
