"""Writer of circuits in which each gate keeps the name that a noise model uses."""

from typing import Any

from qiskit.circuit import ControlFlowOp, Gate, QuantumCircuit

from quantumtask.export import gates
from quantumtask.export.scope import Scope
from quantumtask.export.writer import GateWriter, Writer

_INSTRUCTIONS = """
    ccx ccz ch cp cs csdg cswap csx cu cu1 cu3 cx cy cz dcx diagonal ecr h id iswap mcp mcphase
    mcx mcy mcz p pauli r rx rxx ry ryy rz rzx rzz s sdg swap sx sxdg t tdg u u1 u2 u3 unitary
    x y z crx cry crz rccx rcccx c3sx c4x c3x xx_minus_yy xx_plus_yy
"""
INSTRUCTIONS = frozenset(_INSTRUCTIONS.split())
"""Gates that are one instruction; other gates are decomposed, unless the noise model names them."""


class InstructionWriter(Writer):
    """Writer for a noise model whose errors have these names.

    A gate that the text cannot call by its name or label gets a definition.

    Attributes:
        instructions: Names in the text for each name or label.
    """

    def __init__(self, errors: frozenset[str]) -> None:
        super().__init__()
        self._errors = errors
        self._quiet = False
        self._own: dict[tuple[str, str], str] = {}
        self.instructions: dict[str, set[str]] = {}

    @property
    def own_gates(self) -> list[str]:
        """Return the definitions of the gates that stand for one instruction each."""
        return [f"gate {name}{definition}" for (_, definition), name in self._own.items()]

    def _statement(self, item: Any, scope: Scope) -> None:
        operation = item.operation
        if not isinstance(operation, Gate):
            self._without_gate(item, scope)
            return
        name = "" if self._quiet else operation.label or operation.name
        if operation.name not in INSTRUCTIONS and name not in self._errors:
            self.expand(gates.contents(operation), item, scope)
            return
        call = gates.call(operation, self.define)
        if call is None or call[0] != name:
            call = self._instruction(operation, name)
        self.instructions.setdefault(name, set()).add(call[0])
        self._call(*call, item, scope)

    def _without_gate(self, item: Any, scope: Scope) -> None:
        """Write an instruction other than a gate; the gates of its definition have no errors."""
        outer = self._quiet
        self._quiet = outer or not isinstance(item.operation, ControlFlowOp)
        super()._statement(item, scope)
        self._quiet = outer

    def _instruction(self, operation: Any, name: str) -> gates.Call:
        """Define a gate whose body is this operation, and return its call."""
        count = operation.num_qubits
        circuit = QuantumCircuit(count)
        circuit.append(operation, range(count))
        gate = GateWriter(self)
        gate.body(Scope(circuit, [f"a{k}" for k in range(count)], [], {}))
        key = (name, gate.definition(count))
        if key not in self._own:
            self._own[key] = self.names.new(name or "quiet", "instruction")
        return self._own[key], tuple(gate.inputs.values())
