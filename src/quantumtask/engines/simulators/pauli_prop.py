"""Pauli propagation: an observable evolves backwards through a circuit, as a sum of Pauli words.

Terms are dropped on the way. Gates preserve the norm of a Pauli word, which is 1, so the sum of the
absolute values of all dropped coefficients bounds the error of the expectation value (T. Begusic
and others, Fast and converged classical simulations of evidence for the utility of quantum
computing before fault tolerance, 2024). The package `pauli-prop` of Qiskit returns that sum.
"""

import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from pauli_prop import RotationGates, circuit_to_rotation_gates, evolve_through_cliffords
from pauli_prop import propagate_through_rotation_gates as propagate
from qiskit import QuantumCircuit
from qiskit.quantum_info import Clifford, SparsePauliOp
from qiskit.transpiler import PassManager

from quantumtask.engines.limits import available_bytes, format_bytes
from quantumtask.engines.observables.observable import (
    DEPHASED_LETTERS,
    PROJECTORS,
    FloatArray,
    WordSums,
    expectation_of_basis_state,
    invalid_observable,
)
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.qiskit.circuits import build_circuit
from quantumtask.engines.qiskit.transpiler import build_pass_manager
from quantumtask.openqasm.program.operations import TIMING_OPERATIONS, Operation
from quantumtask.openqasm.program.program import Circuit
from quantumtask.shared.approximation import Approximation
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import FailureCode

BASIS_GATES = [
    "cx", "cy", "cz", "h", "rx", "rxx", "ry", "ryy", "rz", "rzz", "s", "sdg", "swap", "sx", "sxdg",
    "x", "y", "z",
]  # fmt: skip
"""Gates that the package propagates through: Clifford gates, and rotations about Pauli words."""

MAX_OBSERVABLE_WORDS = 1 << 16
"""Largest number of Pauli words of an observable after its projectors have become sums."""

TERM_COPIES = 6
"""Copies of each term: two buffers of the package, its result, and Qiskit's operators."""

VALUE_ROUNDING = 1e-12
"""Error by rounding, for each unit of the coefficients of an observable."""


class BackwardCircuit(NamedTuple):
    """A circuit as rotations after a Clifford circuit, through which observables evolve back.

    Attributes:
        place: The place of each active qubit in the words.
    """

    clifford: Clifford
    rotations: RotationGates
    place: dict[int, int]


class BoundedValue(NamedTuple):
    """An expectation value, and an upper bound on its absolute error."""

    value: float
    bound: float


def observable_values(
    circuit: Circuit,
    qubits: Mapping[int, int],
    words: Sequence[str],
    sums: WordSums,
    approximation: Approximation,
    settings: Settings,
    progress: RunProgress,
) -> list[BoundedValue]:
    """Return the value of each observable in the state before the terminal measurements.

    Args:
        circuit: The circuit.
        qubits: The qubit of the circuit for each qubit of the words.
        words: Words of `Observables`; the last letter belongs to qubit 0.
        sums: The observables.
        approximation: Limits of the terms.
        settings: Settings with the memory of the slot.
        progress: The progress of the run.

    Raises:
        ResourceError: `max_terms` do not fit the slot (`out_of_memory`), or an observable has too
            many projectors (`bad_observable`).
    """
    max_terms = _check_terms(approximation.max_terms, len(circuit.active_qubits), settings)
    backward = _backward_circuit(circuit)
    # A qubit without gates since its reset is no qubit of the circuit any more: it is 0.
    active = [(qubit, name) for qubit, name in qubits.items() if name in backward.place]
    places = {qubit: backward.place[name] for qubit, name in active}
    tolerance = approximation.min_coefficient or 0.0
    values = []
    for numbers, coefficients in progress.each(sums, len(sums)):
        terms: dict[str, float] = {}
        for number, coefficient in zip(numbers, coefficients.tolist(), strict=True):
            _add_word(terms, words[number], coefficient, places, len(backward.place))
        values.append(_propagate(terms, backward, max_terms, tolerance))
    return values


def _check_terms(requested: int | None, qubits: int, settings: Settings) -> int:
    """Return the largest number of terms: the requested one, or what fits the slot."""
    each = TERM_COPIES * (2 * qubits + 8)
    available = available_bytes(settings)
    fitting = available // each
    if requested is not None and requested > fitting:
        raise ResourceError(
            FailureCode.OUT_OF_MEMORY,
            f"max_terms: {requested:,} terms of {qubits} qubits need "
            f"{format_bytes(requested * each)}, and this slot has {format_bytes(available)} for "
            f"them: give at most {fitting:,}",
        )
    return requested or fitting


