"""Programs of circuits, with the points at which each program runs."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from qiskit.circuit import QuantumCircuit

from quantumtask.client.qiskit.export.program import Lowered
from quantumtask.client.qiskit.export.writer import UnboundCircuit
from quantumtask.client.qiskit.noise import Errors, lowered_with
from quantumtask.client.qiskit.service import Json, sweep
from quantumtask.client.results.array_codec import Array

MOST_PIECES = 16
"""Most tasks for the points of equal circuits: enough for all slots, few enough to be cheap."""

CHEAP = 20_000_000
"""Amplitudes times lines of a program up to which a run costs less than a task."""

Fields = Callable[[QuantumCircuit], Json]
"""Fields of a task that depend on its circuit alone."""


@dataclass(frozen=True)
class Program:
    """A text with the values of its inputs at some elements of a job.

    `inputs` has a float64 [elements] for each input; `elements` has the indices in the job.
    """

    lowered: Lowered
    fields: Json
    inputs: Mapping[str, Array]
    elements: Array
    circuit: QuantumCircuit

    @property
    def key(self) -> tuple[str, ...]:
        """A key that is equal for programs that differ only in their values."""
        return (self.lowered.text, json.dumps(self.fields, sort_keys=True), *self.inputs)

    @property
    def cheap(self) -> bool:
        lines = self.lowered.text.count("\n")
        return bool(lines * 2.0 ** min(self.circuit.num_qubits, 99) < CHEAP)

    def at(self, some: slice | Array) -> "Program":
        """The program at some of its elements."""
        inputs = {name: values[some] for name, values in self.inputs.items()}
        return Program(self.lowered, self.fields, inputs, self.elements[some], self.circuit)

    def split(self, most: int) -> Iterator["Program"]:
        """Programs of neighbouring elements, at most so many each."""
        size = len(self.elements)
        if 0 < size <= most:
            return iter((self,))
        pieces = -(-size // most)
        ends = [size * k // pieces for k in range(pieces + 1)]
        return (self.at(slice(*edges)) for edges in pairwise(ends))

    def body(self, shape: Sequence[int] | None = None, *, swept: bool = False) -> Json:
        """Circuit and parameters of a task.

        Args:
            shape: Of the sweep; None: one dimension, or no sweep for a single element.
            swept: Make a sweep even of a single element.
        """
        if shape is None:
            shape = (len(self.elements),) if len(self.elements) > 1 or swept else ()
        text, inputs = self.lowered.text, dict(self.inputs)
        if shape and not inputs:
            text, name = self.lowered.with_input()
            inputs = {name: np.zeros(shape)}
        sent: Json = {"circuit": text, **self.fields}
        if inputs:
            sent["parameters"] = {n: sweep(v.reshape(shape)) for n, v in inputs.items()}
        return sent


class Programs:
    """The programs of one job's circuits; equal circuits are written once.

    `errors`: the errors of a noise model, which each program has among its fields.
    """

    def __init__(self, fields: Fields, errors: Errors | None = None) -> None:
        self._fields = fields
        self._errors = errors
        self._known: dict[int, tuple[QuantumCircuit, Lowered | None, Json]] = {}

    def of(self, circuit: QuantumCircuit, values: Array, elements: Array) -> Iterator[Program]:
        """The program of a circuit, or one for each point if the circuit must be bound first.

        Args:
            circuit: Any circuit; UnsupportedCircuit is raised for one without a program.
            values: float64 [points, parameters], in the order of the circuit's parameters.
            elements: int64 [points], the indices of the points in the job.
        """
        _, lowered, fields = self._of(circuit)
        if lowered is None:
            for point, element in zip(values, elements, strict=True):
                bound = circuit.assign_parameters(point)
                lowered, noise = lowered_with(self._errors, bound)
                yield Program(lowered, fields | noise, {}, np.array([element]), bound)
            return
        given = dict(zip(circuit.parameters, values.T, strict=True))
        inputs = {
            name: np.broadcast_to(array, elements.shape)
            for name, array in lowered.values(given).items()
        }
        yield Program(lowered, fields, inputs, elements, circuit)

    def _of(self, circuit: QuantumCircuit) -> tuple[QuantumCircuit, Lowered | None, Json]:
        if id(circuit) not in self._known:
            lowered, noise = self._lowered(circuit)
            self._known[id(circuit)] = circuit, lowered, self._fields(circuit) | noise
        return self._known[id(circuit)]

    def _lowered(self, circuit: QuantumCircuit) -> tuple[Lowered | None, Json]:
        """The program and fields of a circuit; None if the circuit must be bound first."""
        try:
            return lowered_with(self._errors, circuit)
        except UnboundCircuit:
            if not circuit.num_parameters:
                raise
            return None, {}


def merged(programs: Iterable[Program]) -> Iterator[Program]:
    """Joins programs that differ only in their values into a few with all elements.

    Programs that take long stay separate.
    """
    groups: dict[Any, list[Program]] = {}
    for program in programs:
        alone = () if program.cheap else (int(program.elements[0]),)
        groups.setdefault((*program.key, *alone), []).append(program)
    for group in groups.values():
        whole = concatenated(group)
        most = -(-len(whole.elements) // MOST_PIECES) if len(group) > 1 else len(whole.elements)
        yield from whole.split(most)


def concatenated(group: Sequence[Program]) -> Program:
    """One program with the elements of all programs, in order."""
    first = group[0]
    if len(group) == 1:
        return first
    inputs = {name: np.concatenate([each.inputs[name] for each in group]) for name in first.inputs}
    elements = np.concatenate([each.elements for each in group])
    return Program(first.lowered, first.fields, inputs, elements, first.circuit)
