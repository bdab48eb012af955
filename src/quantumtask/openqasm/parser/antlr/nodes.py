"""The nodes of a syntax tree: the classes and attributes of qdk's that this room looks at.

Lists are in the order of the text, and a part that is not written is None.
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
    """Any node; every class below it becomes a frozen dataclass."""

    span: Span

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, eq=False)(cls)

    def children(self) -> list["QASMNode"]:
        """The nodes right below this one."""
        return [node for part in fields(self) for node in _nodes(getattr(self, part.name))]


Nodes: TypeAlias = list[QASMNode]


def _nodes(value: Any) -> Iterator[QASMNode]:
    for item in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(item, QASMNode):
            yield item


class Annotation(QASMNode):
    """`identifier`: its name, without the `@`."""

    identifier: str


class Statement(QASMNode):
    annotations: tuple[Annotation, ...] = field(default=(), kw_only=True)


class BitType(QASMNode):
    size: QASMNode | None


class QubitType(QASMNode):
    size: QASMNode | None


class IntType(QASMNode):
    size: QASMNode | None


class UintType(QASMNode):
    size: QASMNode | None


class AngleType(QASMNode):
    size: QASMNode | None


class FloatType(QASMNode):
    size: QASMNode | None


class ComplexType(QASMNode):
    base_type: QASMNode | None


class BoolType(QASMNode): ...


class DurationType(QASMNode): ...


class StretchType(QASMNode): ...


class ArrayType(QASMNode):
    base_type: QASMNode
    dimensions: Nodes


class StaticArrayReferenceType(QASMNode):
    mutability: AccessControl
    base_type: QASMNode
    dimensions: Nodes


class DynArrayReferenceType(QASMNode):
    mutability: AccessControl
    base_type: QASMNode
    num_dimensions: QASMNode


class Identifier(QASMNode):
    name: str


class IndexedIdentifier(QASMNode):
    name: Identifier
    indices: Nodes


class HardwareQubit(QASMNode):
    name: str


class IntegerLiteral(QASMNode):
    value: int


class FloatLiteral(QASMNode):
    value: float


class ImaginaryLiteral(QASMNode):
    value: float


class BooleanLiteral(QASMNode):
    value: bool


class BitstringLiteral(QASMNode):
    value: int
    width: int


class DurationLiteral(QASMNode):
    value: float
    unit: TimeUnit


class ArrayLiteral(QASMNode):
    values: Nodes


class UnaryExpression(QASMNode):
    op: Operator
    operand: QASMNode


class BinaryExpression(QASMNode):
    op: Operator
    lhs: QASMNode
    rhs: QASMNode


class ParenExpression(QASMNode):
    operand: QASMNode


class FunctionCall(QASMNode):
    name: Identifier
    args: Nodes


class Cast(QASMNode):
    type: QASMNode
    operand: QASMNode


class IndexExpression(QASMNode):
    collection: QASMNode
    indices: Nodes


class Concatenation(QASMNode):
    operands: Nodes


class DurationOf(QASMNode):
    body: Nodes


class QuantumMeasurement(QASMNode):
    qubits: Nodes


class RangeDefinition(QASMNode):
    start: QASMNode | None
    step: QASMNode | None
    end: QASMNode | None


class DiscreteSet(QASMNode):
    values: Nodes


class IndexList(QASMNode):
    values: Nodes


class Include(Statement):
    filename: str


class Pragma(Statement):
    command: str


class QubitDeclaration(Statement):
    qubit: Identifier
    size: QASMNode | None


class ClassicalDeclaration(Statement):
    type: QASMNode
    identifier: Identifier
    init_expr: QASMNode | None


class ConstantDeclaration(Statement):
    type: QASMNode
    identifier: Identifier
    init_expr: QASMNode


class IODeclaration(Statement):
    io_keyword: IOKeyword
    type: QASMNode
    identifier: Identifier


class AliasStatement(Statement):
    target: Identifier
    exprs: Nodes


class ClassicalAssignment(Statement):
    lhs: QASMNode
    rhs: QASMNode


class CompoundAssignment(Statement):
    op: Operator
    lhs: QASMNode
    rhs: QASMNode


class ExpressionStatement(Statement):
    expr: QASMNode


class QuantumGateModifier(QASMNode):
    modifier: GateModifierName
    argument: QASMNode | None


class QuantumGate(Statement):
    modifiers: Nodes
    name: Identifier
    args: Nodes
    duration: QASMNode | None
    qubits: Nodes


class QuantumPhase(Statement):
    modifiers: Nodes
    args: Nodes
    duration: QASMNode | None
    qubits: Nodes


class QuantumMeasurementStatement(Statement):
    qubits: Nodes
    target: QASMNode | None


class QuantumReset(Statement):
    qubits: Nodes


class QuantumBarrier(Statement):
    qubits: Nodes


class DelayInstruction(Statement):
    duration: QASMNode
    qubits: Nodes


class Box(Statement):
    duration: QASMNode | None
    body: Nodes


class CompoundStatement(Statement):
    statements: Nodes


class BranchingStatement(Statement):
    condition: QASMNode
    if_body: QASMNode
    else_body: QASMNode | None


class WhileLoop(Statement):
    condition: QASMNode
    body: QASMNode


class ForInLoop(Statement):
    type: QASMNode
    identifier: Identifier
    iterable: QASMNode
    body: QASMNode


class SwitchCase(QASMNode):
    labels: Nodes
    body: Nodes


class SwitchStatement(Statement):
    target: QASMNode
    cases: list[SwitchCase]
    default: Nodes | None


class BreakStatement(Statement): ...


class ContinueStatement(Statement): ...


class EndStatement(Statement): ...


class ReturnStatement(Statement):
    value: QASMNode | None


class SubroutineParameter(QASMNode):
    type: QASMNode
    identifier: Identifier


class SubroutineDefinition(Statement):
    name: Identifier
    params: list[SubroutineParameter]
    return_type: QASMNode | None
    body: Nodes


class ExternDeclaration(Statement):
    name: Identifier
    param_types: Nodes
    return_type: QASMNode | None


class QuantumGateDefinition(Statement):
    name: Identifier
    params: list[Identifier]
    qubits: list[Identifier]
    body: Nodes


class CalibrationGrammarDeclaration(Statement): ...


class CalibrationStatement(Statement): ...


class CalibrationDefinition(Statement): ...
