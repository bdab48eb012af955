"""The gate `pauliexp`: exp(-i * time * sum of coefficient * Pauli word), whose terms commute."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from quantumtask.doors.ionq.circuit_budget import CircuitBudget
from quantumtask.doors.ionq.gate_call import JsonGate
from quantumtask.doors.ionq.qis_gates import statement

LETTERS = frozenset("IXYZ")

_TO_Z = {"X": ("h",), "Y": ("sdg", "h")}
"""The gates that turn a Pauli matrix into Z; backwards, `s` undoes `sdg`."""
_INVERSE = {"h": "h", "sdg": "s"}


def pauli_exponential(call: JsonGate, budget: CircuitBudget) -> Iterator[str]:
    """Yield the statements of a call.

    A term acts on the targets; its last letter belongs to the first of them.

    Args:
        call: The call.
        budget: The budget of the job.

    Raises:
        InvalidRequest: a field is not valid, two terms do not commute, or there are too many.
    """
    call.check_fields("terms", "coefficients", "time")
    targets, time = call.targets(None), call.number("time")
    words = _words(call, len(targets))
    coefficients = call.numbers("coefficients", len(words))
    budget.add_pairs(len(words) * (len(words) - 1) // 2, call.place)
    _check_commuting(call, words)
    for word, coefficient in zip(words, coefficients, strict=True):
        angle = call.to_number("time", 2 * time * coefficient)
        yield from _exponential(word[::-1], angle, targets)


def _check_commuting(call: JsonGate, words: Sequence[str]) -> None:
    masks = [(_mask(word, "XY"), _mask(word, "YZ")) for word in words]
    for index, (x, z) in enumerate(masks):
        for other in range(index):
            other_x, other_z = masks[other]
            if ((x & other_z).bit_count() + (z & other_x).bit_count()) % 2:
                raise call.error(
                    "terms",
                    f"{words[other]} and {words[index]} do not commute, so that the "
                    "exponential of their sum is not a product of gates; send one gate for each "
                    "step of a product formula",
                )


def _words(call: JsonGate, qubits: int) -> list[str]:
    words = call.field("terms")
    if not isinstance(words, list) or not words:
        raise call.error("terms", "must be a list of Pauli words")
    for word in words:
        if not isinstance(word, str) or len(word) != qubits or not LETTERS.issuperset(word):
            raise call.error("terms", f"must be words of {qubits} letters I, X, Y or Z")
    return words


def _mask(word: str, letters: str) -> int:
    """Return the number whose bits say which letters of a word are among some letters."""
    return int("".join("1" if letter in letters else "0" for letter in word), 2)


def _exponential(letters: str, angle: float, targets: Sequence[int]) -> Iterator[str]:
    """Yield exp(-i angle/2 P) for the Pauli word P, whose k-th letter belongs to target k."""
    factors = [(letter, q) for letter, q in zip(letters, targets, strict=True) if letter != "I"]
    if not factors:
        return  # a global phase
    word, qubits = "".join(letter for letter, _ in factors), [qubit for _, qubit in factors]
    if len(factors) == 1 or word in ("XX", "YY", "ZZ"):
        yield statement("r" + word.lower(), [angle], qubits)
        return
    basis = [(gate, qubit) for letter, qubit in factors for gate in _TO_Z.get(letter, ())]
    ladder = list(pairwise(qubits))
    yield from (statement(gate, [], [qubit]) for gate, qubit in basis)
    yield from (statement("cx", [], pair) for pair in ladder)
    yield statement("rz", [angle], qubits[-1:])
    yield from (statement("cx", [], pair) for pair in reversed(ladder))
    yield from (statement(_INVERSE[gate], [], [qubit]) for gate, qubit in reversed(basis))
