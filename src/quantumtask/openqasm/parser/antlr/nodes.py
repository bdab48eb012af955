"""The nodes of a syntax tree: the classes and attributes of qdk that the compiler reads.

This file has the nodes of statements, and exports all other nodes.
"""

from dataclasses import field

from quantumtask.openqasm.parser.antlr.enums import AccessControl as AccessControl
from quantumtask.openqasm.parser.antlr.enums import GateModifierName as GateModifierName
from quantumtask.openqasm.parser.antlr.enums import IOKeyword as IOKeyword
from quantumtask.openqasm.parser.antlr.enums import TimeUnit as TimeUnit
from quantumtask.openqasm.parser.antlr.expression_nodes import AngleType as AngleType
from quantumtask.openqasm.parser.antlr.expression_nodes import ArrayLiteral as ArrayLiteral
from quantumtask.openqasm.parser.antlr.expression_nodes import ArrayType as ArrayType
from quantumtask.openqasm.parser.antlr.expression_nodes import BinaryExpression as BinaryExpression
from quantumtask.openqasm.parser.antlr.expression_nodes import BitstringLiteral as BitstringLiteral
from quantumtask.openqasm.parser.antlr.expression_nodes import BitType as BitType
from quantumtask.openqasm.parser.antlr.expression_nodes import BooleanLiteral as BooleanLiteral
from quantumtask.openqasm.parser.antlr.expression_nodes import BoolType as BoolType
from quantumtask.openqasm.parser.antlr.expression_nodes import Cast as Cast
from quantumtask.openqasm.parser.antlr.expression_nodes import ComplexType as ComplexType
from quantumtask.openqasm.parser.antlr.expression_nodes import Concatenation as Concatenation
from quantumtask.openqasm.parser.antlr.expression_nodes import DiscreteSet as DiscreteSet
from quantumtask.openqasm.parser.antlr.expression_nodes import DurationLiteral as DurationLiteral
from quantumtask.openqasm.parser.antlr.expression_nodes import DurationOf as DurationOf
from quantumtask.openqasm.parser.antlr.expression_nodes import DurationType as DurationType
from quantumtask.openqasm.parser.antlr.expression_nodes import (
    DynArrayReferenceType as DynArrayReferenceType,
)
from quantumtask.openqasm.parser.antlr.expression_nodes import FloatLiteral as FloatLiteral
from quantumtask.openqasm.parser.antlr.expression_nodes import FloatType as FloatType
from quantumtask.openqasm.parser.antlr.expression_nodes import FunctionCall as FunctionCall
from quantumtask.openqasm.parser.antlr.expression_nodes import HardwareQubit as HardwareQubit
from quantumtask.openqasm.parser.antlr.expression_nodes import Identifier as Identifier
from quantumtask.openqasm.parser.antlr.expression_nodes import ImaginaryLiteral as ImaginaryLiteral
from quantumtask.openqasm.parser.antlr.expression_nodes import (
    IndexedIdentifier as IndexedIdentifier,
)
from quantumtask.openqasm.parser.antlr.expression_nodes import IndexExpression as IndexExpression
from quantumtask.openqasm.parser.antlr.expression_nodes import IndexList as IndexList
from quantumtask.openqasm.parser.antlr.expression_nodes import IntegerLiteral as IntegerLiteral
from quantumtask.openqasm.parser.antlr.expression_nodes import IntType as IntType
from quantumtask.openqasm.parser.antlr.expression_nodes import ParenExpression as ParenExpression
from quantumtask.openqasm.parser.antlr.expression_nodes import (
    QuantumMeasurement as QuantumMeasurement,
)
from quantumtask.openqasm.parser.antlr.expression_nodes import QubitType as QubitType
from quantumtask.openqasm.parser.antlr.expression_nodes import RangeDefinition as RangeDefinition
from quantumtask.openqasm.parser.antlr.expression_nodes import (
    StaticArrayReferenceType as StaticArrayReferenceType,
)
from quantumtask.openqasm.parser.antlr.expression_nodes import StretchType as StretchType
from quantumtask.openqasm.parser.antlr.expression_nodes import UintType as UintType
from quantumtask.openqasm.parser.antlr.expression_nodes import UnaryExpression as UnaryExpression
from quantumtask.openqasm.parser.antlr.node_base import Nodes as Nodes
from quantumtask.openqasm.parser.antlr.node_base import Operator as Operator
from quantumtask.openqasm.parser.antlr.node_base import QASMNode as QASMNode
from quantumtask.openqasm.parser.antlr.node_base import Span as Span


class Annotation(QASMNode):
    """An annotation; `identifier` is its name, without the `@`."""

    identifier: str


class Statement(QASMNode):
    """A statement, with the annotations before it."""

    annotations: tuple[Annotation, ...] = field(default=(), kw_only=True)


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
