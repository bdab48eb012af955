"""Names of qubits in a program, and the numbers of the qubits."""

import re
from collections.abc import Sequence

from quantumtask.doors.braket.program_text import QubitRegister
from quantumtask.shared.errors import InvalidRequest

_OPERAND = re.compile(r"(\w+)\s*(?:\[\s*([0-9]{1,6})\s*\])?")


class QubitNames:
    """Finds the numbers of the qubits that an operand names."""

    def __init__(self, registers: Sequence[QubitRegister]) -> None:
        self._registers = {register.name: register for register in registers}
        self.count = sum(each.count for each in registers)

    def read(self, text: str) -> tuple[int, ...]:
        """Return the qubits of operands such as `q[0], r`, or raise InvalidRequest."""
        numbers = tuple(n for part in text.split(",") for n in self._operand(part.strip()))
        if len(set(numbers)) < len(numbers):
            raise InvalidRequest(f"action.source: {text.strip()[:60]!r} names a qubit twice")
        return numbers

    def _operand(self, text: str) -> range:
        match = _OPERAND.fullmatch(text)
        register = self._registers.get(match[1]) if match else None
        if match is None or register is None:
            raise InvalidRequest(
                f"action.source: {text[:40]!r} is not a declared qubit; write a register or q[0]"
            )
        if match[2] is None:
            return range(register.first, register.first + register.count)
        if register.size is None or int(match[2]) >= register.size:
            raise InvalidRequest(f"action.source: there is no qubit {text[:40]!r}")
        return range(register.first + int(match[2]), register.first + int(match[2]) + 1)
