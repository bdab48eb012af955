"""Steps -> a Qiskit circuit: definitions inlined, modifiers applied gate by gate.

Aer puts operations in an order that only shared qubits (not bits) are sure to keep, so a block of
`if` or `while` spans every qubit that the program touches, and a bit that is assigned a value is
measured from a qubit that has it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import (
    BreakLoopOp,
    CircuitInstruction,
    Clbit,
    ContinueLoopOp,
    IfElseOp,
    Operation,
    Qubit,
    WhileLoopOp,
)
from qiskit.circuit import Measure as QiskitMeasure
from qiskit.circuit import Reset as QiskitReset
from qiskit.circuit.classical import expr
from qiskit.circuit.library import XGate

from quantumtask.openqasm import inline
from quantumtask.openqasm.program import Program
from quantumtask.openqasm.steps import (
    Bit,
    Both,
    Branch,
    Call,
    Condition,
    Leave,
    Loop,
    Measure,
    Not,
    Plan,
    Reset,
    Step,
    Store,
)

NOTHING_MEASURED = "nothing is measured: every bit of the result is 0"


def lower(plan: Plan) -> Program:
    """The program that a plan describes, ready for an engine."""
    layout = _layout(plan)
    writer = _Writer(layout, layout.circuit)
    if True in layout.values:
        writer.append(XGate(), (layout.values[True],))
    writer.block(plan.steps)
    records = any(isinstance(s, Store) or (isinstance(s, Measure) and s.bit is not None)
                  for s in _flat(plan.steps))  # fmt: skip
    warnings = [*plan.warnings] if records else [*plan.warnings, NOTHING_MEASURED]
    return Program(
        layout.circuit,
        tuple(plan.bits),
        len(layout.touched),
        writer.clifford,
        writer.dynamic,
        records,
        writer.operations,
        _final(plan.steps),
        tuple(warnings),
    )


def _final(steps: Iterable[Step]) -> tuple[tuple[int, int], ...] | None:
    """The (qubit, bit) pairs of the measurements, if nothing comes after any of them."""
    source: dict[int, int] = {}
    ended: set[int] = set()
    for step in steps:
        if isinstance(step, Measure) and step.bit is not None and step.bit not in source:
            source[step.bit] = step.qubit
            ended.add(step.qubit)
        elif not isinstance(step, Call) or not ended.isdisjoint(step.qubits):
            return None
    return tuple((qubit, bit) for bit, qubit in source.items())


@dataclass(frozen=True)
class _Layout:
    """The circuit's bits. `touched`: qubits that any step uses, in order.

    `values`: the qubits that hold an assigned 0 and 1; `hidden`: the bit for outcomes that the
    program does not keep.
    """

    circuit: QuantumCircuit
    qubits: list[Qubit]
    clbits: list[Clbit]
    touched: list[int]
    values: dict[bool, int]
    hidden: int


def _layout(plan: Plan) -> _Layout:
    """An empty circuit with the program's registers first, then what it needs besides."""
    steps = list(_flat(plan.steps))
    registers = [QuantumRegister(r.size, r.name) for r in plan.qubits]
    bits = [ClassicalRegister(r.size, r.name) for r in plan.bits]
    count = sum(r.size for r in plan.qubits)
    values: dict[bool, int] = {}
    for value in sorted(_assigned(steps)):
        registers.append(QuantumRegister(1, f"always {int(value)}"))
        values[value] = count + len(values)
    if any(isinstance(step, Measure) and step.bit is None for step in steps):
        bits.append(ClassicalRegister(1, "not kept"))
    circuit = QuantumCircuit(*registers, *bits)
    touched = {qubit for step in steps for qubit in _qubits_of(step)} | set(values.values())
    if not touched and registers:
        touched = {0} if any(isinstance(s, (Branch, Loop)) for s in plan.steps) else set()
    hidden = sum(r.size for r in plan.bits)
    return _Layout(circuit, circuit.qubits, circuit.clbits, sorted(touched), values, hidden)


