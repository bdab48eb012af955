"""The plan of a Braket program: checks if its results and measurements fit the shots."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from quantumtask.doors.braket.eigenbasis import MatrixRows
from quantumtask.doors.braket.observables import ObservableFactor, factor_targets
from quantumtask.doors.braket.program_plan import BitOfQubit, ProgramPlan
from quantumtask.doors.braket.program_text import BitMeasurement, ProgramText
from quantumtask.doors.braket.qubit_names import QubitNames
from quantumtask.doors.braket.result_request import (
    AMPLITUDE,
    DENSITY_MATRIX,
    OF_OBSERVABLE,
    OF_STATE,
    PROBABILITY,
    SAMPLE,
    STATE_VECTOR,
    ResultRequest,
    parse_results,
)
from quantumtask.shared.errors import InvalidRequest

MAX_TABLE_QUBITS = 20
"""Most qubits of a state vector, and of the probabilities of a task."""
MAX_MATRIX_QUBITS = 5
"""Most qubits of a density matrix, which is computed from all Pauli words on them."""
MAX_MEASUREMENTS = 100_000
"""Most measurements in the text of a program, each qubit counted."""
MAX_RESULT_NUMBERS = 1 << 22
"""Most numbers of all results of a task, and of the sums that they are computed from."""


def plan_program(source: str, shots: int) -> ProgramPlan:
    """Return the run of a program.

    Raises:
        InvalidRequest: the program requests what this door cannot do; the message names it.
    """
    text = ProgramText(source)
    if text.has_outputs:
        raise InvalidRequest(
            "action.source: `output` variables are not returned at this door; the service's own "
            "API returns them"
        )
    if not text.results and text.measures and shots:
        return ProgramPlan(shots, text, own_bits=_own_bits(text))
    if text.results and text.measures:
        raise InvalidRequest(
            "action.source: a program has results or measurements of its own, not both"
        )
    if not shots and not text.results:
        raise InvalidRequest("shots: must be at least 1 for a program without result pragmas")
    registers = text.declared_registers()
    plan = ProgramPlan(shots, text, registers, parse_results(text, registers))
    if shots:
        _check_values(shots * _sample_lists(plan) + _table_values(plan, plan.results))
        plan.gates = _measured_bases(plan)
        plan.measured = range(plan.count)
    else:
        _check_exact(plan)
        plan.measured = _qubits_of_probabilities(plan)
        _check_values(_exact_values(plan))
    return plan


def _check_values(count: int) -> None:
    if count > MAX_RESULT_NUMBERS:
        raise InvalidRequest(
            f"action.source: the results need {count:,} numbers; all results of a task may need "
            f"at most {MAX_RESULT_NUMBERS:,}"
        )


def _sample_lists(plan: ProgramPlan) -> int:
    return sum(len(plan.target_lists(each)) for each in plan.results if each.kind == SAMPLE)


def _table_values(plan: ProgramPlan, results: Sequence[ResultRequest]) -> int:
    tables = [plan.targets(each) for each in results if each.kind == PROBABILITY]
    return sum(1 << min(len(targets), 2 * MAX_TABLE_QUBITS) for targets in tables)


def _exact_values(plan: ProgramPlan) -> int:
    """Return the numbers behind the results of a task without shots."""
    count = 0
    for result in plan.results:
        size = len(plan.targets(result))
        if result.kind in OF_OBSERVABLE:  # words of a letter for each qubit
            terms = math.prod(factor.word_count for factor in result.factors)
            count += 2 * terms * len(plan.target_lists(result)) * plan.count
        elif result.kind == DENSITY_MATRIX:
            count += 8**size + 4**size * plan.count
        elif result.kind == PROBABILITY:
            count += 1 << len(plan.measured)
        else:
            count += 2 << plan.count
    return count


def _own_bits(text: ProgramText) -> list[BitOfQubit]:
    """Return the bits that a program measures, in the order of their registers and numbers.

    The qubit of a bit is that of its last measurement.
    """
    names = QubitNames(text.registers())
    bits: dict[tuple[str, int], int] = {}
    count = 0
    for each in text.measurements():
        some = _bits_of(each, names)
        count += len(some)
        if count > MAX_MEASUREMENTS:
            raise InvalidRequest(
                f"action.source: must measure at most {MAX_MEASUREMENTS:,} qubits in its text"
            )
        bits |= some
    registers = {register: n for n, register in enumerate(dict.fromkeys(r for r, _ in bits))}
    order = sorted(bits, key=lambda bit: (registers[bit[0]], bit[1]))
    return [BitOfQubit(*bit, bits[bit]) for bit in order]


def _bits_of(each: BitMeasurement, names: QubitNames) -> dict[tuple[str, int], int]:
    if each.qubit.register.startswith("$"):
        qubits: Sequence[int] = (int(each.qubit.register[1:]),)
    else:
        index = "" if each.qubit.index is None else f"[{each.qubit.index}]"
        qubits = names.read(each.qubit.register + index)
    if each.bit.index is not None and len(qubits) > 1:
        raise InvalidRequest(
            f"action.source: the {len(qubits)} qubits of {each.qubit.register[:40]!r} cannot be "
            "measured into one bit"
        )
    return {(each.bit.register, (each.bit.index or 0) + k): q for k, q in enumerate(qubits)}


def _qubits_of_probabilities(plan: ProgramPlan) -> list[int]:
    """Return the qubits of all probabilities, the last target of the first one first."""
    qubits: dict[int, None] = {}
    for result in plan.results:
        if result.kind == PROBABILITY:
            qubits |= dict.fromkeys(plan.targets(result))
    _check_table(PROBABILITY, len(qubits))
    return list(qubits)[::-1]


def _check_table(kind: str, qubits: int) -> None:
    if qubits > MAX_TABLE_QUBITS:
        raise InvalidRequest(
            f"action.source: `{kind}` must be of at most {MAX_TABLE_QUBITS} qubits in one task; "
            f"got {qubits}"
        )


def _check_exact(plan: ProgramPlan) -> None:
    """Refuse results that need shots, or that are too large."""
    for result in plan.results:
        if result.kind == SAMPLE:
            raise InvalidRequest("shots: must be at least 1 for `sample`")
        if result.kind in (STATE_VECTOR, AMPLITUDE):
            _check_table(result.kind, plan.count)
            if plan.text.has_noise:
                raise InvalidRequest(
                    f"action.source: a program with noise has no `{result.kind}`; request "
                    "`density_matrix`"
                )
        if result.kind == DENSITY_MATRIX and len(plan.targets(result)) > MAX_MATRIX_QUBITS:
            raise InvalidRequest(
                f"action.source: `density_matrix` must be of at most {MAX_MATRIX_QUBITS} qubits"
            )


def _measured_bases(plan: ProgramPlan) -> dict[tuple[int, ...], MatrixRows]:
    """Return the gates before the measurements, each with the qubits it acts on."""
    bases: dict[int, _Basis] = {}
    gates: dict[tuple[int, ...], MatrixRows] = {}
    for result in plan.results:
        if result.kind in OF_STATE:
            raise InvalidRequest(f"shots: must be 0 for `{result.kind}`")
        for qubits, basis in _bases(plan, result):
            differs = [each for each in qubits if bases.setdefault(each, basis) != basis]
            if differs:
                raise InvalidRequest(
                    f"action.source: observables on qubit {differs[0]} differ, so that no shot "
                    "measures both; use shots 0, or several tasks"
                )
            if basis.factor and qubits not in gates and (gate := basis.factor.eigenbasis()[1]):
                gates[qubits] = gate
    return gates


@dataclass(frozen=True)
class _Basis:
    """The basis of a measurement; two results share a shot if they have equal bases."""

    name: str
    qubits: tuple[int, ...] = ()
    factor: ObservableFactor | None = field(default=None, compare=False)


def _bases(plan: ProgramPlan, result: ResultRequest) -> Iterator[tuple[tuple[int, ...], _Basis]]:
    """Yield the qubits that a result measures together, with their basis."""
    if result.kind == PROBABILITY:
        _check_table(PROBABILITY, len(plan.targets(result)))
        yield from (((qubit,), _Basis("z")) for qubit in plan.targets(result))
        return
    for targets in plan.target_lists(result):
        for factor, qubits in factor_targets(result.factors, targets):
            if factor.name != "i":
                yield qubits, _Basis(factor.name, qubits if factor.size > 1 else (), factor)
