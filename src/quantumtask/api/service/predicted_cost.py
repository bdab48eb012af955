"""How much work a task looks like, told from its text alone and in microseconds of our own time.

Only for sharing work out: the Store hands a free worker about as much as it can do in one chunk. A
wrong guess costs waiting, never a wrong answer.
"""

import re

from quantumtask.shared.task import TaskSpec

_SIZES = re.compile(r"q(?:ubit|reg\s{1,8}\w{1,64})\s{0,8}\[\s{0,8}(\d{1,6})")
_UNSAID = re.compile(r"qubit\s{0,8}\[\s{0,8}[^\d\s]")
_ELSEWHERE = re.compile(r"include\s{0,8}\"(?!stdgates)")
_WORDS = ("while", "for", "def", "if", "switch")
_CONTROL = re.compile(rf"\b(?:{'|'.join(_WORDS)})")
_INPUTS = re.compile(r"\binput\s")
_HEAD = 65_536
_NOISY = re.compile(r'"(?:noise|backend)":')
LETTERS_OF_A_VALUE = 15
"""A number with its comma; in base64, eleven."""
UNKNOWN_MS = 1_000.0


def predicted_ms(spec: TaskSpec) -> float:
    """A rough number of milliseconds that a slot will need for this task."""
    head = spec.circuit[:_HEAD]
    if len(spec.circuit) > _HEAD or _may_be_long(head):
        return UNKNOWN_MS
    qubits = sum(map(int, _SIZES.findall(head)))
    gates = len(head) / 20
    state_vector_ms = gates * 2.0 ** min(qubits, 40) * 2e-7
    once_ms = gates * 0.006 + spec.shots * (3e-5 + 5e-5 * spec.memory) + state_vector_ms
    if spec.options and _NOISY.search(spec.options):
        once_ms += _noise_ms(min(qubits, 40), gates, spec.shots)
    return 0.1 + once_ms * (_elements(spec) if spec.parameters else 1.0)


def _noise_ms(qubits: int, gates: float, shots: int) -> float:
    """Compiling a circuit, and then its noise: shot by shot, or in a density matrix."""
    by_shots = shots * (0.01 + 1e-5 * 2.0**qubits)
    return 50 + gates * min(by_shots, 1.2e-5 * 4.0**qubits)


def _elements(spec: TaskSpec) -> float:
    """About how often a circuit runs, from the length of the values for its inputs."""
    assert spec.parameters is not None
    inputs = max(1, len(_INPUTS.findall(spec.circuit[:_HEAD])))
    return max(1.0, len(spec.parameters) / LETTERS_OF_A_VALUE / inputs)


def _may_be_long(text: str) -> bool:
    if _UNSAID.search(text) or _ELSEWHERE.search(text):
        return True
    # Most texts have none of the words, which is seen ten times faster than where one begins.
    return any(word in text for word in _WORDS) and _CONTROL.search(text) is not None
