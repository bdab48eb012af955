"""Export of a circuit as an OpenQASM 3 program that is equal up to a global phase."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from qiskit.circuit import Parameter, ParameterExpression, QuantumCircuit

from quantumtask.export.identifiers import Names
from quantumtask.export.instruction_writer import InstructionWriter
from quantumtask.export.parameter_expressions import values
from quantumtask.export.scope import Scope
from quantumtask.export.writer import UnsupportedCircuit, Writer

HEAD = ["OPENQASM 3.0;", 'include "qelib1.inc";']


@dataclass(frozen=True)
class ExportedProgram:
    """Program, and the expression of each of its `input float[64]` variables.

    Qubit k of the circuit is the k-th declared qubit, and bit k the k-th declared bit: bit k of a
    result, as an integer, is bit k of the circuit.
    """

    text: str
    inputs: Mapping[str, ParameterExpression]
    names: Names
    instructions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Names of gates in the text, by their names in a noise model."""

    def values(self, points: Mapping[Parameter, Any]) -> dict[str, np.ndarray[Any, Any]]:
        """Return the value of each input at each point of arrays of parameters."""
        return {name: values(expression, points) for name, expression in self.inputs.items()}

    def with_input(self) -> tuple[str, str]:
        """Return the text with one more, unused input, and the name of the input.

        An array for it makes a sweep of a program without inputs.
        """
        name = self.names.new("point", "point")
        head = "\n".join(HEAD)
        return f"{head}\ninput float[64] {name};{self.text.removeprefix(head)}", name


def lower(circuit: QuantumCircuit, errors: frozenset[str] | None = None) -> ExportedProgram:
    """Export a circuit.

    Args:
        circuit: Any circuit.
        errors: Names of the instructions with errors in a noise model; None without one.

    Raises:
        UnsupportedCircuit: OpenQASM cannot express the circuit.
    """
    if circuit.num_input_vars:
        raise UnsupportedCircuit("a circuit with input variables cannot be sent: use Parameters")
    writer = Writer() if errors is None else InstructionWriter(errors)
    quantum = writer.names.new("q", "q")
    registers = _registers(circuit, writer.names)
    scope = Scope(
        circuit,
        [f"{quantum}[{k}]" for k in range(circuit.num_qubits)],
        [bit for bits in registers for bit in bits],
        registers,
    )
    writer.body(scope)
    inputs = [f"input float[64] {name};" for name in writer.inputs]
    qubits = [f"qubit[{circuit.num_qubits}] {quantum};"] if circuit.num_qubits else []
    bits = [f"bit[{len(bits)}] {name};" for bits, name in registers.items()]
    gates = [f"gate {name}{definition}" for definition, name in writer.gates.items()]
    instructions: dict[str, frozenset[str]] = {}
    if isinstance(writer, InstructionWriter):
        gates += writer.own_gates
        instructions = {
            name: frozenset(gate_names) for name, gate_names in writer.instructions.items()
        }
    text = "\n".join([*HEAD, *inputs, *gates, *qubits, *bits, *writer.lines, ""])
    return ExportedProgram(text, dict(writer.inputs), writer.names, instructions)


def _registers(circuit: QuantumCircuit, names: Names) -> dict[tuple[str, ...], str]:
    """Return the registers to declare, by the names of their bits, in the order of the bits.

    Registers that share bits, and bits outside of registers, become one register of all bits.
    """
    registers = [register for register in circuit.cregs if len(register)]
    if [bit for register in registers for bit in register] == circuit.clbits:
        sizes = [(names.new(register.name, "c"), len(register)) for register in registers]
    else:
        sizes = [(names.new("bits", "bits"), circuit.num_clbits)]
    return {tuple(f"{name}[{k}]" for k in range(size)): name for name, size in sizes if size}
