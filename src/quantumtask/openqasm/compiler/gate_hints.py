"""Remedies for gates with the names, or in the syntax, of other languages."""

from collections.abc import Mapping

from quantumtask.openqasm.gates.library import STDGATES, Gate
from quantumtask.openqasm.gates.undeclared import UNDECLARED_NAMES
from quantumtask.openqasm.parser.parse import Node
from quantumtask.openqasm.text.source import shorten
from quantumtask.shared.close_names import close_name

GATE_SYNONYMS = {"cnot": "cx", "toffoli": "ccx", "ccnot": "ccx", "hadamard": "h", "not": "x",
                 "fredkin": "cswap", "i": "id", "cnotgate": "cx", "cphaseshift": "cp",
                 "phaseshift": "p"}  # fmt: skip
"""The names of gates in other languages, with the names of the standard library."""


def suggest_gate(name: str, gates: Mapping[str, Gate], qubits: int, has_ctrl: bool) -> str | None:
    """Return a remedy for the name of an unknown gate; None if nothing is similar.

    Args:
        name: The name.
        gates: The gates that the program has at this place, by name.
        qubits: The number of qubits of the call.
        has_ctrl: The language of the program has the modifier `ctrl`.
    """
    lower = name.lower()
    if (synonym := GATE_SYNONYMS.get(lower)) in gates:
        return ask_for(synonym)
    if lower in gates or (lower != name and (lower in STDGATES or lower in UNDECLARED_NAMES)):
        return ask_for(lower)
    base = lower.removeprefix("mc")
    if base != lower and has_ctrl and (gate := gates.get(base)):
        return f"Write `ctrl({max(qubits - gate.num_qubits, 1)}) @ {base}`"
    return ask_for(close_name(name, gates))


def ask_for(name: str | None) -> str | None:
    """Return the question whether a name is meant; None for no name."""
    return f"Did you mean `{name}`?" if name else None


def write_as_gate_call(node: Node, gate: Gate, text: bytes) -> str | None:
    """Return a remedy for a gate call in the syntax of a function; None without qubits.

    Args:
        node: The call, such as `rx(0.3, q[0])`.
        gate: The gate of that name.
        text: The program.
    """
    words = [text[arg.span.lo : arg.span.hi].decode(errors="replace") for arg in node.args]
    parameters, qubits = words[: gate.num_parameters], words[gate.num_parameters :]
    if not qubits:
        return None
    arguments = f"({', '.join(parameters)})" if parameters else ""
    call = f"{node.name.name}{arguments} {', '.join(qubits)}"
    return f"Write `{shorten(call)};`: qubits follow a gate without parentheses"
