"""Shots of Aer as samples of a program: one run of all qubits, or one of each independent part."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from quantumtask.engines.sampling.clbit_map import ClbitMap
from quantumtask.engines.sampling.shot_counts import ShotCounts, ShotSample
from quantumtask.openqasm.program.program import Program


def sample_of_run(
    data: dict[str, Any], program: Program, clbit_map: ClbitMap, counts: ShotCounts
) -> ShotSample:
    """Return the shots of a run of a whole program.

    Args:
        data: The data of Aer's result, with `memory` if the counts need an order.
        program: The program.
        clbit_map: Its results for Aer's bits.
        counts: Counts without shots.
    """
    indices = {
        text: counts.add(clbit_map.from_bits(int(text, 16)), count, program.fixed_outputs)
        for text, count in data["counts"].items()
    }
    if not counts.needs_order:
        return ShotSample(counts, None)
    return ShotSample(counts, np.array([indices[text] for text in data["memory"]], dtype=np.intp))


def sample_of_parts(
    parts: Iterable[dict[str, Any]], program: Program, clbit_map: ClbitMap, counts: ShotCounts
) -> ShotSample:
    """Return the shots of runs of independent parts, whose bits together are a result.

    Args:
        parts: The data of each run, with `memory`; other arguments are those of `sample_of_run`.
    """
    values: list[int] = []
    for data in parts:
        bits = {text: int(text, 16) for text in data["counts"]}
        of_part = [bits[text] for text in data["memory"]]
        values = [a | b for a, b in zip(values, of_part, strict=True)] if values else of_part
    indices = {
        value: counts.add(clbit_map.from_bits(value), count, program.fixed_outputs)
        for value, count in Counter(values).items()
    }
    order = np.array([indices[value] for value in values], dtype=np.intp)
    return ShotSample(counts, order if counts.needs_order else None)
