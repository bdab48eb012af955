"""Validation and drawing of circuits in QPY, without running them."""

from dataclasses import replace

from qiskit import QuantumCircuit

from quantumtask.engines.qpy.bindings import bind_parameters
from quantumtask.engines.qpy.compile import (
    QpyCircuit,
    export_text,
    result_registers,
    to_openqasm,
    without_place,
)
from quantumtask.engines.qpy.delays import drop_delays_without_unit
from quantumtask.engines.qpy.read import UNSUPPORTED_CIRCUIT, circuit_error, read_qpy
from quantumtask.export.writer import UnboundCircuit
from quantumtask.openqasm import IoDeclaration, Validation, draw_circuit, validate_circuit
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.settings import Settings

_PARAMETER_TYPE = "float[64]"


def validate_qpy(text: str, settings: Settings, parameters: str | None = None) -> Validation:
    """Check a circuit; see `validate_circuit`.

    Args:
        text: Base64 of QPY.
        settings: The limits of the service.
        parameters: JSON object with the values of the parameters; None: they need no values.
    """
    try:
        circuit = drop_delays_without_unit(read_qpy(text, settings))
        translated = _first_text(circuit, settings, parameters)
    except CircuitError as error:
        return Validation(error.problems)
    validation = validate_circuit(translated.text, settings, translated.inputs)
    return replace(
        validation,
        problems=tuple(map(without_place, validation.problems)),
        inputs=tuple(IoDeclaration(each.name, _PARAMETER_TYPE) for each in circuit.parameters),
        registers=result_registers(circuit, validation.registers),
    )


def draw_qpy(text: str, settings: Settings, parameters: str | None = None) -> str:
    """Draw a circuit as SVG; arguments are those of `validate_qpy`. Raises CircuitError."""
    circuit = drop_delays_without_unit(read_qpy(text, settings))
    translated = _first_text(circuit, settings, parameters)
    return draw_circuit(translated.text, settings, translated.inputs)


def _first_text(circuit: QuantumCircuit, settings: Settings, parameters: str | None) -> QpyCircuit:
    """Return the text of a circuit, at the first element if it has none before it is bound."""
    if parameters is None:
        try:
            return QpyCircuit(export_text(circuit).text, None)
        except UnboundCircuit as error:
            raise circuit_error(UNSUPPORTED_CIRCUIT, error.message) from None
    bindings = bind_parameters(circuit.parameters, parameters, settings.max_sweep)
    try:
        return to_openqasm(circuit, bindings, None)
    except UnboundCircuit:
        bound = circuit.assign_parameters(next(bindings.elements()))
        return QpyCircuit(export_text(bound).text, None)
