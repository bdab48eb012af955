"""The nodes of types, operands and expressions.

Lists have the order of the text. An optional part that the text does not have is None.
"""

from quantumtask.openqasm.parser.antlr.enums import AccessControl, TimeUnit
from quantumtask.openqasm.parser.antlr.node_base import Nodes, Operator, QASMNode


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
