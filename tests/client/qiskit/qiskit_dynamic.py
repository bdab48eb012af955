"""Dynamic circuits of Qiskit whose shots always have the same bits."""

from collections.abc import Callable

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Clbit, Duration, Gate, Parameter
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import PauliProductMeasurement
from qiskit.quantum_info import Pauli
from qiskit_aer.library import SaveStatevector


def _ones(qubits: int, bits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(qubits, bits)
    circuit.x(range(qubits))
    return circuit


def _loose() -> QuantumCircuit:
    """Return a circuit with bits in no register, in two registers, and in another order."""
    register = ClassicalRegister(2, "c")
    loose = [Clbit(), Clbit()]
    shared = ClassicalRegister(bits=[loose[1], register[0]], name="shared")
    circuit = QuantumCircuit(QuantumRegister(3), [loose[0]], register, [loose[1]], shared)
    circuit.x([0, 2])
    circuit.measure([0, 1, 2], [loose[0], register[0], loose[1]])
    with circuit.if_test((shared, 1)):
        circuit.x(1)
    circuit.measure(1, register[1])
    return circuit


def _branches() -> QuantumCircuit:
    circuit = _ones(2, 3)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 0)) as otherwise:
        circuit.reset(1)
    with otherwise:
        circuit.x(0)
        with circuit.if_test((circuit.cregs[0], 1)):
            circuit.measure(1, 2)
    circuit.measure(0, 1)
    return circuit


def _loops() -> QuantumCircuit:
    """Return a circuit with all kinds of loops; Aer fails to load it."""
    circuit = QuantumCircuit(3, 3)
    angle = Parameter("i")
    with circuit.for_loop(range(5, -1, -2), angle) as value:
        circuit.rx(value * 3.141592653589793, 0)  # 5 + 3 + 1 half turns
    with circuit.for_loop((0, 3, 1)):
        circuit.x(1)
        circuit.break_loop()
    with circuit.for_loop(range(2)):
        circuit.continue_loop()
        circuit.x(1)
    with circuit.for_loop([]):
        circuit.x(2)
    with circuit.while_loop((circuit.clbits[2], 0)):
        circuit.x(2)
        circuit.measure(2, 2)
    circuit.measure([0, 1], [0, 1])
    return circuit


def _switch() -> QuantumCircuit:
    circuit = _ones(3, 5)
    circuit.measure([0, 1], [0, 1])
    with circuit.switch(circuit.cregs[0]) as case:
        with case(0, 1):
            circuit.reset(2)
        with case(3):
            circuit.x(0)
        with case(case.DEFAULT):
            circuit.x(1)
    with circuit.switch(circuit.clbits[0]) as case, case(True):
        circuit.x(1)
    circuit.measure([0, 1, 2], [2, 3, 4])
    return circuit


def _expressions() -> QuantumCircuit:
    """Return a circuit with classical expressions; Aer does not support shifts."""
    first, second = ClassicalRegister(3, "a"), ClassicalRegister(3, "b")
    circuit = QuantumCircuit(QuantumRegister(6), first, second, ClassicalRegister(8, "c"))
    circuit.x([0, 2, 4])
    circuit.measure([0, 1, 2, 3, 4, 5], [*first, *second])  # a = 5, b = 2
    true = [
        expr.equal(expr.bit_xor(first, second), 7),
        expr.less(second, first),
        expr.logic_and(first[0], expr.logic_not(first[1])),
        expr.equal(expr.shift_left(second, 1), 4),
        expr.equal(expr.bit_not(first), 2),
        expr.index(first, 2),
        expr.bit_or(second[0], expr.bit_and(first[0], second[1])),
        expr.not_equal(expr.add(first, second), expr.sub(first, second)),
    ]
    for k, each in enumerate(true):
        circuit.reset(0)
        with circuit.if_test(each):
            circuit.x(0)
        circuit.measure(0, 6 + k)
    return circuit


def _variables() -> QuantumCircuit:
    """Return a circuit with variables; Aer reports the variable of a block as undeclared."""
    circuit = _ones(2, 3)
    flag = circuit.add_var("input", expr.lift(False))
    count = circuit.add_var("count", expr.lift(1, types.Uint(8)))
    circuit.measure(0, 0)
    circuit.store(flag, circuit.clbits[0])
    circuit.store(count, expr.add(count, 2))
    with circuit.if_test(flag):
        inner = circuit.add_var("inner", expr.lift(True))
        circuit.store(flag, expr.logic_not(inner))
        circuit.x(0)
    with circuit.while_loop(expr.less(count, 5)):
        circuit.store(count, expr.add(count, 1))
        circuit.x(1)
    circuit.store(circuit.clbits[1], expr.equal(count, 5))
    circuit.measure(1, 2)
    return circuit


