"""Predicted cost of a task, from its text alone, within microseconds.

Only scheduling uses the cost: a worker claims about as many tasks as it can run in one chunk. A
wrong prediction can delay tasks, but changes no result.
"""

import re

from quantumtask.shared.approximation import MATRIX_PRODUCT_STATE, PAULI_PROPAGATION
from quantumtask.shared.output_kinds import QPY, STATEVECTOR, UNITARY
from quantumtask.shared.qpy_text import QpyFormatError, read_qpy_head
from quantumtask.shared.task import TaskSpec
from quantumtask.shared.task_options import circuit_format

_REGISTER_SIZE = re.compile(r"q(?:ubit|reg\s{1,8}\w{1,64})\s{0,8}\[\s{0,8}(\d{1,6})")
_UNSIZED_REGISTER = re.compile(r"qubit\s{0,8}\[\s{0,8}[^\d\s]")
_CONTROL_WORDS = ("while", "for", "def", "if", "switch")
_CONTROL = re.compile(rf"\b(?:{'|'.join(_CONTROL_WORDS)})")
_INPUT = re.compile(r"\binput\s")
_HEAD_CHARACTERS = 65_536
_NOISY = re.compile(r'"(?:noise|backend)":')
_SAMPLED_VALUES = re.compile(r'"precision":(?!0\.0[,}])')
_OPTIONS_MS = 6e-4
"""Milliseconds for each character of the options: observables with their values."""
_NUMBER_MS = 1e-4
"""Milliseconds for each number of an array in the result."""
_METHOD_MS = {MATRIX_PRODUCT_STATE: 5.0, PAULI_PROPAGATION: 40.0}
"""Milliseconds that an approximate method takes for a small circuit."""
CHARACTERS_PER_VALUE = 15
"""A number with its comma; in base64, eleven."""
UNKNOWN_MS = 1_000.0
QPY_MS = 3.0
"""Reading a small circuit in QPY, and writing it as OpenQASM."""


def predict_ms(spec: TaskSpec) -> float:
    """Return a rough number of milliseconds that a slot will need for this task."""
    if circuit_format(spec.options) == QPY:
        return _predict_qpy_ms(spec)
    head = spec.circuit[:_HEAD_CHARACTERS]
    if len(spec.circuit) > _HEAD_CHARACTERS or _may_run_long(head):
        return UNKNOWN_MS
    qubits = sum(map(int, _REGISTER_SIZE.findall(head)))
    return _run_ms(spec, qubits, len(head) / 20)


def _predict_qpy_ms(spec: TaskSpec) -> float:
    """Return a prediction from the header; a single instruction can hold a large circuit."""
    try:
        head = read_qpy_head(spec.circuit)
    except QpyFormatError:
        return UNKNOWN_MS
    if len(spec.circuit) > _HEAD_CHARACTERS:
        return UNKNOWN_MS
    return QPY_MS + _run_ms(spec, head.qubits, len(spec.circuit) / 20)


def _run_ms(spec: TaskSpec, qubits: int, gates: float) -> float:
    state_vector_ms = gates * 2.0 ** min(qubits, 40) * 2e-7
    run_ms = gates * 0.006 + spec.shots * (3e-5 + 5e-5 * spec.memory) + state_vector_ms
    if spec.options and _SAMPLED_VALUES.search(spec.options):
        run_ms *= 1 + spec.options.count('["')  # groups of terms have shots of their own
    if spec.options:
        run_ms += _output_ms(spec.options, min(qubits, 40))
        run_ms += _METHOD_MS.get(spec.method or "", 0.0)
        if _NOISY.search(spec.options):
            run_ms += _noise_ms(min(qubits, 40), gates, spec.shots)
    return 0.1 + run_ms * (_sweep_points(spec) if spec.parameters else 1.0)


def _output_ms(options: str, qubits: int) -> float:
    """Return the cost of what the options request: observables and arrays."""
    numbers = 4.0**qubits if f'"{UNITARY}"' in options else 0.0
    if f'"{STATEVECTOR}"' in options:
        numbers += 2.0**qubits
    return len(options) * _OPTIONS_MS + numbers * _NUMBER_MS


def _noise_ms(qubits: int, gates: float, shots: int) -> float:
    """Return the cost of compiling, and of noise by trajectories or in a density matrix."""
    trajectories_ms = shots * (0.01 + 1e-5 * 2.0**qubits)
    return 50 + gates * min(trajectories_ms, 1.2e-5 * 4.0**qubits)


def _sweep_points(spec: TaskSpec) -> float:
    """Return about how often a circuit runs, from the length of the values for its inputs."""
    assert spec.parameters is not None
    inputs = max(1, len(_INPUT.findall(spec.circuit[:_HEAD_CHARACTERS])))
    return max(1.0, len(spec.parameters) / CHARACTERS_PER_VALUE / inputs)


def _may_run_long(text: str) -> bool:
    if _UNSIZED_REGISTER.search(text):
        return True
    # Most texts contain none of the words: `in` tells that ten times faster than the expression.
    return any(word in text for word in _CONTROL_WORDS) and _CONTROL.search(text) is not None