def _assigned(steps: Iterable[Step]) -> set[bool]:
    """The values that are assigned to bits."""
    stores = [step.value for step in steps if isinstance(step, Store)]
    if any(not isinstance(value, bool) for value in stores):
        return {True, False}
    return {value for value in stores if isinstance(value, bool)}


def _flat(steps: Iterable[Step]) -> Iterator[Step]:
    """All steps, those in blocks too, in no particular order."""
    pending = list(steps)
    while pending:
        step = pending.pop()
        if isinstance(step, Branch):
            pending += step.then + step.otherwise
        elif isinstance(step, Loop):
            pending += step.body
        else:
            yield step


def _qubits_of(step: Step) -> Iterable[int]:
    if isinstance(step, Call):
        return step.qubits
    return (step.qubit,) if isinstance(step, (Measure, Reset)) else ()


_MEASURE, _RESET = QiskitMeasure(), QiskitReset()


@dataclass
class _Writer:
    """Writes steps to a circuit, or to a block of one."""

    layout: _Layout
    circuit: QuantumCircuit
    clifford: bool = True
    dynamic: bool = False
    operations: int = 0
    _qubits: list[Qubit] = field(init=False)
    _clbits: list[Clbit] = field(init=False)

    def __post_init__(self) -> None:
        self._qubits, self._clbits = self.layout.qubits, self.layout.clbits

    def block(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if isinstance(step, Call):
                self._call(step)
            elif isinstance(step, Measure):
                bit = self.layout.hidden if step.bit is None else step.bit
                self.append(_MEASURE, (step.qubit,), (bit,))
            else:
                self._other(step)

    def append(self, operation: Operation, qubits: Sequence[int], bits: Sequence[int] = ()) -> None:
        self.operations += 1
        places = [self._qubits[q] for q in qubits]
        self.circuit._append(CircuitInstruction(operation, places, [self._clbits[b] for b in bits]))

    def _call(self, call: Call) -> None:
        for leaf in inline.leaves(call):
            if leaf.gate is None:
                self.circuit.global_phase += leaf.phase
            else:
                self.clifford = self.clifford and leaf.clifford
                self.append(leaf.gate, leaf.qubits)

    def _other(self, step: Step) -> None:
        if isinstance(step, Reset):
            self.append(_RESET, (step.qubit,))
        elif isinstance(step, Store):
            self._store(step)
        elif isinstance(step, Branch):
            self._branch(step)
        elif isinstance(step, Loop):
            body = self._body(step.body)
            self._flow(WhileLoopOp(self._condition(step.condition), body))
        elif isinstance(step, Leave):
            make = ContinueLoopOp if step.again else BreakLoopOp
            self._flow(make(len(self.layout.touched), len(self._clbits)))

    def _store(self, step: Store) -> None:
        if isinstance(step.value, bool):
            self.append(_MEASURE, (self.layout.values[step.value],), (step.bit,))
        else:
            self._branch(Branch(step.value, [Store(step.bit, True)], [Store(step.bit, False)]))

    def _branch(self, step: Branch) -> None:
        blocks = [self._body(step.then)]
        if step.otherwise:
            blocks.append(self._body(step.otherwise))
        self._flow(IfElseOp(self._condition(step.condition), *blocks))

    def _flow(self, operation: Operation) -> None:
        self.dynamic = True
        self.append(operation, self.layout.touched, range(len(self._clbits)))

    def _body(self, steps: Sequence[Step]) -> QuantumCircuit:
        """A block over all touched qubits; what it holds counts for the whole."""
        circuit = QuantumCircuit([self._qubits[q] for q in self.layout.touched], self._clbits)
        writer = _Writer(self.layout, circuit)
        writer.block(steps)
        self.clifford = self.clifford and writer.clifford
        self.operations += writer.operations
        return circuit

    def _condition(self, condition: Condition) -> expr.Expr:
        if isinstance(condition, bool):
            return expr.lift(condition)
        if isinstance(condition, Bit):
            return expr.lift(self._clbits[condition.number])
        if isinstance(condition, Not):
            return expr.logic_not(self._condition(condition.of))
        join = expr.logic_and if isinstance(condition, Both) else expr.logic_or
        return join(self._condition(condition.left), self._condition(condition.right))
