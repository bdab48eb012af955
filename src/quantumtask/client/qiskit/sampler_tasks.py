"""Sampled tasks: split by the limits of points and shots of one task, and joined again."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from quantumtask.client.qiskit.programs import Program
from quantumtask.client.qiskit.record import Draft, Record
from quantumtask.client.qiskit.service import Json
from quantumtask.client.results.array_codec import Array, decoded
from quantumtask.client.results.array_codec import packed as packed_texts

MOST_POINTS = 100_000
MOST_SHOTS = 1_000_000
"""Most elements of a sweep, and most shots, of one task."""
LARGEST_VALUES = 6 * 1024 * 1024
LARGEST_RESULT = 24 * 1024 * 1024
"""Most bytes of JSON; the service accepts 8 MiB of parameters and 32 MiB of a result."""
LARGEST_TEXTS = 1024 * 1024
"""Most bytes of bit strings; above, the task is a sweep, whose bits are packed."""
MOST_SEEDS = 2**63


class SampleReturns(NamedTuple):
    """Returns of a sampled task: the bits of each shot, their counts, or both."""

    counts: bool
    memory: bool

    @property
    def fields(self) -> Json:
        if not self.counts:
            return {"return": ["memory"]}
        return {"memory": True} if self.memory else {}


def drafts(programs: Iterable[Program], shots: int, returns: SampleReturns) -> list[list[Draft]]:
    """The tasks of each program, in the order of their shots."""
    return [list(_drafts(program, shots, returns)) for program in programs]


def _drafts(program: Program, shots: int, returns: SampleReturns) -> Iterator[Draft]:
    bits = program.circuit.num_clbits
    a_shot = max(1, -(-bits // 8) * 4 // 3 + 1) if returns.memory else 1
    chunk = max(1, min(shots, MOST_SHOTS, LARGEST_RESULT // a_shot))
    counts = (bits + 16) * min(chunk, 2 ** min(bits, 40)) if returns.counts else 0
    memory = a_shot * chunk if returns.memory else 0
    most = min(
        MOST_POINTS,
        LARGEST_VALUES // (11 * max(1, len(program.inputs))),
        max(1, LARGEST_RESULT // max(1, counts + memory)),
    )
    swept = returns.memory and (bits + 3) * chunk > LARGEST_TEXTS
    for skip in range(0, max(shots, 1), chunk):
        for piece in program.split(most):
            body = piece.body(swept=swept)
            taken = min(chunk, shots - skip)
            yield Draft({**body, "shots": taken, **returns.fields}, piece.elements, skip)


def in_order(groups: Sequence[Sequence[Draft]], seed: int | None) -> list[Draft]:
    """The tasks of all programs, the k-th with `seed` + k.

    The first tasks of all programs come first, so that the n-th program begins with `seed` + n.
    """
    ordered: list[Draft] = []
    for row in range(max(map(len, groups), default=0)):
        ordered += [group[row] for group in groups if row < len(group)]
    if seed is None:
        return ordered
    return [
        Draft({**each.body, "seed": (seed + k) % MOST_SEEDS}, each.elements, each.skip)
        for k, each in enumerate(ordered)
    ]


def memory_of(answer: Json) -> Array:
    """The shots of each element as bytes: uint8 [elements, shots, bytes]."""
    told = (answer.get("data") or {}).get("memory")
    memory = packed_texts(answer["memory"]) if told is None else decoded(told)
    return memory.reshape(math.prod(memory.shape[:-2]), *memory.shape[-2:])


def joined_memory(
    record: Record, answers: Sequence[Json], shots: Callable[[int], int]
) -> list[Array]:
    """The memory of each part of a job: uint8 [size, shots, bytes]; `shots` counts by part."""
    found: list[Array | None] = [None] * len(record.parts)
    for (elements, skip), answer in zip(record.tasks, answers, strict=True):
        memory = memory_of(answer)
        for number, rows, places in by_part(record, elements):
            part = found[number]
            if part is None:
                size = record.parts[number]["size"]
                part = np.zeros((size, shots(number), memory.shape[-1]), np.uint8)
                found[number] = part
            part[places, skip : skip + memory.shape[1]] = memory[rows]
    return [
        np.zeros((0, shots(number), 0), np.uint8) if part is None else part
        for number, part in enumerate(found)
    ]


def by_part(record: Record, elements: Array) -> Iterator[tuple[int, slice, Array]]:
    """For each part of a task: its number, the rows of the task, and the indices in the part."""
    ends = record.ends
    numbers = np.searchsorted(ends, elements, side="right")
    edges = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(elements)]
    for start, end in pairwise(edges):
        number = int(numbers[start])
        first = int(ends[number]) - record.parts[number]["size"]
        yield number, slice(start, end), elements[start:end] - first
