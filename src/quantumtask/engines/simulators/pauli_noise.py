"""Clifford circuits with Pauli noise in Stim's format, and the readout errors that it lacks."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.noise.error_model import (
    MEASURE,
    RESET,
    Channel,
    ConfusionMatrix,
    ErrorModel,
)
from quantumtask.openqasm.program.operations import BARRIER, TIMING_OPERATIONS, Operation
from quantumtask.openqasm.program.program import Circuit, Measure, Reset, Step

WORDS = {1: ("X", "Y", "Z"), 2: tuple([a + b for a in "IXYZ" for b in "IXYZ"][1:])}
"""The Pauli words of Stim's channels on one and two qubits, in the order of their arguments."""

MAX_DEPOLARIZING = {1: 3 / 4, 2: 15 / 16}
"""Largest probability of an error that Stim's depolarizing channels have."""

RELATIVE_TOLERANCE = 1e-12
"""Largest relative difference of probabilities that are taken for equal."""

StepText = Callable[[Step, Mapping[int, Any]], str]
"""Returns a step without noise in Stim's format, with the target of each qubit."""


class GateErrors(NamedTuple):
    """Errors of the steps of a circuit.

    Attributes:
        model: A model of Pauli errors and readout errors.
        gate_name: Returns the name of a gate in the model.
    """

    model: ErrorModel
    gate_name: Callable[[Operation], str]


class NoisyText:
    """Text of one circuit with the errors of a model.

    Attributes:
        text: The circuit in Stim's format; measurement k of the text is the k-th of the steps.
    """

    def __init__(self, circuit: Circuit, errors: GateErrors, step_text: StepText) -> None:
        """Write the text.

        Args:
            circuit: A circuit of Clifford gates on one or two qubits.
            errors: The errors of its steps.
            step_text: Function that returns the text of a step without noise.
        """
        self._model, self._gate_name = errors
        self._step_text = step_text
        self._templates: dict[Any, str] = {}
        self._same_for_all_qubits: dict[int, str] = {}
        self._confusions: list[ConfusionMatrix] = []
        place = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}.__getitem__
        texts: dict[Any, str] = {}  # steps are often repeated
        lines = []
        for step in circuit.steps:
            if isinstance(step, Operation):
                gate, _, qubits, _ = step
                key = (id(gate), qubits)
                text = texts.get(key)
                if text is None:
                    template = self._same_for_all_qubits.get(id(gate))
                    template = template or self._template(step, qubits)
                    text = texts[key] = template.format(*map(place, qubits))
            else:
                text = self._other_template(step).format(place(step.qubit))
            lines.append(text)
        self.text = "".join(lines)

    def add_readout_errors(self, values: NDArray[np.bool_], rng: np.random.Generator) -> None:
        """Flip measured values in place, by the readout errors that depend on the value.

        Args:
            values: One row for each shot, one column for each measurement.
        """
        for column, confusion in enumerate(self._confusions):
            if not _is_symmetric(confusion):
                (_, up), (down, _) = confusion
                measured = values[:, column]
                flip_probability = np.where(measured, down, up)
                measured ^= rng.random(len(measured)) < flip_probability

    @property
    def has_other_readout_errors(self) -> bool:
        """True if `add_readout_errors` may flip a value."""
        return not all(map(_is_symmetric, self._confusions))

    def _other_template(self, step: Measure | Reset) -> str:
        """Return a measurement or a reset with its error, with the field {0} for the target."""
        if isinstance(step, Reset):
            return self._template(step, (step.qubit,))
        return self._measurement_template((step.qubit,))

    def _template(self, step: Operation | Reset, qubits: tuple[int, ...]) -> str:
        """Return a step with its error, with the fields {0}, {1}, … for the targets."""
        if isinstance(step, Operation):
            gate = step.gate
            timing = gate.name in TIMING_OPERATIONS
            name = gate.name if timing else self._gate_name(step)
            channel = None if gate.name == BARRIER else self._model.error(name, qubits)
            key: Any = (id(gate), channel)
        else:
            timing, channel = False, self._model.error(RESET, qubits)
            key = (RESET, channel)
        template = self._templates.get(key)
        if template is None:
            fields = {qubit: f"{{{k}}}" for k, qubit in enumerate(qubits)}
            gate_text = "" if timing else self._step_text(step, fields) + "\n"
            template = self._templates[key] = gate_text + _error_template(channel)
            if isinstance(step, Operation) and not timing and self._model.is_uniform(name):
                self._same_for_all_qubits[id(step.gate)] = template
        return template

    def _measurement_template(self, qubits: tuple[int, ...]) -> str:
        channel = self._model.error(MEASURE, qubits)
        confusion = self._model.confusion(qubits[0])
        self._confusions.append(confusion)
        key = (MEASURE, channel, confusion)
        template = self._templates.get(key)
        if template is None:
            probability = confusion[0][1]
            has_error = probability and _is_symmetric(confusion)
            measurement = f"M({probability!r}) {{0}}\n" if has_error else "M {0}\n"
            template = self._templates[key] = _error_template(channel) + measurement
        return template


def _is_symmetric(confusion: ConfusionMatrix) -> bool:
    return confusion[0][1] == confusion[1][0]


def _error_template(channel: Channel | None) -> str:
    """Return a Pauli channel on one or two qubits as a line of text; empty if it has no errors."""
    if channel is None:
        return ""
    probabilities = channel.pauli_probabilities
    assert probabilities is not None
    if not sum(probabilities.values()):
        return ""
    each = [probabilities.get(word, 0.0) for word in WORDS[channel.size]]
    total = sum(each)
    is_uniform = max(each) - min(each) <= RELATIVE_TOLERANCE * total
    fields = " ".join([f"{{{k}}}" for k in range(channel.size)])
    if is_uniform and total <= MAX_DEPOLARIZING[channel.size]:
        return f"DEPOLARIZE{channel.size}({total!r}) {fields}\n"
    scaled = [value / total for value in each] if total > 1 else each  # by rounding
    return f"PAULI_CHANNEL_{channel.size}({','.join(map(repr, scaled))}) {fields}\n"
