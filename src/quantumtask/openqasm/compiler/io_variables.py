"""Declarations of `input` and `output` variables."""

from collections.abc import Mapping, Sequence
from typing import Any

from quantumtask.openqasm.compiler.context import Context, Output
from quantumtask.openqasm.compiler.json_values import parse_json_value
from quantumtask.openqasm.compiler.load_store import load, store_function
from quantumtask.openqasm.compiler.references import build_reference
from quantumtask.openqasm.compiler.symbol_table import Variable
from quantumtask.openqasm.compiler.type_nodes import resolve_type
from quantumtask.openqasm.inputs.sweep_binding import InputVariable, parse_input
from quantumtask.openqasm.parser.parse import nodes
from quantumtask.openqasm.text.source import Diagnostic, OffsetSpan, shorten
from quantumtask.openqasm.values.types import INTEGER_KINDS
from quantumtask.shared.close_names import close_name

_IO_TYPES = INTEGER_KINDS | {"bit", "bits", "bool", "float", "angle", "complex", "array"}


def declare_io_variable(context: Context, node: nodes.IODeclaration) -> None:
    """Compile an `input` or `output` declaration. Raises Diagnostic."""
    context.require_global(node, "`input` and `output` variables")
    to, name = resolve_type(context, node.type), node.identifier.name
    base = to.base.kind if to.base is not None else to.kind
    if to.kind not in _IO_TYPES or base not in _IO_TYPES:
        raise Diagnostic("not_supported", f"{to} cannot be an input or an output", node.type.span)
    cells = context.code.allocate(to, node.span)
    symbol = Variable(to, cells)
    context.symbols.declare(name, symbol, node.identifier)
    reference = build_reference(symbol, name, node.span)
    if node.io_keyword == nodes.IOKeyword.INPUT:
        variable = InputVariable(name, to, node.span, store_function(reference), None)
        context.inputs.append(variable)  # also if its value has an error
        if context.parameters is not None:
            limit = context.settings.max_sweep
            context.inputs[-1] = bind_input(variable, context.parameters, limit)
    else:
        if to.kind in ("bit", "bits"):
            context.add_result_register(name, 1 if to.size is None else to.size, cells, node)
        context.outputs.append(Output(name, to, load(reference)))


def bind_input(
    variable: InputVariable, parameters: Mapping[str, Any], max_elements: int
) -> InputVariable:
    """Return an input variable with its values.

    Args:
        variable: The input variable.
        parameters: JSON values by name.
        max_elements: Most elements of a sweep.

    Raises:
        Diagnostic: The variable has no value, or one that does not fit.
    """
    if variable.name not in parameters:
        name = shorten(variable.name)
        message = f"the input `{name}` has no value"
        hint = (
            f'Add it to the task: "parameters": {{"{name}": ...}}, or --param {name}=... in a '
            "terminal"
        )
        raise Diagnostic("missing_parameter", message, variable.span, hint)

    def parse_element(value: Any, name: str) -> Any:
        return parse_json_value(value, variable.type, name, variable.span)

    array = parse_input(parameters[variable.name], variable, parse_element, max_elements)
    return InputVariable(*variable[:-1], array)


def check_input_names(context: Context) -> None:
    """Report a parameter without an `input`; only warn if the program has no input at all."""
    parameters, start = list(context.parameters or ()), OffsetSpan(0, 0)
    inputs = [variable.name for variable in context.inputs]
    unknown = [name for name in parameters if name not in inputs]
    if parameters and not inputs:
        message = f"the program declares no `input`: {_quote(parameters)} ignored"
        context.warn("ignored", message, start)
    elif unknown:
        message = f"the program has no input `{shorten(unknown[0])}`"
        close = close_name(unknown[0], inputs)
        hint = f"Did you mean `{close}`?" if close else f"Its inputs are {_quote(inputs)}"
        context.report(Diagnostic("unknown_parameter", message, start, hint))


def _quote(names: Sequence[str]) -> str:
    return ", ".join(f"`{shorten(name)}`" for name in names[:10])
