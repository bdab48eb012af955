"""Chunks of a sweep: neighbouring elements, each chunk a task of its own."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from quantumtask.client.request import Parameters
from quantumtask.client.results.result import Result

if TYPE_CHECKING:
    from quantumtask.client.batch import Outcome

MAX_CHUNKS = 16
"""Number of chunks: enough for early results and busy workers, few enough to cost little."""
LARGEST_PIECE = 10_000


@dataclass(frozen=True)
class SweepChunk:
    """Neighbouring elements of the arrays from `start` on."""

    start: int
    parameters: Mapping[str, Any]

    def element(self, number: int) -> dict[str, Any]:
        """Return the parameters of one element of the chunk."""
        return {
            name: value if _fixed(value) else value[number]
            for name, value in self.parameters.items()
        }


def split(parameters: Parameters) -> list[SweepChunk]:
    """Split arrays of parameters into chunks.

    Raises:
        ValueError: There is no array, or the lengths differ.
    """
    lengths = {len(value) for value in parameters.values() if not _fixed(value)}
    if len(lengths) != 1 or 0 in lengths:
        text = ", ".join(map(str, sorted(lengths))) or "none"
        raise ValueError(f"`parameters` must hold arrays of one length; the lengths are: {text}")
    [length] = lengths
    pieces = max(min(length, MAX_CHUNKS), -(-length // LARGEST_PIECE))
    ends = [length * k // pieces for k in range(pieces + 1)]
    return [
        SweepChunk(start, {n: v if _fixed(v) else v[start:end] for n, v in parameters.items()})
        for start, end in itertools.pairwise(ends)
    ]


def join_results(pieces: list[SweepChunk], outcomes: "Iterable[Outcome]") -> Iterator[Result]:
    """Yield the result of every element, chunk by chunk.

    Raises:
        TaskFailed: A chunk has no result.
    """
    for outcome in outcomes:
        piece = pieces[outcome.index]
        for number, result in enumerate(outcome.result()):
            place = (piece.start + number,)
            yield replace(result, index=place, parameters=piece.element(number))


def _fixed(value: Any) -> bool:
    return isinstance(value, str) or not hasattr(value, "__len__") or getattr(value, "ndim", 1) == 0
