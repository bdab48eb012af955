"""Declarations: qubits, variables, constants and aliases."""

from typing import Any

from quantumtask.openqasm.compiler.assignment import compile_initializer
from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.measurement import compile_measurement
from quantumtask.openqasm.compiler.references import (
    build_reference,
    join_references,
    static_reference,
)
from quantumtask.openqasm.compiler.symbol_table import Constant, Variable, redeclared_name
from quantumtask.openqasm.compiler.type_nodes import constant_register_size, resolve_type
from quantumtask.openqasm.parser.parse import nodes
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten
from quantumtask.openqasm.values.expr import Expr, constant_expr
from quantumtask.openqasm.values.types import INTEGER_KINDS, Type, default_value

OLD_STYLE_CODE = "old_style"
"""The code of the warnings about style, which only a validation reports."""


def declare_qubits(context: Context, node: nodes.QubitDeclaration) -> None:
    """Compile `qubit q;` or `qubit[2] q;`. Raises Diagnostic."""
    context.require_global(node, "qubits")
    name = node.qubit.name
    size = None if node.size is None else constant_register_size(context, node.size, "qubit")
    if name in context.symbols.scopes[-1]:
        raise redeclared_name(name, node.qubit)
    numbers = context.declare_qubits(name, 1 if size is None else size, node)
    _warn_of_old_style(context, node.span, f"qubit[{size}] {name};")
    if size is None:
        context.symbols.declare(name, Variable(Type("qubit"), numbers[0]), node.qubit)
    else:
        context.symbols.declare(name, Variable(Type("qubits", size), numbers), node.qubit)


def _warn_of_old_style(context: Context, span: Span, replacement: str) -> None:
    """Warn of `qreg` and `creg`, which the specification will remove."""
    keyword = context.text[span.lo : span.lo + 4]
    if keyword in (b"qreg", b"creg") and not context.openqasm2:
        replacement = replacement.replace("[None]", "")
        message = f"`{keyword.decode()}` is OpenQASM 2"
        context.warn(OLD_STYLE_CODE, message, span, f"Write `{shorten(replacement)}`")


def declare_variable(context: Context, node: nodes.ClassicalDeclaration) -> None:
    """Compile a declaration such as `int[8] x = 5;`. Raises Diagnostic."""
    to = resolve_type(context, node.type)
    name = node.identifier.name
    _warn_of_old_style(context, node.span, f"bit[{to.size}] {name};")
    if to.kind == "array":
        context.require_global(node, "arrays")
    init: Any = node.init_expr
    is_measurement = type(init) is nodes.QuantumMeasurement
    # Compiled before the name is declared: in the initial value, the name has its outer meaning.
    value = None if init is None or is_measurement else compile_initializer(context, init, to)
    cells = _declare(context, node, to)
    target = build_reference(Variable(to, cells), name, node.span)
    if is_measurement:
        compile_measurement(context, init.qubits, target, node.span)
    elif value is not None:
        context.store(target, value, node.span)
    elif not context.symbols.is_global:
        _emit_reset(context, to, cells, node.span)


def _declare(context: Context, node: nodes.ClassicalDeclaration, to: Type) -> Any:
    name = node.identifier.name
    cells = context.code.allocate(to, node.span)
    context.symbols.declare(name, Variable(to, cells), node.identifier)
    if to.kind in ("bit", "bits") and context.symbols.is_global:
        context.add_result_register(name, 1 if to.size is None else to.size, cells, node)
    return cells


def _emit_reset(context: Context, to: Type, cells: Any, span: Span) -> None:
    """Emit a store of the default value: each pass of a declaration makes a new variable."""
    target = static_reference(to, span, cells)
    context.store(target, constant_expr(to, default_value(to), span), span)


def declare_constant(context: Context, node: nodes.ConstantDeclaration) -> None:
    """Compile a declaration such as `const int n = 4;`. Raises Diagnostic."""
    to = resolve_type(context, node.type)
    name = node.identifier.name
    if node.init_expr is None or type(node.init_expr) is nodes.QuantumMeasurement:
        message = f"the constant `{shorten(name)}` needs a constant value"
        raise Diagnostic("not_constant", message, node.span)
    if to.kind == "array":
        raise Diagnostic("not_supported", "constant arrays are not supported", node.type.span)
    value = context.expression(node.init_expr)
    if not value.is_constant:
        hint = "Declare the variables in it `const`, or leave `const` out"
        raise Diagnostic("not_constant", "this is not a constant", node.init_expr.span, hint)
    if to.kind in INTEGER_KINDS | {"bit", "bits"} and _loses_fraction(value, to):
        hint = f"Write {to}(...) to cast it"
        message = f"a value of type {value.type} cannot become the constant {to}"
        raise Diagnostic("wrong_type", message, node.init_expr.span, hint)
    constant = Constant(to, context.convert(value, to).value)
    context.symbols.declare(name, constant, node.identifier)


def _loses_fraction(value: Expr, to: Type) -> bool:
    """Return True for a float or complex constant, except a whole float for an integer type."""
    is_float, is_integer_type = value.type.kind == "float", to.kind in INTEGER_KINDS
    is_whole = is_float and is_integer_type and value.value.is_integer()
    return value.type.kind in ("float", "complex") and not is_whole


def declare_alias(context: Context, node: nodes.AliasStatement) -> None:
    """Compile an alias such as `let a = q[0:2] ++ r;`. Raises Diagnostic."""
    parts = [context.reference(part) for part in node.exprs]
    reference = parts[0] if len(parts) == 1 else join_references(parts, node.span)
    type, name = reference.type, node.target.name
    if reference.bits is not None or type.kind not in _ALIASABLE:
        message = f"only qubits and bits can have an alias, not a {type}"
        raise Diagnostic("wrong_type", message, node.span)
    if reference.static is not None:
        context.charge_alias(reference, node)
        symbol = Variable(type, reference.static, read_only=reference.read_only)
        context.symbols.declare(name, symbol, node.target)
        return
    cell, resolve = context.code.allocate_cell(node.span), reference.resolve
    context.code.emit(
        lambda execution, _: execution.memory.__setitem__(cell, resolve(execution.memory)),
        node.span,
    )
    context.symbols.declare(name, Variable(type, None, cell, reference.read_only), node.target)


_ALIASABLE = frozenset({"bit", "bits", "qubit", "qubits"})