def _subroutine() -> QuantumCircuit:
    """Return an instruction on bits in another order; Aer resets the qubit too early."""
    inner = QuantumCircuit(2, 2, name="measure")
    inner.x(0)
    inner.measure([0, 1], [0, 1])
    inner.reset(0)
    circuit = QuantumCircuit(3, 4)
    circuit.x(0)
    circuit.append(inner.to_instruction(), [2, 0], [3, 1])
    circuit.measure([0, 1], [0, 2])
    return circuit


def _state_preparation() -> QuantumCircuit:
    circuit = _ones(3, 3)
    circuit.initialize("10", [0, 2])
    circuit.initialize([0, 1], 1)
    circuit.barrier()
    circuit.measure(range(3), range(3))
    return circuit


def _box() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    with circuit.box(duration=100, unit="ns"):
        circuit.x(0)
    circuit.delay(20, 0, "ns")
    circuit.delay(circuit.add_stretch("gap"), 1)
    circuit.delay(expr.lift(Duration.us(1.5)), 0)
    circuit.measure([0, 1], [0, 1])
    return circuit


def _stores() -> QuantumCircuit:
    """Return a circuit that stores bits of a variable, a register as a whole, and a float."""
    circuit = QuantumCircuit(1, 8)
    value = circuit.add_var("value", expr.lift(circuit.cregs[0]))
    share = circuit.add_var("share", expr.lift(1.5))
    with circuit.if_test(expr.equal(value, 0)):
        circuit.store(expr.index(value, 6), expr.less(share, 2.0))
    with circuit.switch(value) as case, case(1, 64):
        circuit.store(share, expr.mul(share, 2.0))
    with circuit.if_test(expr.greater(share, 2.9)):
        circuit.store(expr.index(value, 0), True)
    circuit.store(circuit.cregs[0], value)
    return circuit


def _loop_variable() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    counter = expr.Var.new("k", types.Uint(8))
    with circuit.for_loop(range(4), counter), circuit.if_test(expr.greater(counter, 0)):
        circuit.x(0)
    circuit.measure(0, 0)
    return circuit


def _products() -> QuantumCircuit:
    """Return measurements of the products of Paulis XX and ZZ of a Bell pair."""
    circuit = QuantumCircuit(2, 3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.z(0)
    for k, paulis in enumerate(("XX", "ZZ", "XX")):
        circuit.append(PauliProductMeasurement(Pauli(paulis)), [0, 1], [k])
    return circuit


def _empty_register() -> QuantumCircuit:
    circuit = QuantumCircuit(QuantumRegister(1), ClassicalRegister(0, "none"))
    circuit.add_register(ClassicalRegister(2, "measure"))
    circuit.x(0)
    circuit.measure(0, 1)
    return circuit


def _many_registers() -> QuantumCircuit:
    registers = [ClassicalRegister(size, name) for name, size in (("x", 1), ("θ", 3), ("bit", 2))]
    circuit = QuantumCircuit(QuantumRegister(2, "q"), *registers, name="named", metadata={"k": 1})
    circuit.x(1)
    circuit.measure([0, 1, 1], [0, 3, 5])
    return circuit


DETERMINISTIC: dict[str, Callable[[], QuantumCircuit]] = {
    "loose and shared bits": _loose,
    "branches": _branches,
    "switch": _switch,
    "prepared states": _state_preparation,
    "a register without bits": _empty_register,
    "registers with reserved names": _many_registers,
}
"""Circuits whose shots all have the same bits."""

UNSUPPORTED_BY_AER: dict[str, tuple[Callable[[], QuantumCircuit], str]] = {
    "loops": (_loops, "111"),
    "expressions": (_expressions, "11111111 010 101"),
    "variables": (_variables, "111"),
    "a box and a delay": (_box, "01"),
    "stored variables": (_stores, "01000001"),
    "the variable of a loop": (_loop_variable, "1"),
    "products of Paulis": (_products, "101"),
    "an instruction that measures": (_subroutine, "1011"),
}
"""Circuits that Aer cannot run, with the bits of every shot."""


def _save_statevector() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.append(SaveStatevector(1), [0])
    return circuit


def _opaque() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.append(Gate("mystery", 2, []), [0, 1])
    return circuit


def _endless() -> QuantumCircuit:
    class Endless(Gate):
        def __init__(self) -> None:
            super().__init__("endless", 1, [])

        def _define(self) -> None:
            self.definition = QuantumCircuit(1)
            self.definition.append(Endless(), [0])

    circuit = QuantumCircuit(1)
    circuit.append(Endless(), [0])
    return circuit


def _square_in_a_loop() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    with circuit.for_loop(range(3), Parameter("i")) as value:
        circuit.rx(value * value, 0)
    return circuit


UNSUPPORTED: dict[str, Callable[[], QuantumCircuit]] = {
    "save_statevector": _save_statevector,
    "mystery": _opaque,
    "endless": _endless,
    "rx": _square_in_a_loop,
}
"""Circuits that cannot be exported, by the name of the unsupported instruction."""
