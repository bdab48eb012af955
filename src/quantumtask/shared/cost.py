"""How much work a task looks like, told from its text alone and in microseconds of our own time.

Only for sharing work out: the Store hands a free worker about as much as it can do in one chunk. A
wrong guess costs waiting, never a wrong answer.
"""

import re

from quantumtask.shared.task import TaskSpec

_SIZES = re.compile(
    r"\bqubit\s{0,8}\[\s{0,8}(\d{1,6})\s{0,8}\]|\bqreg\s{1,8}\w{1,64}\s{0,8}\[\s{0,8}(\d{1,6})"
)
_LONG = re.compile(
    r"\b(?:while|for|def|if|switch|qubit\s{0,8}\[\s{0,8}[^\d\s]|include\s{0,8}\"(?!stdgates))"
)
_HEAD = 65_536
UNKNOWN_MS = 1_000.0


def predicted_ms(spec: TaskSpec) -> float:
    """A rough number of milliseconds that a slot will need for this task."""
    head = spec.circuit[:_HEAD]
    if len(spec.circuit) > _HEAD or _LONG.search(head):
        return UNKNOWN_MS
    qubits = sum(int(a or b) for a, b in _SIZES.findall(head))
    gates = len(head) / 20
    state_vector_ms = gates * 2.0 ** min(qubits, 40) * 2e-6
    return 0.3 + gates * 0.02 + spec.shots * (1e-4 + 1e-4 * spec.memory) + state_vector_ms
