"""Chunks of a sweep: neighbouring elements, one task for each chunk."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from quantumtask.client.request import Parameters
from quantumtask.client.results.result import Result

if TYPE_CHECKING:
    from quantumtask.client.batch import Outcome

MAX_CHUNKS = 16
"""Largest number of tasks for the elements of one sweep: enough for all slots and for early
results, few enough to cost little.
"""
MAX_CHUNK_SIZE = 10_000
"""Number of elements of a chunk above which there are more than MAX_CHUNKS chunks."""


@dataclass(frozen=True)
class SweepChunk:
    """Neighbouring elements of the arrays from `start` on."""

    start: int
    parameters: Mapping[str, Any]

    def element(self, number: int) -> dict[str, Any]:
        """Return the parameters of one element of the chunk."""
        return {
            name: value if _is_scalar(value) else value[number]
            for name, value in self.parameters.items()
        }


def split_sweep(parameters: Parameters) -> list[SweepChunk]:
    """Split arrays of parameters into chunks.

    Raises:
        ValueError: There is no array, or the lengths differ.
    """
    lengths = {len(value) for value in parameters.values() if not _is_scalar(value)}
    if len(lengths) != 1 or 0 in lengths:
        text = ", ".join(map(str, sorted(lengths))) or "none"
        raise ValueError(f"`parameters` must hold arrays of one length; the lengths are: {text}")
    [length] = lengths
    count = max(min(length, MAX_CHUNKS), -(-length // MAX_CHUNK_SIZE))
    ends = [length * k // count for k in range(count + 1)]
    return [
        SweepChunk(start, {n: v if _is_scalar(v) else v[start:end] for n, v in parameters.items()})
        for start, end in itertools.pairwise(ends)
    ]


def join_results(chunks: list[SweepChunk], outcomes: "Iterable[Outcome]") -> Iterator[Result]:
    """Yield the result of every element, chunk by chunk.

    Raises:
        TaskFailed: A chunk has no result.
    """
    for outcome in outcomes:
        chunk = chunks[outcome.index]
        for number, result in enumerate(outcome.result()):
            index = (chunk.start + number,)
            yield replace(result, index=index, parameters=chunk.element(number))


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str) or not hasattr(value, "__len__") or getattr(value, "ndim", 1) == 0