def _backward_circuit(circuit: Circuit) -> BackwardCircuit:
    operations = [
        step
        for step in circuit.steps
        if isinstance(step, Operation) and step.gate.name not in (*TIMING_OPERATIONS, "id")
    ]
    translated = build_circuit(operations, circuit.active_qubits, {})
    if not translated.count_ops().keys() <= set(BASIS_GATES):
        translated = _pass_manager().run(translated)
    gates = QuantumCircuit(translated.qubits)
    for item in translated.data:
        if item.qubits:  # a global phase has none
            gates._append(item)
    clifford, rest = evolve_through_cliffords(gates)
    place = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
    return BackwardCircuit(clifford, circuit_to_rotation_gates(rest), place)


@cache
def _pass_manager() -> PassManager:
    return build_pass_manager(0, basis_gates=BASIS_GATES)


def _add_word(
    terms: dict[str, float], word: str, coefficient: float, places: Mapping[int, int], size: int
) -> None:
    """Add a word as Pauli words on `size` places; a projector is (1 + P) / 2 or (1 - P) / 2."""
    parts = {"": coefficient}
    letters = ["I"] * size
    for qubit, letter in enumerate(reversed(word)):
        if qubit in places and letter not in DEPHASED_LETTERS:
            letters[places[qubit]] = letter
        elif letter != "I":
            parts = {"": parts[""] * expectation_of_basis_state(letter, 0)}
    for letter in letters:  # the first place is the last letter
        pauli, bit = PROJECTORS.get(letter, (letter, 0))
        if letter not in PROJECTORS:
            parts = {letter + part: factor for part, factor in parts.items()}
            continue
        sign = 1 - 2 * bit
        parts = {
            name + part: factor
            for part, half in parts.items()
            for name, factor in (("I", half / 2), (pauli, sign * half / 2))
        }
        if len(parts) > MAX_OBSERVABLE_WORDS:
            raise _too_many_projectors()
    for part, factor in parts.items():
        terms[part] = terms.get(part, 0.0) + factor
    if len(terms) > MAX_OBSERVABLE_WORDS:
        raise _too_many_projectors()


def _propagate(
    terms: dict[str, float], backward: BackwardCircuit, max_terms: int, tolerance: float
) -> BoundedValue:
    constant = sum(factor for word, factor in terms.items() if not word.strip("I"))
    others = [(word, factor) for word, factor in terms.items() if factor and word.strip("I")]
    if not others:
        return BoundedValue(constant, 0.0)
    operator = SparsePauliOp([word for word, _ in others], [factor for _, factor in others])
    operator, dropped = _drop_smallest(operator, max_terms, tolerance)
    if len(operator) and backward.rotations.gates:
        with warnings.catch_warnings():  # the package casts complex coefficients to real ones
            warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
            operator, more = propagate(operator, backward.rotations, max_terms, tolerance, "h")
        dropped += more
    paulis = operator.paulis.evolve(backward.clifford, frame="h")
    signs = 1.0 - 2.0 * (paulis.phase == 2)  # Clifford gates take a word to plus or minus a word
    factors = operator.coeffs.real * signs * ~paulis.x.any(axis=1)
    value, norm = float(factors.sum()), float(sum(abs(factor) for _, factor in others))
    bound = min(float(dropped), abs(value) + norm)  # the exact value is at most the norm
    return BoundedValue(constant + value, bound + VALUE_ROUNDING * norm)


def _drop_smallest(operator: Any, max_terms: int, tolerance: float) -> tuple[Any, float]:
    """Return an operator without its smallest terms, and the sum of their absolute values.

    The package does not count what it drops of the operator that it is given.
    """
    sizes: FloatArray = np.abs(operator.coeffs)
    order = np.argsort(sizes)[::-1]
    count = min(max_terms, int(np.count_nonzero(sizes >= tolerance)))
    return operator[order[:count]], float(sizes[order[count:]].sum())


def _too_many_projectors() -> ResourceError:
    return invalid_observable(
        f"observables: pauli_propagation writes projectors as sums, of at most "
        f"{MAX_OBSERVABLE_WORDS:,} Pauli words for an observable: use fewer projectors"
    )
