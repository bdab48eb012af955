"""What a circuit text becomes: everything an engine needs to know."""

from dataclasses import dataclass

from qiskit import QuantumCircuit


@dataclass(frozen=True)
class Register:
    """A bit register of the program, in the order of declaration; `bit c;` is one of size 1."""

    name: str
    size: int


@dataclass(frozen=True, eq=False)
class Program:
    """A checked circuit, ready to run.

    `circuit` holds the bits of `registers` first, in order; bits after them are hidden and belong
    to no result. `qubits_used` counts the qubits that an operation touches, `operations` the
    instructions of the circuit. `clifford`: a stabilizer simulator can run it. `dynamic`: what it
    does depends on a measurement. `records`: it writes to at least one bit. `final`: where all it
    measures is measured once and at its end, the (qubit, bit) pairs; None for any other program.
    """

    circuit: QuantumCircuit
    registers: tuple[Register, ...]
    qubits_used: int
    clifford: bool
    dynamic: bool
    records: bool
    operations: int
    final: tuple[tuple[int, int], ...] | None
    warnings: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """About how much memory the program takes to keep, in operations."""
        return self.operations + len(self.circuit.qubits) + len(self.circuit.clbits)

    @property
    def bits(self) -> int:
        """The number of bits in a result."""
        return sum(register.size for register in self.registers)
