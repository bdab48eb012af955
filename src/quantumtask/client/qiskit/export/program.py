"""A Qiskit circuit as an OpenQASM 3 program that means the same, up to a global phase."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from qiskit.circuit import Parameter, ParameterExpression, QuantumCircuit

from quantumtask.client.qiskit.export.identifiers import Names
from quantumtask.client.qiskit.export.instruction_writer import InstructionWriter
from quantumtask.client.qiskit.export.parameter_expressions import values
from quantumtask.client.qiskit.export.scope import Scope
from quantumtask.client.qiskit.export.writer import UnsupportedCircuit, Writer

HEAD = ["OPENQASM 3.0;", 'include "qelib1.inc";']


@dataclass(frozen=True)
class Lowered:
    """A program, and the expression that each of its `input float[64]` stands for.

    Qubit k of the circuit is the k-th that is declared, and so is each of its bits: bit k of a
    result, as an integer, is the circuit's bit k.
    """

    text: str
    inputs: Mapping[str, ParameterExpression]
    names: Names
    instructions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The names of gates in the text, by their names in a noise model."""

    def values(self, given: Mapping[Parameter, Any]) -> dict[str, np.ndarray[Any, Any]]:
        """The value of each input at each point of arrays of parameters."""
        return {name: values(expression, given) for name, expression in self.inputs.items()}

    def with_input(self) -> tuple[str, str]:
        """The text with one more input, which nothing depends on, and that input's name.

        An array for it makes a sweep of a program that has no input of its own.
        """
        name = self.names.new("point", "point")
        head = "\n".join(HEAD)
        return f"{head}\ninput float[64] {name};{self.text.removeprefix(head)}", name


def lower(circuit: QuantumCircuit, errors: frozenset[str] | None = None) -> Lowered:
    """The program of a circuit. Raises UnsupportedCircuit if OpenQASM cannot express it.

    `errors`: the names of the instructions with errors in a noise model; None without one.
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
        instructions = {name: frozenset(found) for name, found in writer.instructions.items()}
    text = "\n".join([*HEAD, *inputs, *gates, *qubits, *bits, *writer.lines, ""])
    return Lowered(text, dict(writer.inputs), writer.names, instructions)


def _registers(circuit: QuantumCircuit, names: Names) -> dict[tuple[str, ...], str]:
    """The registers to declare, by the names of their bits, in the order of the circuit's bits.

    Registers that share bits, or bits that are in none, become one register of all bits.
    """
    registers = [register for register in circuit.cregs if len(register)]
    if [bit for register in registers for bit in register] == circuit.clbits:
        sizes = [(names.new(register.name, "c"), len(register)) for register in registers]
    else:
        sizes = [(names.new("bits", "bits"), circuit.num_clbits)]
    return {tuple(f"{name}[{k}]" for k in range(size)): name for name, size in sizes if size}
