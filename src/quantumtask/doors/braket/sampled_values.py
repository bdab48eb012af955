"""Values of Braket's results from the shots of a task."""

import json
import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from quantumtask.doors.braket.answers import json_list_pieces
from quantumtask.doors.braket.observables import factor_targets
from quantumtask.doors.braket.program_plan import ProgramPlan
from quantumtask.doors.braket.result_request import PROBABILITY, SAMPLE, VARIANCE, ResultRequest


class ShotStatistics:
    """The facts about shots that the results of a program need.

    Attributes:
        counts: The number of shots of each string of outcomes, the first qubit first.
    """

    def __init__(self, plan: ProgramPlan) -> None:
        self._plan = plan
        self.counts: Counter[str] = Counter()
        self._samples = {
            (number, targets): array("d")
            for number, result in enumerate(plan.results)
            if result.kind == SAMPLE
            for targets in plan.target_lists(result)
        }
        self._eigenvalues = [
            [factor.eigenbasis()[0] for factor in result.factors] for result in plan.results
        ]

    def add(self, outcomes: Sequence[str]) -> None:
        """Count some shots."""
        self.counts.update(outcomes)
        for (number, targets), samples in self._samples.items():
            values = {each: self._eigenvalue(number, targets, each) for each in set(outcomes)}
            samples.extend(values[each] for each in outcomes)

    def values(self) -> Iterator[Iterable[bytes]]:
        """Yield the value of each result as pieces of JSON, after all shots were counted."""
        for number, result in enumerate(self._plan.results):
            if result.kind == PROBABILITY:
                yield json_list_pieces(self._frequencies(result))
            elif result.kind == SAMPLE:
                lists = self._plan.target_lists(result)
                yield _sample_pieces(
                    [self._samples[number, targets] for targets in lists],
                    is_list=result.targets is None,
                )
            else:
                yield (json.dumps(self._of_observable(number, result)).encode(),)

    def _of_observable(self, number: int, result: ResultRequest) -> Any:
        values = [
            self._mean_or_variance(number, targets, result.kind == VARIANCE)
            for targets in self._plan.target_lists(result)
        ]
        return values if result.targets is None else values[0]

    def _mean_or_variance(self, number: int, targets: tuple[int, ...], variance: bool) -> float:
        total = self.counts.total()
        pairs = [(self._eigenvalue(number, targets, o), n) for o, n in self.counts.items()]
        mean = sum(value * n for value, n in pairs) / total
        if not variance:
            return mean
        return sum((value - mean) ** 2 * n for value, n in pairs) / total

    def _eigenvalue(self, number: int, targets: tuple[int, ...], outcomes: str) -> float:
        """Return the eigenvalue of an observable for the outcomes of a shot."""
        groups = factor_targets(self._plan.results[number].factors, targets)
        return math.prod(
            values[int("".join(outcomes[qubit] for qubit in qubits), 2)]
            for values, (_, qubits) in zip(self._eigenvalues[number], groups, strict=True)
        )

    def _frequencies(self, result: ResultRequest) -> list[float]:
        targets = self._plan.targets(result)
        sums = [0.0] * (1 << len(targets))
        for outcomes, n in self.counts.items():
            sums[int("".join(outcomes[qubit] for qubit in targets), 2)] += n
        total = self.counts.total()
        return [n / total for n in sums]


def _sample_pieces(lists: "Sequence[array[float]]", *, is_list: bool) -> Iterator[bytes]:
    """Yield the samples of an observable, or a list with those of one on each qubit."""
    if not is_list:
        yield from json_list_pieces(lists[0])
        return
    for number, samples in enumerate(lists):
        yield b", " if number else b"["
        yield from json_list_pieces(samples)
    yield b"]"
