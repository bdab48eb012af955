"""Statements of the grammar -> nodes: a function for each of its rules."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from quantumtask.openqasm.parser.antlr import nodes
from quantumtask.openqasm.parser.antlr.tree import (
    Handler,
    TreeConverter,
    convert_all,
    convert_identifier,
    convert_list,
)
from quantumtask.openqasm.text.source import Diagnostic


def _either(reader: TreeConverter, tree: Any) -> Any:
    return reader.node(tree.scope() or tree.statement())


def _statement(reader: TreeConverter, tree: Any) -> Any:
    """A statement, whose annotations are a part of it."""
    *notes, last = tree.getChildren()
    found = reader.node(last)
    if not notes:
        return found
    return replace(found, span=reader.span(tree), annotations=tuple(convert_all(reader, notes)))


def _annotation(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.Annotation(reader.span(tree), tree.AnnotationKeyword().getText()[1:])


def _scope(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.CompoundStatement(reader.span(tree), convert_all(reader, tree.statementOrScope()))


def _body(reader: TreeConverter, tree: Any) -> list[nodes.QASMNode]:
    return convert_all(reader, tree.scope().statementOrScope())


def _include(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.Include(reader.span(tree), tree.StringLiteral().getText()[1:-1])


def _pragma(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.Pragma(reader.span(tree), tree.RemainingLineContent().getText())


def _only_a_span(kind: Callable[[nodes.Span], nodes.QASMNode]) -> Handler:
    return lambda reader, tree: kind(reader.span(tree))


def _qubits(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    name = convert_identifier(reader, tree.Identifier())
    size = reader.maybe(tree.qubitType().designator())
    return nodes.QubitDeclaration(reader.span(tree), name, size)


def _old_style(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    """`qreg q[2];` and `creg c[2];`"""
    span, name = reader.span(tree), convert_identifier(reader, tree.Identifier())
    size = reader.maybe(tree.designator())
    if tree.QREG():
        return nodes.QubitDeclaration(span, name, size)
    return nodes.ClassicalDeclaration(span, nodes.BitType(span, size), name, None)


def _variable(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    to = reader.node(tree.scalarType() or tree.arrayType())
    value = reader.maybe(tree.declarationExpression())
    name = convert_identifier(reader, tree.Identifier())
    return nodes.ClassicalDeclaration(reader.span(tree), to, name, value)


def _constant(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    to, value = reader.node(tree.scalarType()), reader.node(tree.declarationExpression())
    name = convert_identifier(reader, tree.Identifier())
    return nodes.ConstantDeclaration(reader.span(tree), to, name, value)


def _in_or_out(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    to = reader.node(tree.scalarType() or tree.arrayType())
    name = convert_identifier(reader, tree.Identifier())
    return nodes.IODeclaration(reader.span(tree), nodes.IOKeyword(tree.start.text), to, name)


def _alias(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    parts = convert_all(reader, tree.aliasExpression().expression())
    return nodes.AliasStatement(
        reader.span(tree), convert_identifier(reader, tree.Identifier()), parts
    )


def _assignment(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    target = reader.node(tree.indexedIdentifier())
    value = reader.node(tree.expression() or tree.measureExpression())
    operator = nodes.Operator(tree.op.text.removesuffix("="))
    if not operator.value:
        return nodes.ClassicalAssignment(reader.span(tree), target, value)
    return nodes.CompoundAssignment(reader.span(tree), operator, target, value)


def _expression(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.ExpressionStatement(reader.span(tree), reader.node(tree.expression()))


def _modifier(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    kind = nodes.GateModifierName(tree.start.text)
    return nodes.QuantumGateModifier(reader.span(tree), kind, reader.maybe(tree.expression()))


def _gate_call(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    span = reader.span(tree)
    modifiers = convert_all(reader, tree.gateModifier())
    args = convert_list(reader, tree.expressionList())
    duration = reader.maybe(tree.designator())
    qubits = convert_list(reader, tree.gateOperandList())
    if tree.GPHASE():
        return nodes.QuantumPhase(span, modifiers, args, duration, qubits)
    name = convert_identifier(reader, tree.Identifier())
    return nodes.QuantumGate(span, modifiers, name, args, duration, qubits)


def _measure_arrow(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    qubits = reader.node(tree.measureExpression()).qubits
    target = reader.maybe(tree.indexedIdentifier())
    return nodes.QuantumMeasurementStatement(reader.span(tree), qubits, target)


def _reset(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.QuantumReset(reader.span(tree), [reader.node(tree.gateOperand())])


def _barrier(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.QuantumBarrier(reader.span(tree), convert_list(reader, tree.gateOperandList()))


def _delay(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    duration, qubits = reader.node(tree.designator()), convert_list(reader, tree.gateOperandList())
    return nodes.DelayInstruction(reader.span(tree), duration, qubits)


def _box(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.Box(reader.span(tree), reader.maybe(tree.designator()), _body(reader, tree))


def _branch(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    condition, body = reader.node(tree.expression()), reader.node(tree.if_body)
    otherwise = reader.maybe(tree.else_body)
    return nodes.BranchingStatement(reader.span(tree), condition, body, otherwise)


def _while(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    condition, body = reader.node(tree.expression()), reader.node(tree.body)
    return nodes.WhileLoop(reader.span(tree), condition, body)


def _for(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    to, name = reader.node(tree.scalarType()), convert_identifier(reader, tree.Identifier())
    values = reader.node(tree.setExpression() or tree.rangeExpression() or tree.expression())
    if tree.rangeExpression():
        brackets = reader.between(tree.LBRACKET().symbol, tree.RBRACKET().symbol)
        values = replace(values, span=brackets)
    return nodes.ForInLoop(reader.span(tree), to, name, values, reader.node(tree.body))


def _switch(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    target = reader.node(tree.expression())
    cases: list[nodes.SwitchCase] = []
    default: list[nodes.QASMNode] | None = None
    for item in tree.switchCaseItem():
        if default is not None:
            message = "nothing can follow the `default` of a `switch`"
            raise Diagnostic("syntax_error", message, reader.span(item))
        if item.DEFAULT():
            default = _body(reader, item)
        else:
            labels = convert_list(reader, item.expressionList())
            cases.append(nodes.SwitchCase(reader.span(item), labels, _body(reader, item)))
    return nodes.SwitchStatement(reader.span(tree), target, cases, default)


def _return(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    value = reader.maybe(tree.expression() or tree.measureExpression())
    return nodes.ReturnStatement(reader.span(tree), value)


def _parameter(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    span, name = reader.span(tree), convert_identifier(reader, tree.Identifier())
    if tree.CREG() or tree.QREG():
        kind = nodes.BitType if tree.CREG() else nodes.QubitType
        return nodes.SubroutineParameter(span, kind(span, reader.maybe(tree.designator())), name)
    to = reader.node(tree.scalarType() or tree.qubitType() or tree.arrayReferenceType())
    return nodes.SubroutineParameter(span, to, name)


def _subroutine(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    name = convert_identifier(reader, tree.Identifier())
    parameters = convert_list(reader, tree.argumentDefinitionList())
    result, body = reader.maybe(tree.returnSignature()), _body(reader, tree)
    return nodes.SubroutineDefinition(reader.span(tree), name, parameters, result, body)


def _extern_parameter(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    if tree.CREG():
        return nodes.BitType(reader.span(tree), reader.maybe(tree.designator()))
    return reader.node(tree.getChild(0))  # type: ignore[no-any-return]


def _extern(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    name = convert_identifier(reader, tree.Identifier())
    parameters = convert_list(reader, tree.externArgumentList())
    result = reader.maybe(tree.returnSignature())
    return nodes.ExternDeclaration(reader.span(tree), name, parameters, result)


def _gate(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    name = convert_identifier(reader, tree.Identifier())
    params, qubits = _names(reader, tree.params), _names(reader, tree.qubits)
    return nodes.QuantumGateDefinition(reader.span(tree), name, params, qubits, _body(reader, tree))


def _names(reader: TreeConverter, tree: Any) -> list[nodes.Identifier]:
    return [] if tree is None else [convert_identifier(reader, leaf) for leaf in tree.Identifier()]


STATEMENTS: dict[str, Handler] = {
    "StatementOrScope": _either,
    "Statement": _statement,
    "Annotation": _annotation,
    "Scope": _scope,
    "IncludeStatement": _include,
    "Pragma": _pragma,
    "QuantumDeclarationStatement": _qubits,
    "OldStyleDeclarationStatement": _old_style,
    "ClassicalDeclarationStatement": _variable,
    "ConstDeclarationStatement": _constant,
    "IoDeclarationStatement": _in_or_out,
    "AliasDeclarationStatement": _alias,
    "AssignmentStatement": _assignment,
    "ExpressionStatement": _expression,
    "GateModifier": _modifier,
    "GateCallStatement": _gate_call,
    "MeasureArrowAssignmentStatement": _measure_arrow,
    "ResetStatement": _reset,
    "BarrierStatement": _barrier,
    "DelayStatement": _delay,
    "BoxStatement": _box,
    "IfStatement": _branch,
    "WhileStatement": _while,
    "ForStatement": _for,
    "SwitchStatement": _switch,
    "BreakStatement": _only_a_span(nodes.BreakStatement),
    "ContinueStatement": _only_a_span(nodes.ContinueStatement),
    "EndStatement": _only_a_span(nodes.EndStatement),
    "ReturnStatement": _return,
    "ArgumentDefinition": _parameter,
    "DefStatement": _subroutine,
    "ExternArgument": _extern_parameter,
    "ExternStatement": _extern,
    "GateStatement": _gate,
    "CalibrationGrammarStatement": _only_a_span(nodes.CalibrationGrammarDeclaration),
    "CalStatement": _only_a_span(nodes.CalibrationStatement),
    "DefcalStatement": _only_a_span(nodes.CalibrationDefinition),
}
