"""What a circuit's qubits, bits and variables are called where it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qiskit.circuit import ClassicalRegister, Clbit, Parameter, QuantumCircuit


@dataclass(frozen=True)
class Scope:
    """The names of a circuit's parts: of the whole, of a block, or of what a gate is made of.

    `qubits` and `bits` name those of the circuit in its order, `registers` the declared registers
    by the names of their bits, `loops` the variables of the loops around it.
    """

    circuit: QuantumCircuit
    qubits: Sequence[str]
    bits: Sequence[str]
    registers: Mapping[tuple[str, ...], str]
    variables: dict[Any, str] = field(default_factory=dict)
    loops: Mapping[Parameter, str] = field(default_factory=dict)

    def bit(self, bit: Clbit) -> str:
        index: int = self.circuit.find_bit(bit).index
        return self.bits[index]

    def register(self, register: ClassicalRegister) -> str | None:
        """The declared register with just these bits in this order, if there is one."""
        return self.registers.get(self.register_bits(register))

    def register_bits(self, register: ClassicalRegister) -> tuple[str, ...]:
        return tuple(self.bit(bit) for bit in register)

    def inner(self, circuit: QuantumCircuit, item: Any) -> "Scope":
        """The scope of a circuit that an instruction of this one holds."""
        find = self.circuit.find_bit
        return Scope(
            circuit,
            [self.qubits[find(qubit).index] for qubit in item.qubits],
            [self.bits[find(bit).index] for bit in item.clbits],
            self.registers,
            dict(self.variables),
            self.loops,
        )
