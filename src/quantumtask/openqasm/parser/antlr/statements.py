"""Conversion of the grammar's statements to nodes, one function for each rule."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from quantumtask.openqasm.parser.antlr import nodes
from quantumtask.openqasm.parser.antlr.tree import (
    Handler,
    TreeConverter,
)
from quantumtask.openqasm.text.source import Diagnostic


def _statement_or_scope(converter: TreeConverter, tree: Any) -> Any:
    return converter.convert(tree.scope() or tree.statement())


def _statement(converter: TreeConverter, tree: Any) -> Any:
    """Convert a statement with its annotations."""
    *annotations, last = tree.getChildren()
    statement = converter.convert(last)
    if not annotations:
        return statement
    return replace(
        statement, span=converter.span(tree), annotations=tuple(converter.convert_all(annotations))
    )


def _annotation(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.Annotation(converter.span(tree), tree.AnnotationKeyword().getText()[1:])


def _scope(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.CompoundStatement(
        converter.span(tree), converter.convert_all(tree.statementOrScope())
    )


def _body(converter: TreeConverter, tree: Any) -> list[nodes.QASMNode]:
    return converter.convert_all(tree.scope().statementOrScope())


def _include(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.Include(converter.span(tree), tree.StringLiteral().getText()[1:-1])


def _pragma(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.Pragma(converter.span(tree), tree.RemainingLineContent().getText())


def _span_only(kind: Callable[[nodes.Span], nodes.QASMNode]) -> Handler:
    return lambda converter, tree: kind(converter.span(tree))


def _qubits(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    name = converter.identifier(tree.Identifier())
    size = converter.convert_optional(tree.qubitType().designator())
    return nodes.QubitDeclaration(converter.span(tree), name, size)


def _old_style_declaration(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    """Convert `qreg q[2];` or `creg c[2];`."""
    span, name = converter.span(tree), converter.identifier(tree.Identifier())
    size = converter.convert_optional(tree.designator())
    if tree.QREG():
        return nodes.QubitDeclaration(span, name, size)
    return nodes.ClassicalDeclaration(span, nodes.BitType(span, size), name, None)


def _variable(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    to = converter.convert(tree.scalarType() or tree.arrayType())
    value = converter.convert_optional(tree.declarationExpression())
    name = converter.identifier(tree.Identifier())
    return nodes.ClassicalDeclaration(converter.span(tree), to, name, value)


def _constant(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    to, value = (
        converter.convert(tree.scalarType()),
        converter.convert(tree.declarationExpression()),
    )
    name = converter.identifier(tree.Identifier())
    return nodes.ConstantDeclaration(converter.span(tree), to, name, value)


def _io_declaration(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    to = converter.convert(tree.scalarType() or tree.arrayType())
    name = converter.identifier(tree.Identifier())
    return nodes.IODeclaration(converter.span(tree), nodes.IOKeyword(tree.start.text), to, name)


def _alias(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    parts = converter.convert_all(tree.aliasExpression().expression())
    return nodes.AliasStatement(
        converter.span(tree), converter.identifier(tree.Identifier()), parts
    )


def _assignment(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    target = converter.convert(tree.indexedIdentifier())
    value = converter.convert(tree.expression() or tree.measureExpression())
    operator = nodes.Operator(tree.op.text.removesuffix("="))
    if not operator.value:
        return nodes.ClassicalAssignment(converter.span(tree), target, value)
    return nodes.CompoundAssignment(converter.span(tree), operator, target, value)


def _expression(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.ExpressionStatement(converter.span(tree), converter.convert(tree.expression()))


def _modifier(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    kind = nodes.GateModifierName(tree.start.text)
    return nodes.QuantumGateModifier(
        converter.span(tree), kind, converter.convert_optional(tree.expression())
    )


def _gate_call(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    span = converter.span(tree)
    modifiers = converter.convert_all(tree.gateModifier())
    args = converter.convert_list(tree.expressionList())
    duration = converter.convert_optional(tree.designator())
    qubits = converter.convert_list(tree.gateOperandList())
    if tree.GPHASE():
        return nodes.QuantumPhase(span, modifiers, args, duration, qubits)
    name = converter.identifier(tree.Identifier())
    return nodes.QuantumGate(span, modifiers, name, args, duration, qubits)


def _measure_arrow(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    qubits = converter.convert(tree.measureExpression()).qubits
    target = converter.convert_optional(tree.indexedIdentifier())
    return nodes.QuantumMeasurementStatement(converter.span(tree), qubits, target)


def _reset(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.QuantumReset(converter.span(tree), [converter.convert(tree.gateOperand())])


def _barrier(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.QuantumBarrier(
        converter.span(tree), converter.convert_list(tree.gateOperandList())
    )


def _delay(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    duration, qubits = (
        converter.convert(tree.designator()),
        converter.convert_list(tree.gateOperandList()),
    )
    return nodes.DelayInstruction(converter.span(tree), duration, qubits)


def _box(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.Box(
        converter.span(tree), converter.convert_optional(tree.designator()), _body(converter, tree)
    )


def _branch(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    condition, body = converter.convert(tree.expression()), converter.convert(tree.if_body)
    otherwise = converter.convert_optional(tree.else_body)
    return nodes.BranchingStatement(converter.span(tree), condition, body, otherwise)


def _while(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    condition, body = converter.convert(tree.expression()), converter.convert(tree.body)
    return nodes.WhileLoop(converter.span(tree), condition, body)


def _for(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    to, name = converter.convert(tree.scalarType()), converter.identifier(tree.Identifier())
    values = converter.convert(tree.setExpression() or tree.rangeExpression() or tree.expression())
    if tree.rangeExpression():
        brackets = converter.token_span(tree.LBRACKET().symbol, tree.RBRACKET().symbol)
        values = replace(values, span=brackets)
    return nodes.ForInLoop(converter.span(tree), to, name, values, converter.convert(tree.body))


def _switch(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    target = converter.convert(tree.expression())
    cases: list[nodes.SwitchCase] = []
    default: list[nodes.QASMNode] | None = None
    for item in tree.switchCaseItem():
        if default is not None:
            message = "the `default` of a `switch` must be its last case"
            raise Diagnostic("syntax_error", message, converter.span(item))
        if item.DEFAULT():
            default = _body(converter, item)
        else:
            labels = converter.convert_list(item.expressionList())
            cases.append(nodes.SwitchCase(converter.span(item), labels, _body(converter, item)))
    return nodes.SwitchStatement(converter.span(tree), target, cases, default)


def _return(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    value = converter.convert_optional(tree.expression() or tree.measureExpression())
    return nodes.ReturnStatement(converter.span(tree), value)


def _parameter(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    span, name = converter.span(tree), converter.identifier(tree.Identifier())
    if tree.CREG() or tree.QREG():
        kind = nodes.BitType if tree.CREG() else nodes.QubitType
        return nodes.SubroutineParameter(
            span, kind(span, converter.convert_optional(tree.designator())), name
        )
    to = converter.convert(tree.scalarType() or tree.qubitType() or tree.arrayReferenceType())
    return nodes.SubroutineParameter(span, to, name)


def _subroutine(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    name = converter.identifier(tree.Identifier())
    parameters = converter.convert_list(tree.argumentDefinitionList())
    result, body = converter.convert_optional(tree.returnSignature()), _body(converter, tree)
    return nodes.SubroutineDefinition(converter.span(tree), name, parameters, result, body)


def _extern_parameter(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    if tree.CREG():
        return nodes.BitType(converter.span(tree), converter.convert_optional(tree.designator()))
    return converter.convert(tree.getChild(0))  # type: ignore[no-any-return]


def _extern(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    name = converter.identifier(tree.Identifier())
    parameters = converter.convert_list(tree.externArgumentList())
    result = converter.convert_optional(tree.returnSignature())
    return nodes.ExternDeclaration(converter.span(tree), name, parameters, result)


def _gate(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    name = converter.identifier(tree.Identifier())
    params, qubits = _names(converter, tree.params), _names(converter, tree.qubits)
    return nodes.QuantumGateDefinition(
        converter.span(tree), name, params, qubits, _body(converter, tree)
    )


def _names(converter: TreeConverter, tree: Any) -> list[nodes.Identifier]:
    return [] if tree is None else [converter.identifier(leaf) for leaf in tree.Identifier()]


STATEMENTS: dict[str, Handler] = {
    "StatementOrScope": _statement_or_scope,
    "Statement": _statement,
    "Annotation": _annotation,
    "Scope": _scope,
    "IncludeStatement": _include,
    "Pragma": _pragma,
    "QuantumDeclarationStatement": _qubits,
    "OldStyleDeclarationStatement": _old_style_declaration,
    "ClassicalDeclarationStatement": _variable,
    "ConstDeclarationStatement": _constant,
    "IoDeclarationStatement": _io_declaration,
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
    "BreakStatement": _span_only(nodes.BreakStatement),
    "ContinueStatement": _span_only(nodes.ContinueStatement),
    "EndStatement": _span_only(nodes.EndStatement),
    "ReturnStatement": _return,
    "ArgumentDefinition": _parameter,
    "DefStatement": _subroutine,
    "ExternArgument": _extern_parameter,
    "ExternStatement": _extern,
    "GateStatement": _gate,
    "CalibrationGrammarStatement": _span_only(nodes.CalibrationGrammarDeclaration),
    "CalStatement": _span_only(nodes.CalibrationStatement),
    "DefcalStatement": _span_only(nodes.CalibrationDefinition),
}
"""The handlers of statements, by name of the rule."""
