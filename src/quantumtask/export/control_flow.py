"""Export of control flow; a `StatementWriter` writes each block."""

from dataclasses import replace
from typing import Any

from qiskit.circuit import CASE_DEFAULT, BoxOp, ForLoopOp, IfElseOp, SwitchCaseOp, WhileLoopOp
from qiskit.circuit.classical import expr, types

from quantumtask.export import classical_expressions
from quantumtask.export.scope import Scope
from quantumtask.export.statement_writer import StatementWriter


def control_flow(writer: StatementWriter, scope: Scope, item: Any) -> None:
    """Write one statement of control flow. Raise ValueError for an unknown statement."""
    match item.operation:
        case IfElseOp():
            _if(writer, scope, item)
        case WhileLoopOp():
            head = f"while ({classical_expressions.condition(item.operation.condition, scope)})"
            _block(writer, head, scope.inner(item.operation.blocks[0], item))
        case ForLoopOp():
            _for(writer, scope, item)
        case SwitchCaseOp():
            _switch(writer, scope, item)
        case BoxOp():
            time = writer.duration(item.operation, scope) if item.operation.duration else ""
            _block(writer, f"box{time}", scope.inner(item.operation.blocks[0], item))
        case _:
            raise ValueError("this kind of control flow is not supported")


def _block(writer: StatementWriter, head: str, scope: Scope) -> None:
    writer.line(head + " {")
    writer.body(scope)
    writer.line("}")


def _if(writer: StatementWriter, scope: Scope, item: Any) -> None:
    heads = [f"if ({classical_expressions.condition(item.operation.condition, scope)})", "else"]
    for head, circuit in zip(heads, item.operation.blocks, strict=False):
        _block(writer, head, scope.inner(circuit, item))


def _for(writer: StatementWriter, scope: Scope, item: Any) -> None:
    values, variable, circuit = item.operation.params
    if not len(values):
        return
    inner = scope.inner(circuit, item)
    name = writer.names.new(getattr(variable, "name", ""), "i")
    kind = "int[64]"
    if isinstance(variable, expr.Var):
        inner.variables[variable] = name
        kind = classical_expressions.type_name(variable.type)
    elif variable is not None:
        inner = replace(inner, loops={**inner.loops, variable: f"float[64]({name})"})
    _block(writer, f"for {kind} {name} in {_values(values)}", inner)


def _values(values: Any) -> str:
    if isinstance(values, range):
        return f"[{values[0]}:{values.step}:{values[-1]}]"
    return "{" + ", ".join(str(int(value)) for value in values) + "}"


def _switch(writer: StatementWriter, scope: Scope, item: Any) -> None:
    target = expr.lift(item.operation.target)
    value = classical_expressions.text(target, scope)
    writer.line(f"switch ({f'int({value})' if isinstance(target.type, types.Bool) else value}) {{")
    for labels, circuit in item.operation.cases_specifier():
        default = CASE_DEFAULT in labels
        head = "default" if default else "case " + ", ".join(str(int(label)) for label in labels)
        _block(writer, head, scope.inner(circuit, item))
    writer.line("}")
