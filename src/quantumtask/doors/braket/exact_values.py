"""Exact values of Braket's results, from the arrays of a task's result."""

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from operator import add

from quantumtask.api.serialization.array_json import array_groups
from quantumtask.doors.braket.answers import json_list_pieces
from quantumtask.doors.braket.program_plan import ProgramPlan
from quantumtask.doors.braket.result_request import (
    AMPLITUDE,
    DENSITY_MATRIX,
    PROBABILITY,
    STATE_VECTOR,
    VARIANCE,
    ResultRequest,
)
from quantumtask.shared.output_kinds import EXPECTATION_VALUES, PROBABILITIES, STATEVECTOR

_GROUP = 500
_PAULI_ENTRIES: dict[str, tuple[int, complex, complex]] = {
    "I": (0, 1, 1), "X": (1, 1, 1), "Y": (1, -1j, 1j), "Z": (0, 1, -1),
}  # fmt: skip
"""For each Pauli matrix, 1 if it flips a bit, and its entry in the rows 0 and 1."""


def exact_values(plan: ProgramPlan, data: bytes) -> Iterator[Iterable[bytes]]:
    """Yield the value of each result of a program without shots, as pieces of JSON.

    Args:
        plan: The run of the program.
        data: The arrays of the result.
    """
    outputs = plan.outputs()
    arrays = {name: _read(data, name) for name in outputs}
    numbers = iter(arrays.get(EXPECTATION_VALUES, ()))
    for result in plan.results:
        if result.kind == STATE_VECTOR:
            yield _state_pieces(arrays[STATEVECTOR], plan.count)
        elif result.kind == AMPLITUDE:
            state = arrays[STATEVECTOR]
            places = {each: 2 * int(each[::-1], 2) for each in result.states}
            value = {each: [state[at], state[at + 1]] for each, at in places.items()}
            yield (json.dumps(value).encode(),)
        elif result.kind == PROBABILITY:
            yield json_list_pieces(_marginal(plan, result, arrays[PROBABILITIES]))
        elif result.kind == DENSITY_MATRIX:
            size = len(plan.targets(result))
            yield (json.dumps(_density_matrix(numbers, size)).encode(),)
        else:
            yield (json.dumps(_of_observable(plan, result, numbers)).encode(),)


def _read(data: bytes, name: str) -> "array[float]":
    """Return the numbers of an array; a complex number is two."""
    numbers = array("d")
    for group in array_groups((data,), name):
        numbers.extend(group)
    return numbers


def _of_observable(
    plan: ProgramPlan, result: ResultRequest, numbers: Iterator[float]
) -> float | list[float]:
    values = []
    for _ in plan.target_lists(result):
        mean = next(numbers)
        values.append(next(numbers) - mean**2 if result.kind == VARIANCE else mean)
    return values if result.targets is None else values[0]


def _marginal(plan: ProgramPlan, result: ResultRequest, table: "array[float]") -> Sequence[float]:
    """Return the probabilities of the targets of a result; the first is the highest bit."""
    targets, qubits = plan.targets(result), list(plan.measured)
    sums: Sequence[float] = table
    for place in reversed(range(len(qubits))):
        if qubits[place] not in targets:
            sums, _ = _sum_over_bit(sums, place), qubits.pop(place)
    if qubits == list(targets[::-1]):
        return sums
    return [sums[at] for at in _places([1 << qubits.index(target) for target in targets])]


def _sum_over_bit(table: Sequence[float], place: int) -> list[float]:
    """Return the sums of the entries of a table whose indices differ in one bit alone."""
    step = 1 << place
    sums: list[float] = []
    for start in range(0, len(table), 2 * step):
        middle, end = start + step, start + 2 * step
        sums += map(add, table[start:middle], table[middle:end])
    return sums


def _places(weights: Sequence[int]) -> list[int]:
    """Return for each index the sum of the weights of its bits, the first of the highest bit."""
    places = [0]
    for weight in reversed(weights):
        places += [place + weight for place in places]
    return places


def _density_matrix(numbers: Iterator[float], size: int) -> list[list[list[float]]]:
    """Return the sum of all Pauli words, each with its expectation value."""
    rows = 1 << size
    matrix = [[0j] * rows for _ in range(rows)]
    for word in product("IXYZ", repeat=size):
        mean = next(numbers) / rows
        if abs(mean) < 1e-300:
            continue
        for row in range(rows):
            flips, entry = 0, complex(mean)
            for place, letter in enumerate(word):
                flip, *entries = _PAULI_ENTRIES[letter]
                flips |= flip << (size - 1 - place)
                entry *= entries[row >> (size - 1 - place) & 1]
            matrix[row][row ^ flips] += entry
    return [[[each.real, each.imag] for each in row] for row in matrix]


def _state_pieces(state: "array[float]", count: int) -> Iterator[bytes]:
    """Yield a state vector whose first qubit is the highest bit of an index."""
    places = _places([1 << qubit for qubit in range(count)])
    separator = b"["
    for start in range(0, len(places), _GROUP):
        group = [[state[2 * at], state[2 * at + 1]] for at in places[start : start + _GROUP]]
        yield separator + json.dumps(group)[1:-1].encode()
        separator = b", "
    yield b"]"
