"""Sampled tasks: split by the limits on points and shots of one task, and joined again."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from quantumtask.client.connection import Json
from quantumtask.client.qiskit.programs import SweepProgram
from quantumtask.client.qiskit.record import Draft, Record
from quantumtask.client.results.array_codec import Array, decode_array, pack

MAX_POINTS = 100_000
MAX_SHOTS = 1_000_000
"""Largest number of elements of a sweep, and of shots, of one task."""
MAX_VALUE_BYTES = 6 * 1024 * 1024
MAX_RESULT_BYTES = 24 * 1024 * 1024
"""Largest JSON, in bytes; the service accepts 8 MiB of parameters and 32 MiB of a result."""
MAX_TEXT_BYTES = 1024 * 1024
"""Largest bit strings, in bytes; above, the task is a sweep, whose bits are packed."""
MAX_SEED = 2**63


class SampleReturns(NamedTuple):
    """Outputs of a sampled task: the bits of each shot, their counts, or both."""

    counts: bool
    memory: bool

    @property
    def fields(self) -> Json:
        """Return the fields of a task that select the outputs."""
        if not self.counts:
            return {"return": ["memory"]}
        return {"memory": True} if self.memory else {}


def sampler_drafts(
    programs: Iterable[SweepProgram], shots: int, returns: SampleReturns
) -> list[list[Draft]]:
    """Return the tasks of each program, in the order of their shots."""
    return [list(_program_drafts(program, shots, returns)) for program in programs]


def _program_drafts(program: SweepProgram, shots: int, returns: SampleReturns) -> Iterator[Draft]:
    bits = program.circuit.num_clbits
    a_shot = max(1, -(-bits // 8) * 4 // 3 + 1) if returns.memory else 1
    chunk = max(1, min(shots, MAX_SHOTS, MAX_RESULT_BYTES // a_shot))
    counts = (bits + 16) * min(chunk, 2 ** min(bits, 40)) if returns.counts else 0
    memory = a_shot * chunk if returns.memory else 0
    max_elements = min(
        MAX_POINTS,
        MAX_VALUE_BYTES // (11 * max(1, len(program.inputs))),
        max(1, MAX_RESULT_BYTES // max(1, counts + memory)),
    )
    swept = returns.memory and (bits + 3) * chunk > MAX_TEXT_BYTES
    for skip in range(0, max(shots, 1), chunk):
        for part_program in program.split(max_elements):
            body = part_program.body(swept=swept)
            count = min(chunk, shots - skip)
            yield Draft({**body, "shots": count, **returns.fields}, part_program.elements, skip)


def order_drafts(groups: Sequence[Sequence[Draft]], seed: int | None) -> list[Draft]:
    """Return the tasks of all programs, the k-th with `seed` + k.

    The first tasks of all programs come first, so that the n-th program begins with `seed` + n.
    """
    ordered: list[Draft] = []
    for row in range(max(map(len, groups), default=0)):
        ordered += [group[row] for group in groups if row < len(group)]
    if seed is None:
        return ordered
    return [
        Draft({**each.body, "seed": (seed + k) % MAX_SEED}, each.elements, each.skip)
        for k, each in enumerate(ordered)
    ]


def parse_memory(answer: Json) -> Array:
    """Return the shots of each element as bytes: uint8 [elements, shots, bytes]."""
    encoded_bits = (answer.get("data") or {}).get("memory")
    memory = pack(answer["memory"]) if encoded_bits is None else decode_array(encoded_bits)
    return memory.reshape(math.prod(memory.shape[:-2]), *memory.shape[-2:])


def join_memory(
    record: Record, answers: Sequence[Json], shots: Callable[[int], int]
) -> list[Array]:
    """Return the memory of each part of a job: uint8 [size, shots, bytes].

    Args:
        record: Record of the job.
        answers: Answers of the tasks.
        shots: Function from the number of a part to its number of shots.
    """
    memories: list[Array | None] = [None] * len(record.parts)
    for (elements, skip), answer in zip(record.tasks, answers, strict=True):
        memory = parse_memory(answer)
        for number, rows, places in split_by_part(record, elements):
            part = memories[number]
            if part is None:
                size = record.parts[number]["size"]
                part = np.zeros((size, shots(number), memory.shape[-1]), np.uint8)
                memories[number] = part
            part[places, skip : skip + memory.shape[1]] = memory[rows]
    return [
        np.zeros((0, shots(number), 0), np.uint8) if part is None else part
        for number, part in enumerate(memories)
    ]


def split_by_part(record: Record, elements: Array) -> Iterator[tuple[int, slice, Array]]:
    """Yield for each part of a task: its number, the rows of the task, the indices in the part."""
    ends = record.ends
    numbers = np.searchsorted(ends, elements, side="right")
    edges = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(elements)]
    for start, end in pairwise(edges):
        number = int(numbers[start])
        first = int(ends[number]) - record.parts[number]["size"]
        yield number, slice(start, end), elements[start:end] - first
