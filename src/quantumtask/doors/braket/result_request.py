"""Result types of Braket, read from the pragmas of a program."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quantumtask.doors.braket.observables import ObservableFactor, matrix_factor, named_factor
from quantumtask.doors.braket.program_text import ProgramText, QubitRegister
from quantumtask.doors.braket.qubit_names import QubitNames
from quantumtask.shared.errors import InvalidRequest

EXPECTATION, VARIANCE, SAMPLE = "expectation", "variance", "sample"
PROBABILITY, STATE_VECTOR, AMPLITUDE = "probability", "state_vector", "amplitude"
DENSITY_MATRIX = "density_matrix"
OF_OBSERVABLE = (EXPECTATION, VARIANCE, SAMPLE)
OF_STATE = (STATE_VECTOR, AMPLITUDE, DENSITY_MATRIX)
"""Result types that only a task without shots has."""

MAX_RESULTS = 500
"""Most results of one program."""

_WORD = re.compile(r"(\w+)\s*(.*)", re.DOTALL)
_NAMED = re.compile(r"(\w+)\s*\(([^()]*)\)")
_BARE = re.compile(r"(\w+)(?:\s+all)?")
_MATRIX = re.compile(r"hermitian\s*\(([^()]*)\)\s*(.*)", re.DOTALL)
_STATE = re.compile(r'\s*"([01]{1,64})"\s*')


@dataclass(frozen=True)
class ResultRequest:
    """A result that a program requests.

    Attributes:
        kind: The word of the pragma.
        targets: Qubits by number; None: all qubits, an observable on each of them.
        factors: The factors of the observable, on the targets in their order.
        states: The basis states of amplitudes.
    """

    kind: str
    targets: tuple[int, ...] | None = None
    factors: tuple[ObservableFactor, ...] = ()
    states: tuple[str, ...] = ()

    def to_type(self) -> dict[str, Any]:
        """Return the result type in the schema of Braket's results."""
        fields: dict[str, Any] = {"type": self.kind.replace("_", "")}
        if self.factors:
            fields["observable"] = [_observable_field(factor) for factor in self.factors]
        if self.states:
            fields["states"] = list(self.states)
        if self.targets is not None:
            fields["targets"] = list(self.targets)
        return fields


def _observable_field(factor: ObservableFactor) -> Any:
    if len(factor.name) == 1:
        return factor.name
    return [[[each.real, each.imag] for each in row] for row in factor.matrix]


def parse_results(text: ProgramText, registers: Sequence[QubitRegister]) -> list[ResultRequest]:
    """Return the results that a program requests, or raise InvalidRequest."""
    if len(text.results) > MAX_RESULTS:
        raise InvalidRequest(f"action.source: must request at most {MAX_RESULTS} results")
    qubits = QubitNames(registers)
    return [_parse(line.text, qubits) for line in text.results]


def _parse(text: str, qubits: QubitNames) -> ResultRequest:
    match = _WORD.fullmatch(text)
    kind, rest = (match[1], match[2].strip()) if match else ("", "")
    if kind in OF_OBSERVABLE:
        return _parse_observable(kind, rest, qubits)
    if kind in (PROBABILITY, DENSITY_MATRIX):
        return ResultRequest(kind, None if rest in ("", "all") else qubits.read(rest))
    if kind == AMPLITUDE:
        return ResultRequest(kind, states=_parse_states(rest, qubits.count))
    if kind == STATE_VECTOR and not rest:
        return ResultRequest(kind)
    if kind == "adjoint_gradient":
        raise InvalidRequest(
            "action.source: `adjoint_gradient` is not computed at this door; `gradients` of the "
            "service's own API are"
        )
    raise InvalidRequest(f"action.source: there is no result {text[:60]!r}")


def _parse_states(text: str, count: int) -> tuple[str, ...]:
    matches = [_STATE.fullmatch(part) for part in text.split(",")]
    states = [match[1] for match in matches if match and len(match[1]) == count]
    if len(states) < len(matches):
        raise InvalidRequest(
            f'action.source: `amplitude` needs states such as "{"0" * min(count, 20)}", of '
            f"{count} characters; got {text[:60]!r}"
        )
    return tuple(states)


def _parse_observable(kind: str, text: str, qubits: QubitNames) -> ResultRequest:
    """Return the result of an observable: `x(q[0]) @ z(q[1])`, `x all` or a matrix."""
    bare = _BARE.fullmatch(text)
    if bare:
        return ResultRequest(kind, None, (named_factor(bare[1]),))
    if text.count("@") >= qubits.count:
        raise InvalidRequest(f"action.source: {text[:60]!r} has more factors than qubits")
    factors, targets = [], ""
    for part in text.split("@"):
        factor, operands = _parse_factor(part.strip())
        factors.append(factor)
        targets += f",{operands}"
        if operands in ("", "all") and text == part and factor.size == 1:
            return ResultRequest(kind, None, (factor,))
        if len(qubits.read(operands)) != factor.size:
            raise InvalidRequest(
                f"action.source: {part.strip()[:60]!r} must have {factor.size} qubits"
            )
    return ResultRequest(kind, qubits.read(targets[1:]), tuple(factors))


def _parse_factor(text: str) -> tuple[ObservableFactor, str]:
    if match := _MATRIX.fullmatch(text):
        return matrix_factor(match[1]), match[2].strip()
    if match := _NAMED.fullmatch(text):
        return named_factor(match[1]), match[2].strip()
    raise InvalidRequest(
        f"action.source: {text[:60]!r} is not an observable such as x(q[0]); sums are not computed"
    )
