"""Tasks that estimate observables: PUBs share a task, or a PUB is split into several."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from qiskit.primitives.containers.estimator_pub import EstimatorPub

from quantumtask.client.qiskit.programs import MAX_CHUNKS, Program, Programs, concatenated
from quantumtask.client.qiskit.pubs import points
from quantumtask.client.qiskit.record import Draft
from quantumtask.client.qiskit.sampler_tasks import MAX_POINTS, MAX_VALUE_BYTES
from quantumtask.client.qiskit.service import Json
from quantumtask.client.results.array_codec import Array

MAX_TERMS = 100_000
"""Largest number of terms of the observables of a task; the service accepts 200,000."""
MAX_VALUES = 1_000_000
"""Largest number of expectation values of a task: values and errors fit a result of 32 MiB."""


@dataclass(frozen=True)
class Estimate:
    """Observables of a PUB under one program.

    Attributes:
        program: Program with the points of the PUB in order, of the shape `points`.
        shape: Broadcast shape of observables and points.
        first: Index of the first element in the job.
    """

    program: Program
    observables: Any
    """Terms `[letters, weight]` of each observable, nested like the array of observables."""
    observed: tuple[int, ...]
    points: tuple[int, ...]
    shape: tuple[int, ...]
    precision: float
    first: int

    @property
    def elements(self) -> Array:
        """Indices of the elements in the job."""
        return np.arange(self.first, self.first + int(np.prod(self.shape, dtype=int)))

    @cached_property
    def words(self) -> str:
        """Key that is equal for estimates with equal observables."""
        return json.dumps(self.observables)

    @cached_property
    def flat(self) -> list[Any]:
        """Terms of each observable, in order."""
        terms = [self.observables]
        for _ in self.observed:
            terms = [each for part in terms for each in part]
        return terms

    @property
    def at(self) -> tuple[bytes, ...]:
        """Key that is equal for estimates with equal values of the parameters."""
        return tuple(values.tobytes() for values in self.program.inputs.values())

    def index(self, shape: Sequence[int]) -> Array:
        """Return the number of the point, or of the observable, of each element."""
        numbers = np.arange(int(np.prod(shape, dtype=int))).reshape(shape)
        return np.broadcast_to(numbers, self.shape).ravel()


def estimates(pub: EstimatorPub, programs: Programs, first: int) -> Iterator[Estimate]:
    """Yield the estimate of a PUB, or one for each point if the circuit must be bound first."""
    shape, observed = pub.parameter_values.shape, pub.observables.shape
    numbers = np.arange(pub.parameter_values.size)
    values = points(pub.circuit, pub.parameter_values)
    variants = list(programs.of(pub.circuit, values, numbers))
    terms = _nested(pub.observables.tolist())
    whole = Estimate(
        variants[0], terms, observed, shape, pub.shape, float(pub.precision or 0), first
    )
    if len(variants) == 1:
        yield whole
        return
    of_point = whole.index(shape)
    for number, program in enumerate(variants):
        places = np.flatnonzero(of_point == number)
        yield from (
            _alone(whole, program, int(place), whole.flat[whole.index(observed)[place]])
            for place in places
        )


def _alone(whole: Estimate, program: Program, place: int, terms: Any) -> Estimate:
    return Estimate(program, terms, (), (), (), whole.precision, whole.first + place)


def _nested(part: Any) -> Any:
    if isinstance(part, dict):
        return [[letters, float(weight)] for letters, weight in part.items()]
    return [_nested(each) for each in part]


def drafts(items: Iterable[Estimate]) -> Iterator[Draft]:
    """Yield the tasks of all estimates.

    Estimates with equal program, observables and precision are one sweep. Exact estimates of one
    program at one point share a run of the program. Sampled estimates have separate shots.
    """
    groups: dict[Any, list[Estimate]] = {}
    for each in items:
        if _fits(each):
            groups.setdefault((each.program.key, each.precision), []).append(each)
        else:
            yield from _paired(each)
    for group in groups.values():
        stacks = _by(group, "words", "points")
        at_points = _by(group, "at")
        single = all(each.program.elements.size == 1 for each in group)
        if single and not group[0].precision and len(at_points) <= len(stacks):
            for same in at_points:
                yield from _at_one_point(same)
        else:
            for same in stacks:
                yield from _stacked(same)


def _by(group: Sequence[Estimate], *names: str) -> list[list[Estimate]]:
    groups: dict[Any, list[Estimate]] = {}
    for each in group:
        groups.setdefault(tuple(getattr(each, name) for name in names), []).append(each)
    return list(groups.values())


def _fits(one: Estimate) -> bool:
    """Return True if an estimate fits one task."""
    size = one.program.elements.size
    return (
        size <= MAX_POINTS
        and 11 * size * len(one.program.inputs) <= MAX_VALUE_BYTES
        and sum(map(len, one.flat)) <= MAX_TERMS
        and len(one.words) <= MAX_VALUE_BYTES
        and one.elements.size <= MAX_VALUES
    )


def _stacked(group: Sequence[Estimate]) -> Iterator[Draft]:
    """Join estimates that differ only in their values, along the first dimension of a sweep."""
    first = group[0]
    size = max(1, first.program.elements.size)
    most = min(
        MAX_POINTS // size,
        MAX_VALUE_BYTES // (11 * size * max(1, len(first.program.inputs))),
        MAX_VALUES // max(1, first.elements.size),
        -(-len(group) // MAX_CHUNKS) if first.program.cheap else 1,
    )
    for start in range(0, len(group), max(1, most)):
        yield _stack(group[start : start + max(1, most)])


def _stack(group: Sequence[Estimate]) -> Draft:
    first = group[0]
    shape = first.points
    if len(group) > 1:
        spare = max(0, len(first.observed) - len(shape))
        shape = (len(group), *(1,) * spare, *shape)
    whole = concatenated([each.program for each in group])
    return _draft(group, whole.body(shape), first.observables)


def _at_one_point(group: Sequence[Estimate]) -> Iterator[Draft]:
    """Join estimates of different observables of one state."""
    start, terms, size = 0, 0, 0
    for k, each in enumerate(group):
        more = sum(map(len, each.flat))
        if k > start and (terms + more > MAX_TERMS or size + len(each.words) > MAX_VALUE_BYTES):
            yield _together(group[start:k])
            start, terms, size = k, 0, 0
        terms, size = terms + more, size + len(each.words)
    yield _together(group[start:])


def _together(group: Sequence[Estimate]) -> Draft:
    if len(group) == 1:
        return _stack(group)
    return _draft(group, group[0].program.body(()), [one for each in group for one in each.flat])


def _paired(one: Estimate) -> Iterator[Draft]:
    """Split an estimate too large for one task; each element has a point and an observable."""
    largest = max(map(len, one.flat))
    longest = max(len(json.dumps(terms)) for terms in one.flat)
    inputs = max(1, len(one.program.inputs))
    most = min(
        MAX_POINTS,
        MAX_TERMS // largest,
        MAX_VALUE_BYTES // longest,
        MAX_VALUE_BYTES // (11 * inputs),
    )
    of_point, of_observable = one.index(one.points), one.index(one.observed)
    for start in range(0, one.elements.size, max(1, most)):
        some = slice(start, start + max(1, most))
        program = one.program.at(of_point[some])
        body = program.body((program.elements.size,))
        observables = [one.flat[k] for k in of_observable[some]]
        yield Draft(
            {**body, "observables": observables, "precision": one.precision}, one.elements[some]
        )


def _draft(group: Sequence[Estimate], body: Json, observables: Any) -> Draft:
    more = {"observables": observables, "precision": group[0].precision}
    return Draft({**body, **more}, np.concatenate([each.elements for each in group]))
