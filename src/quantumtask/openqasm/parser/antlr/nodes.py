"""The nodes of a syntax tree: the classes and attributes of qdk that the compiler reads.

Lists have the order of the text. An optional part that the text does not have is None.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, TypeAlias, dataclass_transform

from quantumtask.openqasm.parser.antlr.enums import AccessControl as AccessControl
from quantumtask.openqasm.parser.antlr.enums import GateModifierName as GateModifierName
from quantumtask.openqasm.parser.antlr.enums import IOKeyword as IOKeyword
from quantumtask.openqasm.parser.antlr.enums import TimeUnit as TimeUnit


class Span(NamedTuple):
    """A half-open range of UTF-8 byte offsets."""

    lo: int
    hi: int


class Operator(NamedTuple):
    """An operator, as OpenQASM writes it."""

    value: str


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
@dataclass(frozen=True, eq=False)
class QASMNode:
    """A node with its span; every subclass becomes a frozen dataclass."""

    span: Span

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, eq=False)(cls)

    def children(self) -> list["QASMNode"]:
        """Return the direct children of the node."""
        return [node for part in fields(self) for node in _nodes(getattr(self, part.name))]


Nodes: TypeAlias = list[QASMNode]


def _nodes(value: Any) -> Iterator[QASMNode]:
    for item in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(item, QASMNode):
            yield item


class Annotation(QASMNode):
    """An annotation; `identifier` is its name, without the `@`."""

    identifier: str


class Statement(QASMNode):
    """A statement, with the annotations before it."""

    annotations: tuple[Annotation, ...] = field(default=(), kw_only=True)


class BitType(QASMNode):
    """The type `bit` or `bit[size]`."""

    size: QASMNode | None


class QubitType(QASMNode):
    """The type `qubit` or `qubit[size]`."""

    size: QASMNode | None


class IntType(QASMNode):
    """The type `int` or `int[size]`."""

    size: QASMNode | None


class UintType(QASMNode):
    """The type `uint` or `uint[size]`."""

    size: QASMNode | None


class AngleType(QASMNode):
    """The type `angle` or `angle[size]`."""

    size: QASMNode | None


class FloatType(QASMNode):
    """The type `float` or `float[size]`."""

    size: QASMNode | None


class ComplexType(QASMNode):
    """The type `complex` or `complex[base_type]`."""

    base_type: QASMNode | None


class BoolType(QASMNode):
    """The type `bool`."""


class DurationType(QASMNode):
    """The type `duration`."""


class StretchType(QASMNode):
    """The type `stretch`."""


class ArrayType(QASMNode):
    """The type `array[base_type, dimensions]`."""

    base_type: QASMNode
    dimensions: Nodes


class StaticArrayReferenceType(QASMNode):
    """The type of an array parameter with a fixed shape."""

    mutability: AccessControl
    base_type: QASMNode
    dimensions: Nodes


class DynArrayReferenceType(QASMNode):
    """The type of an array parameter with a fixed number of dimensions."""

    mutability: AccessControl
    base_type: QASMNode
    num_dimensions: QASMNode


class Identifier(QASMNode):
    """A name."""

    name: str


class IndexedIdentifier(QASMNode):
    """A name with indices, such as `q[0]`."""

    name: Identifier
    indices: Nodes


class HardwareQubit(QASMNode):
    """A physical qubit; `name` is its number, without the `$`."""

    name: str


class IntegerLiteral(QASMNode):
    """An integer."""

    value: int


class FloatLiteral(QASMNode):
    """A real number."""

    value: float


class ImaginaryLiteral(QASMNode):
    """An imaginary number, without the `im`."""

    value: float


class BooleanLiteral(QASMNode):
    """`true` or `false`."""

    value: bool


class BitstringLiteral(QASMNode):
    """A bit string; its last bit is the lowest bit of `value`."""

    value: int
    width: int


class DurationLiteral(QASMNode):
    """A number with a unit of time."""

    value: float
    unit: TimeUnit


class ArrayLiteral(QASMNode):
    """An array in braces."""

    values: Nodes


class UnaryExpression(QASMNode):
    """An operator and its operand."""

    op: Operator
    operand: QASMNode


class BinaryExpression(QASMNode):
    """An operator and its two operands."""

    op: Operator
    lhs: QASMNode
    rhs: QASMNode


class ParenExpression(QASMNode):
    """An expression in parentheses."""

    operand: QASMNode


class FunctionCall(QASMNode):
    """A call of a function or a subroutine."""

    name: Identifier
    args: Nodes


class Cast(QASMNode):
    """A conversion to a type."""

    type: QASMNode
    operand: QASMNode


class IndexExpression(QASMNode):
    """An expression with indices."""

    collection: QASMNode
    indices: Nodes


class Concatenation(QASMNode):
    """Registers joined by `++`."""

    operands: Nodes


class DurationOf(QASMNode):
    """`durationof({body})`."""

    body: Nodes


class QuantumMeasurement(QASMNode):
    """`measure`, as a value."""

    qubits: Nodes


class RangeDefinition(QASMNode):
    """`start:step:end`."""

    start: QASMNode | None
    step: QASMNode | None
    end: QASMNode | None


class DiscreteSet(QASMNode):
    """Indices in braces."""

    values: Nodes


class IndexList(QASMNode):
    """Indices in brackets."""

    values: Nodes


class Include(Statement):
    """The statement `include "filename";`."""

    filename: str


class Pragma(Statement):
    """`pragma command`."""

    command: str


class QubitDeclaration(Statement):
    """A declaration of a qubit or a register of qubits."""

    qubit: Identifier
    size: QASMNode | None


class ClassicalDeclaration(Statement):
    """A declaration of a variable."""

    type: QASMNode
    identifier: Identifier
    init_expr: QASMNode | None


class ConstantDeclaration(Statement):
    """The statement `const type identifier = init_expr;`."""

    type: QASMNode
    identifier: Identifier
    init_expr: QASMNode


class IODeclaration(Statement):
    """A declaration of an input or output variable."""

    io_keyword: IOKeyword
    type: QASMNode
    identifier: Identifier


class AliasStatement(Statement):
    """The statement `let target = exprs;`."""

    target: Identifier
    exprs: Nodes


class ClassicalAssignment(Statement):
    """The statement `lhs = rhs;`."""

    lhs: QASMNode
    rhs: QASMNode


class CompoundAssignment(Statement):
    """The statement `lhs op= rhs;`."""

    op: Operator
    lhs: QASMNode
    rhs: QASMNode


class ExpressionStatement(Statement):
    """An expression as a statement."""

    expr: QASMNode


class QuantumGateModifier(QASMNode):
    """A modifier before a gate call."""

    modifier: GateModifierName
    argument: QASMNode | None


class QuantumGate(Statement):
    """A gate call."""

    modifiers: Nodes
    name: Identifier
    args: Nodes
    duration: QASMNode | None
    qubits: Nodes


class QuantumPhase(Statement):
    """A call of `gphase`."""

    modifiers: Nodes
    args: Nodes
    duration: QASMNode | None
    qubits: Nodes


class QuantumMeasurementStatement(Statement):
    """The statement `measure qubits -> target;`."""

    qubits: Nodes
    target: QASMNode | None


class QuantumReset(Statement):
    """The statement `reset qubits;`."""

    qubits: Nodes


class QuantumBarrier(Statement):
    """The statement `barrier qubits;`."""

    qubits: Nodes


class DelayInstruction(Statement):
    """The statement `delay[duration] qubits;`."""

    duration: QASMNode
    qubits: Nodes


class Box(Statement):
    """`box[duration] {body}`."""

    duration: QASMNode | None
    body: Nodes


class CompoundStatement(Statement):
    """Statements in braces."""

    statements: Nodes


class BranchingStatement(Statement):
    """An `if` statement."""

    condition: QASMNode
    if_body: QASMNode
    else_body: QASMNode | None


class WhileLoop(Statement):
    """A `while` loop."""

    condition: QASMNode
    body: QASMNode


class ForInLoop(Statement):
    """A `for` loop."""

    type: QASMNode
    identifier: Identifier
    iterable: QASMNode
    body: QASMNode


class SwitchCase(QASMNode):
    """A `case` of a `switch` statement."""

    labels: Nodes
    body: Nodes


class SwitchStatement(Statement):
    """A `switch` statement."""

    target: QASMNode
    cases: list[SwitchCase]
    default: Nodes | None


class BreakStatement(Statement):
    """The statement `break;`."""


class ContinueStatement(Statement):
    """The statement `continue;`."""


class EndStatement(Statement):
    """The statement `end;`."""


class ReturnStatement(Statement):
    """The statement `return value;`."""

    value: QASMNode | None


class SubroutineParameter(QASMNode):
    """A parameter of a subroutine."""

    type: QASMNode
    identifier: Identifier


class SubroutineDefinition(Statement):
    """A `def` statement."""

    name: Identifier
    params: list[SubroutineParameter]
    return_type: QASMNode | None
    body: Nodes


class ExternDeclaration(Statement):
    """An `extern` statement."""

    name: Identifier
    param_types: Nodes
    return_type: QASMNode | None


class QuantumGateDefinition(Statement):
    """A `gate` statement."""

    name: Identifier
    params: list[Identifier]
    qubits: list[Identifier]
    body: Nodes


class CalibrationGrammarDeclaration(Statement):
    """A `defcalgrammar` statement."""


class CalibrationStatement(Statement):
    """A `cal` statement."""


class CalibrationDefinition(Statement):
    """A `defcal` statement."""
