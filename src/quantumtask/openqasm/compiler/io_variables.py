"""Values that come from outside and go there: `input` and `output` variables, as JSON."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.references import of_symbol, storer, value_of
from quantumtask.openqasm.compiler.symbol_table import Variable
from quantumtask.openqasm.compiler.type_nodes import type_of
from quantumtask.openqasm.inputs.sweep_binding import InputArray, InputVariable, parse_input
from quantumtask.openqasm.parser.parse import nodes
from quantumtask.openqasm.program.execution import bit_value
from quantumtask.openqasm.text.source import Diagnostic, OffsetSpan, Span, shorten
from quantumtask.openqasm.values.casts import float_rounder
from quantumtask.openqasm.values.expr import ReadValue
from quantumtask.openqasm.values.types import (
    INTEGER_KINDS,
    ArrayValue,
    Type,
    angle_from_radians,
    fits_type,
    radians_from_angle,
)

_PASSED = INTEGER_KINDS | {"bit", "bits", "bool", "float", "angle", "complex", "array"}


def declare(context: Context, node: Any) -> None:
    """An `input` or `output` declaration. Raises Diagnostic."""
    is_input = node.io_keyword == nodes.IOKeyword.INPUT
    context.only_global(node, "`input` and `output` variables")
    to, name = type_of(context, node.type), node.identifier.name
    base = to.base.kind if to.base is not None else to.kind
    if to.kind not in _PASSED or base not in _PASSED:
        raise Diagnostic("not_supported", f"{to} cannot be an input or an output", node.type.span)
    places = context.code.reserve(to, node.span)
    symbol = Variable(to, places)
    context.scope.declare(name, symbol, node.identifier)
    target = of_symbol(symbol, name, node.span)
    if is_input:
        one = InputVariable(name, to, node.span, storer(target), None)
        context.inputs.append(one)
        if context.parameters is not None:
            context.inputs[-1] = one._replace(array=_given(context, one))
    else:
        if to.kind in ("bit", "bits"):
            context.register(name, 1 if to.size is None else to.size, places, node)
        context.outputs.append((name, to, value_of(target)))


def _given(context: Context, one: InputVariable) -> InputArray:
    assert context.parameters is not None
    if one.name not in context.parameters:
        name = shorten(one.name)
        message, hint = f"the input `{name}` has no value", f'"parameters": {{"{name}": ...}}'
        raise Diagnostic("missing_parameter", message, one.span, f"Give it one: {hint}")

    def make(value: Any, name: str) -> Any:
        return from_json(value, one.type, name, one.span)

    return parse_input(context.parameters[one.name], one, make, context.settings.max_sweep)


def check_all_used(context: Context) -> None:
    """Refuses a parameter that the program has no input for; without any input, only warns."""
    given, start = list(context.parameters or ()), OffsetSpan(0, 0)
    inputs = [one.name for one in context.inputs]
    unknown = [name for name in given if name not in inputs]
    if given and not inputs:
        message = f"the program declares no `input`: {_quoted(given)} ignored"
        context.warn("ignored", message, start)
    elif unknown:
        message = f"the program has no input `{shorten(unknown[0])}`"
        hint = f"Its inputs are {_quoted(inputs)}"
        context.refuse(Diagnostic("unknown_parameter", message, start, hint))


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"`{shorten(name)}`" for name in names[:10])


def from_json(value: Any, to: Type, name: str, span: Span) -> Any:
    """A parameter as a value of its type. Raises Diagnostic if it is none."""
    made = _JSON[to.kind](value, to, name, span)
    if made is None:
        message = f"the input `{shorten(name)}` is {_EXPECTED[to.kind].format(to)}, and was given "
        raise Diagnostic("bad_parameter", message + _shown(value), span)
    return made


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _finite(value: Any) -> float | None:
    if not _is_number(value):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _bool(value: Any, *_: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _bit(value: Any, *_: Any) -> int | None:
    return int(value) if value in (0, 1, "0", "1") and not isinstance(value, float) else None


def _bits(value: Any, to: Type, *_: Any) -> tuple[int, ...] | None:
    if not isinstance(value, str) or len(value) != to.size or set(value) - {"0", "1"}:
        return None
    return tuple([int(bit) for bit in reversed(value)])


def _whole(value: Any, to: Type, *_: Any) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and fits_type(value, to) else None


def _float(value: Any, to: Type, *_: Any) -> float | None:
    number = _finite(value)
    try:
        return None if number is None else float_rounder(to)(number)
    except OverflowError:
        return None


def _angle(value: Any, to: Type, *_: Any) -> int | None:
    number = _finite(value)
    return None if number is None else angle_from_radians(number, to.width)


def _complex(value: Any, *_: Any) -> complex | None:
    parts = value if isinstance(value, list) else [value, 0]
    if len(parts) != 2:
        return None
    real, imaginary = _finite(parts[0]), _finite(parts[1])
    return None if real is None or imaginary is None else complex(real, imaginary)


def _array(value: Any, to: Type, name: str, span: Span) -> ArrayValue | None:
    assert to.base is not None
    shape = tuple(n or 0 for n in to.shape)
    items: list[Any] | None = [value]
    for size in shape:
        items = _flattened(items, size)
    if items is None:
        return None
    return ArrayValue([from_json(item, to.base, name, span) for item in items], shape)


def _flattened(items: list[Any] | None, size: int) -> list[Any] | None:
    if items is None or any(not isinstance(i, list) or len(i) != size for i in items):
        return None
    return [element for item in items for element in item]


_JSON: dict[str, Callable[..., Any]] = {
    "bool": _bool, "bit": _bit, "bits": _bits, "int": _whole, "uint": _whole, "float": _float,
    "angle": _angle, "complex": _complex, "array": _array,
}  # fmt: skip
_EXPECTED = {
    "bool": "a {} (true or false)",
    "bit": "a {} (0 or 1)",
    "bits": 'a {} (a text such as "0110", of its length)',
    "int": "an {} (a whole number that fits)",
    "uint": "a {} (a whole number that fits)",
    "float": "a {} (a number)",
    "angle": "an {} (a number, in radians)",
    "complex": "a {} ([real, imaginary])",
    "array": "an {} (lists of its shape)",
}


def reader(to: Type, read: ReadValue) -> ReadValue:
    """The way to an output variable as JSON. Raises Undecided for what is not known yet."""
    show = _shower(to)
    return lambda memory: show(read(memory))


def _shower(to: Type) -> Any:
    kind = to.kind
    if kind == "bits":
        return lambda bits: "".join([str(bit_value(bit)) for bit in reversed(bits)])
    if kind == "bit":
        return bit_value
    if kind == "angle":
        return lambda value: radians_from_angle(value, to.width)
    if kind == "complex":
        return lambda value: [_number(value.real), _number(value.imag)]
    if kind == "float":
        return _number
    if kind == "array":
        assert to.base is not None
        show = _shower(to.base)
        return lambda elements: _nested([show(v) for v in elements.values], elements.shape)
    return lambda value: value


def _number(value: float) -> float | str:
    """JSON has no infinity and no NaN: they become texts."""
    return value if math.isfinite(value) else str(value)


def _nested(values: Sequence[Any], shape: Sequence[int]) -> Any:
    for size in reversed(shape[1:]):
        values = [values[k : k + size] for k in range(0, len(values), size)] if size else []
    return list(values)
