"""Control flow: if, while, switch, break, continue and end (spec: Looping and branching)."""

from collections.abc import Sequence

from quantumtask.openqasm.compiler.context import Context, Loop
from quantumtask.openqasm.compiler.loops import compile_loop_values, loop_start, loop_step
from quantumtask.openqasm.compiler.symbol_table import Variable
from quantumtask.openqasm.compiler.type_nodes import resolve_type
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.program.execution import (
    END,
    BranchTargets,
    Execution,
    JumpLabel,
    QuantumTarget,
)
from quantumtask.openqasm.text.source import Diagnostic, format_int
from quantumtask.openqasm.values.arithmetic import to_condition
from quantumtask.openqasm.values.expr import Expr
from quantumtask.openqasm.values.types import INTEGER_KINDS


def _compile_body(context: Context, body: Node) -> None:
    with context.block_scope():
        context.block(_statements(body))


def _statements(body: Node) -> Sequence[Node]:
    return body.statements if type(body) is nodes.CompoundStatement else [body]


def _emit_jump_unless(context: Context, condition: Expr, branches: BranchTargets) -> None:
    read, label = condition.read, branches.targets[0]

    def jump(execution: Execution, _: QuantumTarget) -> int | None:
        return None if read(execution.memory) else label.address

    context.code.emit_branch(jump, branches, condition.span)


def compile_if(context: Context, node: nodes.BranchingStatement) -> None:
    """Compile `if (...) {...} else {...}`. Raises Diagnostic."""
    condition = to_condition(context.expression(node.condition))
    code, else_start, end = context.code, JumpLabel(), JumpLabel()
    join = else_start if node.else_body is None else end
    _emit_jump_unless(context, condition, BranchTargets((else_start,), join, is_if=True))
    _compile_body(context, node.if_body)
    if node.else_body is None:
        code.bind_label(else_start)
        return
    code.emit_jump(end, node.span)
    code.bind_label(else_start)
    _compile_body(context, node.else_body)
    code.bind_label(end)


def compile_while(context: Context, node: nodes.WhileLoop) -> None:
    """Compile `while (...) {...}`. Raises Diagnostic."""
    code, start, end = context.code, JumpLabel(), JumpLabel()
    code.bind_label(start)
    condition = to_condition(context.expression(node.condition))
    _emit_jump_unless(context, condition, BranchTargets((end,), end))
    context.loops.append(Loop(end, start))
    _compile_body(context, node.body)
    context.loops.pop()
    code.emit_jump(start, node.span)
    code.bind_label(end)


def compile_loop_jump(
    context: Context, node: nodes.BreakStatement | nodes.ContinueStatement
) -> None:
    """Compile `break` or `continue`. Raises Diagnostic outside of a loop."""
    is_break = type(node) is nodes.BreakStatement
    if not context.loops:
        keyword = "break" if is_break else "continue"
        raise Diagnostic("misplaced", f"`{keyword}` is allowed only in a loop", node.span)
    loop = context.loops[-1]
    context.code.emit_jump(loop.end if is_break else loop.start, node.span)


def compile_end(context: Context, node: nodes.EndStatement) -> None:
    """Compile `end`."""
    if context.subroutine is not None:
        context.subroutine.returns = True
    context.code.emit(lambda _, __: END, node.span)


def compile_for(context: Context, node: nodes.ForInLoop) -> None:
    """Compile `for`; the values are computed once, before the first pass. Raises Diagnostic."""
    to = resolve_type(context, node.type)
    if to.kind not in INTEGER_KINDS | _OTHER_LOOP_TYPES:
        raise Diagnostic("wrong_type", f"a loop variable cannot be a {to}", node.type.span)
    code, start, end = context.code, JumpLabel(), JumpLabel()
    read_values = compile_loop_values(context, node.iterable, to)
    values, position = code.allocate_cell(node.span), code.allocate_cell(node.span)
    code.emit(loop_start(read_values, values, position), node.span)
    with context.block_scope():
        variable = code.allocate(to, node.span)
        context.symbols.declare(node.identifier.name, Variable(to, variable), node.identifier)
        code.bind_label(start)
        code.emit(loop_step(values, position, variable, end), node.span)
        context.loops.append(Loop(end, start))
        context.block(_statements(node.body))  # in the scope of the loop variable
        context.loops.pop()
    code.emit_jump(start, node.span)
    code.bind_label(end)


_OTHER_LOOP_TYPES = frozenset({"bit", "bool", "float", "angle", "complex", "duration"})


def compile_switch(context: Context, node: nodes.SwitchStatement) -> None:
    """Compile `switch (...) {...}`. Raises Diagnostic."""
    selector = context.expression(node.target)
    if selector.type.kind not in INTEGER_KINDS:
        is_castable = selector.type.kind in ("bit", "bits", "bool")
        message = f"`switch` needs an integer, not a value of type {selector.type}"
        hint = "Cast it: int(...)" if is_castable else None
        raise Diagnostic("wrong_type", message, node.target.span, hint)
    if not node.cases:
        raise Diagnostic("wrong_type", "a `switch` needs at least one `case`", node.span)
    code, end = context.code, JumpLabel()
    table: dict[int, JumpLabel] = {}
    labels = [_add_case(context, case, table) for case in node.cases]
    default, read = JumpLabel(), selector.read
    code.emit_branch(
        lambda execution, _: table.get(read(execution.memory), default).address,
        BranchTargets((*labels, default), end),
        node.target.span,
    )
    for label, case in zip(labels, node.cases, strict=True):
        code.bind_label(label)
        with context.block_scope():
            context.block(case.body)
        code.emit_jump(end, case.span)
    code.bind_label(default)
    if node.default is not None:
        with context.block_scope():
            context.block(node.default)
    code.bind_label(end)


def _add_case(context: Context, case: nodes.SwitchCase, table: dict[int, JumpLabel]) -> JumpLabel:
    label = JumpLabel()
    for node in case.labels:
        value = context.expression(node)
        if value.type.kind not in INTEGER_KINDS:
            message = f"a `case` needs integers, not a value of type {value.type}"
            raise Diagnostic("wrong_type", message, node.span)
        if not value.is_constant:
            raise Diagnostic("not_constant", "a `case` must be a constant", node.span)
        if value.value in table:
            message = f"the case {format_int(value.value)} occurs twice in this `switch`"
            raise Diagnostic("duplicate_label", message, node.span)
        table[value.value] = label
    return label
