"""A checked program as a list of steps: names resolved, constants evaluated, nothing expanded.

Qubits and bits are numbered from 0 in the order of declaration.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from quantumtask.openqasm.program import Register

if TYPE_CHECKING:
    from quantumtask.openqasm.gates import Gate


class Not(NamedTuple):
    of: "Condition"


class Both(NamedTuple):
    left: "Condition"
    right: "Condition"


class Either(NamedTuple):
    left: "Condition"
    right: "Condition"


class Bit(NamedTuple):
    """The value that a bit has when the condition is reached."""

    number: int


Condition = bool | Bit | Not | Both | Either


class Call(NamedTuple):
    """A gate on qubits; the first `len(controls)` of them control it, where True is `ctrl`.

    `powers` are applied to the gate first to last, before the controls; `inv` is -1.
    """

    gate: "Gate"
    params: tuple[float, ...]
    qubits: tuple[int, ...]
    powers: tuple[float, ...] = ()
    controls: tuple[bool, ...] = ()


class Measure(NamedTuple):
    """`bit` is None for a measurement whose outcome nothing keeps."""

    qubit: int
    bit: int | None


class Reset(NamedTuple):
    qubit: int


class Store(NamedTuple):
    bit: int
    value: Condition


class Branch(NamedTuple):
    condition: Condition
    then: "list[Step]"
    otherwise: "list[Step]"


class Loop(NamedTuple):
    """A `while` loop."""

    condition: Condition
    body: "list[Step]"


class Leave(NamedTuple):
    """`break` (or, where `again`, `continue`) of the innermost `while` loop."""

    again: bool


Step = Call | Measure | Reset | Store | Branch | Loop | Leave


@dataclass
class Plan:
    """What the checker hands to the lowering."""

    steps: Sequence[Step] = ()
    qubits: list[Register] = field(default_factory=list)
    bits: list[Register] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
