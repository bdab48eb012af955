"""Gate modifiers: `inv @`, `pow(k) @`, `ctrl @` and `negctrl @`."""

from typing import NamedTuple

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.type_nodes import constant_integer
from quantumtask.openqasm.gates.expansion import check_finite
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.text.source import Diagnostic
from quantumtask.openqasm.values.casts import to_real
from quantumtask.openqasm.values.expr import Expr

MAX_MODIFIERS = 100
MAX_CONTROLS = 32


class Modifiers(NamedTuple):
    """The modifiers of a gate call.

    Attributes:
        powers: The exponents, the one that is applied first in front; `inv` is -1.
        controls: True for `ctrl` and False for `negctrl`, in the order of the operands.
    """

    powers: tuple[Expr | float, ...] = ()
    controls: tuple[bool, ...] = ()

    @property
    def have_constant_powers(self) -> bool:
        """True if the exponents of all `pow` modifiers are constants."""
        return all(isinstance(power, float) or power.is_constant for power in self.powers)


NO_MODIFIERS = Modifiers()


def compile_modifiers(context: Context, node: nodes.QuantumGate | nodes.QuantumPhase) -> Modifiers:
    """Compile the modifiers of a call. Raises Diagnostic."""
    modifiers: list[Node] = list(node.modifiers)
    if len(modifiers) > MAX_MODIFIERS:
        message = f"this call has {len(modifiers)} modifiers; the limit is {MAX_MODIFIERS}"
        raise Diagnostic("nesting_too_deep", message, node.span)
    powers: list[Expr | float] = []
    controls: list[bool] = []
    for modifier in modifiers:
        kind = modifier.modifier
        if kind == nodes.GateModifierName.INV:
            powers.insert(0, -1.0)
        elif kind == nodes.GateModifierName.POW:
            powers.insert(0, _compile_exponent(context, modifier))
        else:
            count = _count_controls(context, modifier, MAX_CONTROLS - len(controls))
            controls += [kind == nodes.GateModifierName.CTRL] * count
    return Modifiers(tuple(powers), tuple(controls))


def _compile_exponent(context: Context, modifier: nodes.QuantumGateModifier) -> Expr | float:
    node = modifier.argument
    if node is None:
        raise Diagnostic("wrong_arity", "`pow` needs an exponent: pow(2) @", modifier.span)
    value = to_real(context.expression(node))
    return check_finite(value.value, node.span) if value.is_constant else value


def _count_controls(context: Context, modifier: nodes.QuantumGateModifier, limit: int) -> int:
    count = 1
    if modifier.argument is not None:
        count = constant_integer(context, modifier.argument, "the number of controls")
    if count < 1:
        raise Diagnostic("wrong_type", "the number of controls must be 1 or more", modifier.span)
    if count > limit:
        message = f"a gate can have at most {MAX_CONTROLS} controls"
        raise Diagnostic("not_supported", message, modifier.span)
    return count
