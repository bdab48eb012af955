"""Tasks that estimate observables: PUBs share a task, or a PUB is split into several."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from qiskit.primitives.containers.estimator_pub import EstimatorPub

from quantumtask.client.chunking import MAX_CHUNKS
from quantumtask.client.connection import Json
from quantumtask.client.qiskit.programs import Programs, SweepProgram, concatenate
from quantumtask.client.qiskit.pubs import parameter_points
from quantumtask.client.qiskit.record import Draft
from quantumtask.client.qiskit.sampler_tasks import MAX_POINTS, MAX_VALUE_BYTES
from quantumtask.client.results.array_codec import Array

MAX_TERMS = 100_000
"""Largest number of terms of the observables of a task; the service accepts 200,000."""
MAX_EXPECTATION_VALUES = 1_000_000
"""Largest number of expectation values of a task: values and errors fit a result of 32 MiB."""


@dataclass(frozen=True)
class Estimate:
    """Observables of a PUB under one program.

    Attributes:
        program: Program with the points of the PUB in order, of the shape `points_shape`.
        observables_shape: Shape of the array of observables.
        shape: Broadcast shape of observables and points.
        first: Index of the first element in the job.
    """

    program: SweepProgram
    observables: Any
    """Terms `[letters, weight]` of each observable, nested like the array of observables."""
    observables_shape: tuple[int, ...]
    points_shape: tuple[int, ...]
    shape: tuple[int, ...]
    precision: float
    first: int

    @property
    def elements(self) -> Array:
        """Indices of the elements in the job."""
        return np.arange(self.first, self.first + int(np.prod(self.shape, dtype=int)))

    @cached_property
    def observables_key(self) -> str:
        """Key that is equal for estimates with equal observables."""
        return json.dumps(self.observables)

    @cached_property
    def flat_terms(self) -> list[Any]:
        """Terms of each observable, in order."""
        terms = [self.observables]
        for _ in self.observables_shape:
            terms = [each for part in terms for each in part]
        return terms

    @property
    def point_key(self) -> tuple[bytes, ...]:
        """Key that is equal for estimates with equal values of the parameters."""
        return tuple(values.tobytes() for values in self.program.inputs.values())

    def index(self, shape: Sequence[int]) -> Array:
        """Return the number of the point, or of the observable, of each element."""
        numbers = np.arange(int(np.prod(shape, dtype=int))).reshape(shape)
        return np.broadcast_to(numbers, self.shape).ravel()


def estimates(pub: EstimatorPub, programs: Programs, first: int) -> Iterator[Estimate]:
    """Yield the estimate of a PUB, or one for each point if the circuit must be bound first."""
    points_shape, observables_shape = pub.parameter_values.shape, pub.observables.shape
    numbers = np.arange(pub.parameter_values.size)
    values = parameter_points(pub.circuit, pub.parameter_values)
    variants = list(programs.export(pub.circuit, values, numbers))
    terms = _nest_terms(pub.observables.tolist())
    precision = float(pub.precision or 0)
    whole = Estimate(
        variants[0], terms, observables_shape, points_shape, pub.shape, precision, first
    )
    if len(variants) == 1:
        yield whole
        return
    point_numbers, observable_numbers = whole.index(points_shape), whole.index(observables_shape)
    for number, program in enumerate(variants):
        elements = np.flatnonzero(point_numbers == number)
        for element in elements:
            terms = whole.flat_terms[observable_numbers[element]]
            yield _single_element(whole, program, int(element), terms)


def _single_element(whole: Estimate, program: SweepProgram, element: int, terms: Any) -> Estimate:
    return Estimate(program, terms, (), (), (), whole.precision, whole.first + element)


def _nest_terms(part: Any) -> Any:
    if isinstance(part, dict):
        return [[letters, float(weight)] for letters, weight in part.items()]
    return [_nest_terms(each) for each in part]


def estimator_drafts(items: Iterable[Estimate]) -> Iterator[Draft]:
    """Yield the tasks of all estimates.

    Estimates with equal program, observables and precision are one sweep. Exact estimates of one
    program at one point share a run of the program. Sampled estimates have separate shots.
    """
    groups: dict[Any, list[Estimate]] = {}
    for each in items:
        if _fits(each):
            groups.setdefault((each.program.key, each.precision), []).append(each)
        else:
            yield from _split_drafts(each)
    for group in groups.values():
        stacks = _group_by(group, "observables_key", "points_shape")
        at_points = _group_by(group, "point_key")
        single = all(each.program.elements.size == 1 for each in group)
        if single and not group[0].precision and len(at_points) <= len(stacks):
            for same in at_points:
                yield from _shared_run_drafts(same)
        else:
            for same in stacks:
                yield from _stack_drafts(same)


def _group_by(group: Sequence[Estimate], *names: str) -> list[list[Estimate]]:
    groups: dict[Any, list[Estimate]] = {}
    for each in group:
        groups.setdefault(tuple(getattr(each, name) for name in names), []).append(each)
    return list(groups.values())


def _fits(estimate: Estimate) -> bool:
    """Return True if an estimate fits one task."""
    size = estimate.program.elements.size
    return (
        size <= MAX_POINTS
        and 11 * size * len(estimate.program.inputs) <= MAX_VALUE_BYTES
        and sum(map(len, estimate.flat_terms)) <= MAX_TERMS
        and len(estimate.observables_key) <= MAX_VALUE_BYTES
        and estimate.elements.size <= MAX_EXPECTATION_VALUES
    )


def _stack_drafts(group: Sequence[Estimate]) -> Iterator[Draft]:
    """Join estimates that differ only in their values, along the first dimension of a sweep."""
    first = group[0]
    size = max(1, first.program.elements.size)
    max_size = min(
        MAX_POINTS // size,
        MAX_VALUE_BYTES // (11 * size * max(1, len(first.program.inputs))),
        MAX_EXPECTATION_VALUES // max(1, first.elements.size),
        -(-len(group) // MAX_CHUNKS) if first.program.cheap else 1,
    )
    for start in range(0, len(group), max(1, max_size)):
        yield _sweep_draft(group[start : start + max(1, max_size)])


def _sweep_draft(group: Sequence[Estimate]) -> Draft:
    first = group[0]
    shape = first.points_shape
    if len(group) > 1:
        spare = max(0, len(first.observables_shape) - len(shape))
        shape = (len(group), *(1,) * spare, *shape)
    whole = concatenate([each.program for each in group])
    return _draft(group, whole.body(shape), first.observables)


def _shared_run_drafts(group: Sequence[Estimate]) -> Iterator[Draft]:
    """Join estimates of different observables of one state."""
    start, terms, size = 0, 0, 0
    for k, each in enumerate(group):
        more_terms, more_bytes = sum(map(len, each.flat_terms)), len(each.observables_key)
        if k > start and (terms + more_terms > MAX_TERMS or size + more_bytes > MAX_VALUE_BYTES):
            yield _shared_run_draft(group[start:k])
            start, terms, size = k, 0, 0
        terms, size = terms + more_terms, size + more_bytes
    yield _shared_run_draft(group[start:])


def _shared_run_draft(group: Sequence[Estimate]) -> Draft:
    if len(group) == 1:
        return _sweep_draft(group)
    observables = [terms for each in group for terms in each.flat_terms]
    return _draft(group, group[0].program.body(()), observables)


def _split_drafts(estimate: Estimate) -> Iterator[Draft]:
    """Split an estimate too large for one task; each element has a point and an observable."""
    largest = max(map(len, estimate.flat_terms))
    longest = max(len(json.dumps(terms)) for terms in estimate.flat_terms)
    inputs = max(1, len(estimate.program.inputs))
    max_size = min(
        MAX_POINTS,
        MAX_TERMS // largest,
        MAX_VALUE_BYTES // longest,
        MAX_VALUE_BYTES // (11 * inputs),
    )
    point_numbers = estimate.index(estimate.points_shape)
    observable_numbers = estimate.index(estimate.observables_shape)
    for start in range(0, estimate.elements.size, max(1, max_size)):
        some = slice(start, start + max(1, max_size))
        program = estimate.program.take(point_numbers[some])
        body = program.body((program.elements.size,))
        observables = [estimate.flat_terms[k] for k in observable_numbers[some]]
        body |= {"observables": observables, "precision": estimate.precision}
        yield Draft(body, estimate.elements[some])


def _draft(group: Sequence[Estimate], body: Json, observables: Any) -> Draft:
    more = {"observables": observables, "precision": group[0].precision}
    return Draft({**body, **more}, np.concatenate([each.elements for each in group]))
