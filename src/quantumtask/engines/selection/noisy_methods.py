"""How Aer simulates noise: which of its methods can, and which of those is the fastest.

Costs are microseconds on the machine that they were measured on, as in `select`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from quantumtask.engines.limits import available_bytes, format_bytes
from quantumtask.engines.limits import out_of_memory as too_large
from quantumtask.engines.selection.cost_model import MAX_SIZED_QUBITS
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import FailureCode

AER, OWN = "aer", "quantumtask"
"""Engines with noise: Aer for circuits whose shots are all alike, our own for any program."""

DENSITY_MATRIX, STATEVECTOR, STABILIZER = "density_matrix", "statevector", "stabilizer"


@dataclass(frozen=True)
class NoisyCircuitFeatures:
    """What a choice rests on: of a circuit with its noise.

    `final`: it measures at its end. `clifford`: stabilizers can tell, the noise included.
    `entanglement`: at most, in bits, through any cut.
    """

    qubits: int
    gates: int
    final: bool
    clifford: bool
    entanglement: int

    @property
    def amplitudes(self) -> float:
        return 2.0 ** min(self.qubits, MAX_SIZED_QUBITS)


class Method(NamedTuple):
    """One way: what a circuit must not be, the memory it takes, what a gate costs for a shot."""

    name: str
    lacks: Callable[[NoisyCircuitFeatures], str | None]
    bytes: Callable[[NoisyCircuitFeatures], float]
    cost: Callable[[NoisyCircuitFeatures, int], float]
    how: str


METHODS = (
    Method(
        DENSITY_MATRIX,
        lambda facts: None if facts.final else "it goes on after measuring or resetting a qubit",
        lambda facts: 16 * facts.amplitudes**2,
        lambda facts, _: 20_000 + 0.012 * facts.gates * facts.amplitudes**2,
        "in a density matrix",
    ),
    Method(
        STATEVECTOR,
        lambda _: None,
        lambda facts: 16 * facts.amplitudes,
        lambda facts, shots: shots * facts.gates * (10 + 0.009 * facts.amplitudes),
        "shot by shot in a state vector",
    ),
    Method(
        STABILIZER,
        lambda facts: None if facts.clifford else "its gates or its noise are not Clifford",
        lambda _: 0.0,
        lambda facts, shots: shots * facts.gates * (8 + 0.003 * facts.qubits**2),
        "shot by shot in a stabilizer state",
    ),
    Method(
        "matrix_product_state",
        lambda _: None,
        lambda _: 0.0,
        lambda facts, shots: shots * facts.gates * (20 + 0.05 * 8.0 ** min(facts.entanglement, 99)),
        "shot by shot in a chain of matrices",
    ),
)
"""All of them."""


def choose_noisy_method(
    facts: NoisyCircuitFeatures, shots: int, asked: str | None, settings: Settings
) -> Method:
    """The fastest for so many shots, or the one that was asked for.

    Raises ResourceError (`engine_unsuitable`, `out_of_memory`).
    """
    wanted = [one for one in METHODS if asked in (None, one.name)]
    lacks = {one.name: one.lacks(facts) for one in wanted}
    able = [one for one in wanted if lacks[one.name] is None]
    if not able:
        raise ResourceError(
            FailureCode.ENGINE_UNSUITABLE,
            f"aer ({asked}) cannot run this program: {lacks[str(asked)]}. Leave `method` out",
        )
    available = available_bytes(settings)
    fitting = [one for one in able if one.bytes(facts) <= available]
    if not fitting:
        least = min(one.bytes(facts) for one in able)
        raise too_large(facts.qubits, int(least), available)
    return min(fitting, key=lambda one: one.cost(facts, shots))


def choose_exact_method(facts: NoisyCircuitFeatures, settings: Settings) -> Method:
    """The one that tells probabilities exactly. Raises ResourceError where there is no room."""
    method = METHODS[0]
    if why := method.lacks(facts):
        raise ResourceError(
            FailureCode.NOT_EXACT, f"there is no such exact result with noise: {why}"
        )
    needed, available = method.bytes(facts), available_bytes(settings)
    if needed > available:
        raise ResourceError(
            FailureCode.OUT_OF_MEMORY,
            f"exact values with noise need a density matrix: that of {facts.qubits} qubits takes "
            f"{format_bytes(needed)} of memory, and this slot has {format_bytes(available)} for "
            "it. Ask for counts, or give a `precision` to have expectation values sampled",
        )
    return method
