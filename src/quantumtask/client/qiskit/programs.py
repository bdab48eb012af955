"""Programs of circuits, with the points at which each program runs."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from qiskit.circuit import QuantumCircuit

from quantumtask.client.chunking import MAX_CHUNKS
from quantumtask.client.connection import Json
from quantumtask.client.qiskit.noise import AerNoiseModel, export_with_noise
from quantumtask.client.results.array_codec import Array, encode_array
from quantumtask.export.program import ExportedProgram
from quantumtask.export.writer import UnboundCircuit

CHEAP_RUN_COST = 20_000_000
"""Amplitudes times lines of a program up to which a run costs less than a task."""

Fields = Callable[[QuantumCircuit], Json]
"""Fields of a task that depend on its circuit alone."""


@dataclass(frozen=True)
class SweepProgram:
    """Text with the values of its inputs at some elements of a job.

    Attributes:
        inputs: float64 [elements] for each input.
        elements: Indices of the elements in the job.
    """

    exported: ExportedProgram
    fields: Json
    inputs: Mapping[str, Array]
    elements: Array
    circuit: QuantumCircuit

    @property
    def key(self) -> tuple[str, ...]:
        """Key that is equal for programs that differ only in their values."""
        return (self.exported.text, json.dumps(self.fields, sort_keys=True), *self.inputs)

    @property
    def cheap(self) -> bool:
        """True if a run of the program costs less than a task."""
        lines = self.exported.text.count("\n")
        return bool(lines * 2.0 ** min(self.circuit.num_qubits, 99) < CHEAP_RUN_COST)

    def take(self, some: slice | Array) -> "SweepProgram":
        """Return the program at some of its elements."""
        inputs = {name: values[some] for name, values in self.inputs.items()}
        return SweepProgram(self.exported, self.fields, inputs, self.elements[some], self.circuit)

    def split(self, max_size: int) -> Iterator["SweepProgram"]:
        """Yield programs of neighbouring elements, of at most `max_size` elements each."""
        size = len(self.elements)
        if 0 < size <= max_size:
            return iter((self,))
        count = -(-size // max_size)
        ends = [size * k // count for k in range(count + 1)]
        return (self.take(slice(*edges)) for edges in pairwise(ends))

    def body(self, shape: Sequence[int] | None = None, *, swept: bool = False) -> Json:
        """Return the circuit and the parameters of a task.

        Args:
            shape: Shape of the sweep; None: one dimension, or no sweep for a single element.
            swept: Make a sweep even of a single element.
        """
        if shape is None:
            shape = (len(self.elements),) if len(self.elements) > 1 or swept else ()
        text, inputs = self.exported.text, dict(self.inputs)
        if shape and not inputs:
            text, name = self.exported.with_input()
            inputs = {name: np.zeros(shape)}
        sent: Json = {"circuit": text, **self.fields}
        if inputs:
            sent["parameters"] = {n: _encode(v.reshape(shape)) for n, v in inputs.items()}
        return sent


class Programs:
    """Programs of the circuits of one job; equal circuits are exported once.

    Args:
        fields: Function from a circuit to fields of its task.
        noise_model: Noise model, which adds its errors to the fields of each program.
    """

    def __init__(self, fields: Fields, noise_model: AerNoiseModel | None = None) -> None:
        self._fields = fields
        self._noise_model = noise_model
        self._exported: dict[int, tuple[QuantumCircuit, ExportedProgram | None, Json]] = {}

    def export(
        self, circuit: QuantumCircuit, values: Array, elements: Array
    ) -> Iterator[SweepProgram]:
        """Yield the program of a circuit, or one for each point if the circuit must be bound first.

        Args:
            circuit: Any circuit.
            values: float64 [points, parameters], in the order of the parameters of the circuit.
            elements: int64 [points], indices of the points in the job.

        Raises:
            UnsupportedCircuit: OpenQASM cannot express the circuit.
        """
        _, exported, fields = self._export_once(circuit)
        if exported is None:
            for point, element in zip(values, elements, strict=True):
                bound = circuit.assign_parameters(point)
                exported, noise = export_with_noise(self._noise_model, bound)
                yield SweepProgram(exported, fields | noise, {}, np.array([element]), bound)
            return
        points = dict(zip(circuit.parameters, values.T, strict=True))
        inputs = {
            name: array if array.shape == elements.shape else np.broadcast_to(array, elements.shape)
            for name, array in exported.values(points).items()
        }
        yield SweepProgram(exported, fields, inputs, elements, circuit)

    def _export_once(
        self, circuit: QuantumCircuit
    ) -> tuple[QuantumCircuit, ExportedProgram | None, Json]:
        if id(circuit) not in self._exported:
            exported, noise = self._export_circuit(circuit)
            self._exported[id(circuit)] = circuit, exported, self._fields(circuit) | noise
        return self._exported[id(circuit)]

    def _export_circuit(self, circuit: QuantumCircuit) -> tuple[ExportedProgram | None, Json]:
        """Return the program of a circuit and the fields of its noise.

        The program is None if the circuit must be bound first.
        """
        try:
            return export_with_noise(self._noise_model, circuit)
        except UnboundCircuit:
            if not circuit.num_parameters:
                raise
            return None, {}


def merge_programs(programs: Iterable[SweepProgram]) -> Iterator[SweepProgram]:
    """Join programs that differ only in their values into a few with all elements.

    Programs that take long stay separate.
    """
    groups: dict[Any, list[SweepProgram]] = {}
    for program in programs:
        alone = () if program.cheap else (int(program.elements[0]),)
        groups.setdefault((*program.key, *alone), []).append(program)
    for group in groups.values():
        whole = concatenate(group)
        max_size = -(-len(whole.elements) // MAX_CHUNKS) if len(group) > 1 else len(whole.elements)
        yield from whole.split(max_size)


def concatenate(group: Sequence[SweepProgram]) -> SweepProgram:
    """Return one program with the elements of all programs, in order."""
    first = group[0]
    if len(group) == 1:
        return first
    inputs = {name: np.concatenate([each.inputs[name] for each in group]) for name in first.inputs}
    elements = np.concatenate([each.elements for each in group])
    return SweepProgram(first.exported, first.fields, inputs, elements, first.circuit)


def _encode(values: Array) -> Any:
    """Return a number unchanged, and an array as its bytes."""
    return encode_array(values) if values.ndim else float(values)
