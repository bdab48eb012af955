"""Compilation of circuits in QPY, by way of OpenQASM text."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from quantumtask.engines.noise.request import resolve_device_gates
from quantumtask.engines.qpy.bindings import Bindings, bind_parameters
from quantumtask.engines.qpy.delays import drop_delays_without_unit
from quantumtask.engines.qpy.read import UNSUPPORTED_CIRCUIT, circuit_error, read_qpy
from quantumtask.export.noise_errors import rename_errors
from quantumtask.export.program import ExportedProgram, lower
from quantumtask.export.writer import UnboundCircuit, UnsupportedCircuit
from quantumtask.openqasm.compile import compile_sweep
from quantumtask.openqasm.inputs.array_codec import encode_array
from quantumtask.openqasm.program.program import Program, Register, Sweep
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import SIMULATOR, Problem
from quantumtask.shared.task_options import NoiseOption


@dataclass(frozen=True)
class QpyCircuit:
    """A circuit in QPY as OpenQASM text.

    Attributes:
        text: The text, with an `input` for each expression of parameters.
        inputs: JSON object with the values of the inputs; None without values.
        noise: Errors, with the names of the gates in the text; None without any.
    """

    text: str
    inputs: str | None
    noise: Mapping[str, Any] | None = None


def compile_qpy(
    text: str,
    parameters: str | None,
    settings: Settings,
    backend: str = SIMULATOR,
    noise: NoiseOption = None,
) -> tuple[Sweep, NoiseOption]:
    """Compile a circuit at each element of its values.

    Args:
        text: Base64 of QPY.
        parameters: JSON object with the values of the parameters.
        settings: The limits of the service.
        backend: The option `backend` of the task.
        noise: The option `noise` of the task. Without a device, its errors name gates of the
            circuit.

    Returns:
        The programs, and the option `noise` for them.

    Raises:
        CircuitError: the circuit or a value is wrong.
    """
    circuit = read_qpy(text, settings)
    if backend == SIMULATOR and not isinstance(noise, str):
        circuit = drop_delays_without_unit(circuit)
    bindings = bind_parameters(circuit.parameters, parameters, settings.max_sweep)
    target = _Target(settings, backend, noise)
    try:
        translated = to_openqasm(circuit, bindings, target.named_noise)
    except UnboundCircuit:
        sweep, noise = _compile_each(circuit, bindings, target)
    else:
        sweep, noise = target.compile(translated), target.noise_of(translated)
    return _with_registers(sweep, circuit), noise


class _Target:
    """The backend and the noise of a task, for which texts are compiled."""

    def __init__(self, settings: Settings, backend: str, noise: NoiseOption) -> None:
        self._settings, self._backend, self._noise = settings, backend, noise

    @property
    def named_noise(self) -> Mapping[str, Any] | None:
        """The errors that name gates of the circuit; None without any."""
        named = isinstance(self._noise, Mapping) and self._backend == SIMULATOR
        return self._noise if named else None  # type: ignore[return-value]

    def noise_of(self, circuit: QpyCircuit) -> NoiseOption:
        """Return the option `noise` for the text of a circuit."""
        return self._noise if circuit.noise is None else circuit.noise

    def compile(self, circuit: QpyCircuit) -> Sweep:
        """Compile a text. Raises CircuitError."""
        noise = self.noise_of(circuit)
        device = None
        if noise is not None or self._backend != SIMULATOR:
            device = resolve_device_gates(self._backend, noise)
        try:
            return compile_sweep(circuit.text, self._settings, circuit.inputs, device)
        except CircuitError as error:
            raise CircuitError(*map(without_place, error.problems)) from None


def _compile_each(
    circuit: QuantumCircuit, bindings: Bindings, target: _Target
) -> tuple[Sweep, NoiseOption]:
    """Compile a circuit whose definitions need the values of parameters, at each element."""
    first = next(_bound_circuits(circuit, bindings, target))

    def others() -> Iterator[Program]:
        for each in islice(_bound_circuits(circuit, bindings, target), 1, None):
            yield target.compile(each).program

    return Sweep(bindings.shape, target.compile(first).program, others), target.noise_of(first)


def _bound_circuits(
    circuit: QuantumCircuit, bindings: Bindings, target: _Target
) -> Iterator[QpyCircuit]:
    for values in bindings.elements():
        bound = circuit.assign_parameters(values)
        yield to_openqasm(bound, Bindings((), {}), target.named_noise)


def to_openqasm(
    circuit: QuantumCircuit, bindings: Bindings, noise: Mapping[str, Any] | None
) -> QpyCircuit:
    """Return the text of a circuit.

    Args:
        circuit: The circuit.
        bindings: The values of its parameters.
        noise: Errors that name gates of the circuit; None without any.

    Raises:
        CircuitError: OpenQASM cannot express the circuit.
        UnboundCircuit: the same, before its parameters are bound.
    """
    exported = export_text(circuit, noise)
    if noise is not None:
        noise = {**noise, **rename_errors(noise["errors"], circuit, exported)}
    inputs = exported.values(bindings.values)
    text, shapes = exported.text, [array.shape for array in inputs.values()]
    if np.broadcast_shapes(*shapes) != bindings.shape:  # of parameters that no gate depends on
        text, name = exported.with_input()
        inputs[name] = np.zeros(bindings.shape)
    encoded = {name: encode_array(array) for name, array in inputs.items()}
    return QpyCircuit(text, json.dumps(encoded) if encoded else None, noise)


def export_text(circuit: QuantumCircuit, noise: Mapping[str, Any] | None = None) -> ExportedProgram:
    """Export a circuit; raise as `to_openqasm` does."""
    names = None
    if noise is not None:
        names = frozenset(
            name for error in noise["errors"] for name in error.get("operations") or ()
        )
    try:
        return lower(circuit, names)
    except UnboundCircuit:
        raise
    except UnsupportedCircuit as error:
        raise circuit_error(UNSUPPORTED_CIRCUIT, error.message) from None


def without_place(problem: Problem) -> Problem:
    """Return a problem without its place."""
    return replace(problem, line=None, column=None, end_line=None, end_column=None)


def _with_registers(sweep: Sweep, circuit: QuantumCircuit) -> Sweep:
    """Return the sweep with the names of the registers in the circuit, and the bits of each."""
    bits = {
        register.name: tuple(circuit.find_bit(bit).index for bit in register)
        for register in circuit.cregs
    }
    registers = result_registers(circuit, sweep.program.registers)
    return replace(sweep, program=replace(sweep.program, registers=registers), register_bits=bits)


def result_registers(
    circuit: QuantumCircuit, declared: tuple[Register, ...]
) -> tuple[Register, ...]:
    """Return the registers of a result, with their names in the circuit.

    Args:
        declared: The registers of the text: the same ones, or one of all bits if the registers of
            the circuit share bits, or leave some out.
    """
    registers = [register for register in circuit.cregs if len(register)]
    if [bit for register in registers for bit in register] != circuit.clbits:
        return declared
    return tuple(Register(register.name, len(register)) for register in registers)
