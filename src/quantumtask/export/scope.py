"""Names of the qubits, bits and variables of a circuit in its text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from qiskit.circuit import ClassicalRegister, Clbit, Parameter, QuantumCircuit, Qubit


@dataclass(frozen=True)
class Scope:
    """Names of the parts of a circuit, of a block, or of the definition of a gate.

    Attributes:
        qubits, bits: Names in the order of the circuit.
        registers: Declared registers by the names of their bits.
        loops: Variables of the enclosing loops.
    """

    circuit: QuantumCircuit
    qubits: Sequence[str]
    bits: Sequence[str]
    registers: Mapping[tuple[str, ...], str]
    variables: dict[Any, str] = field(default_factory=dict)
    loops: Mapping[Parameter, str] = field(default_factory=dict)

    @cached_property
    def name_of_qubit(self) -> dict[Qubit, str]:
        """Name of each qubit of the circuit."""
        return dict(zip(self.circuit.qubits, self.qubits, strict=True))

    def bit(self, bit: Clbit) -> str:
        """Return the name of a bit."""
        index: int = self.circuit.find_bit(bit).index
        return self.bits[index]

    def register(self, register: ClassicalRegister) -> str | None:
        """Return the declared register with exactly these bits in this order; None without one."""
        return self.registers.get(self.register_bits(register))

    def register_bits(self, register: ClassicalRegister) -> tuple[str, ...]:
        """Return the names of the bits of a register."""
        return tuple(self.bit(bit) for bit in register)

    def inner(self, circuit: QuantumCircuit, item: Any) -> "Scope":
        """Return the scope of a circuit inside an instruction of this circuit."""
        find = self.circuit.find_bit
        return Scope(
            circuit,
            [self.qubits[find(qubit).index] for qubit in item.qubits],
            [self.bits[find(bit).index] for bit in item.clbits],
            self.registers,
            dict(self.variables),
            self.loops,
        )
