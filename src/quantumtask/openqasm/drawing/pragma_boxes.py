"""Boxes of pragmas that act on qubits: matrices, and noise."""

import re

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.pragma_targets import parse_targets
from quantumtask.openqasm.drawing.elements import Box
from quantumtask.openqasm.parser.parse import Node
from quantumtask.openqasm.text.source import shorten

_ACTION = re.compile(r"braket\s+(?:noise\s+)?(\w+)\s*\((.*)\)([^)]*)", re.DOTALL)


def pragma_box(context: Context, node: Node, title: str, line: int) -> Box | None:
    """Return the box of a pragma that was compiled; None for one that acts on no qubit.

    Raises:
        Diagnostic: The pragma names no qubits.
    """
    match = _ACTION.match(node.command.strip())
    if match is None or "result" in node.command.split(maxsplit=2)[1:2]:
        return None
    name, arguments, targets = match.groups()
    qubits = tuple(
        qubit for each in parse_targets(context, targets, node.span) for qubit in each.qubits([])
    )
    parameters = "" if "[" in arguments else shorten(" ".join(arguments.split()), 24)
    several = len(qubits) > 1
    family = "custom" if name == "unitary" else "noise"
    return Box(name, qubits, parameters, family=family, has_ports=several, title=title, line=line)
