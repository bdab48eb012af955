"""Upper bound of the entanglement that the gates of a circuit can create."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

MAX_UNDIVIDED_QUBITS = 3
DIVIDED_GATES = 1.6
"""For a matrix product state, Qiskit divides a gate on m qubits into gates on two: those of more
than 3 qubits into about DIVIDED_GATES * m**3 of them, moves to neighbouring places included."""


def max_bond_bits(gates: Iterable[tuple[Sequence[int], bool]], qubits: int) -> int:
    """Return an upper bound, in bits, of the entanglement across any cut of a row of qubits.

    Args:
        gates: The places in the row of each gate on several qubits; True for a controlled gate.
        qubits: The number of qubits in the row.
    """
    increments = [0] * (qubits + 1)
    divided = [0] * (qubits + 1)  # at each cut, the most bits between the parts of one gate
    for places, is_controlled in gates:
        rank_bits = 1 if is_controlled else 2
        increments[min(places)] += rank_bits
        increments[max(places)] -= rank_bits
        if len(places) > MAX_UNDIVIDED_QUBITS:
            _add_divided_gate(divided, sorted(places))
    bits = largest = 0
    for k, increment in enumerate(increments[:-1], start=1):
        bits += increment
        largest = max(largest, min(bits + divided[k], k, qubits - k))
    return largest


def _add_divided_gate(divided: list[int], places: Sequence[int]) -> None:
    """Note the bits at each cut while the parts of a gate act, which is run as gates on two qubits.

    The qubits on the smaller side of the cut can be entangled with all others then.
    """
    for number, (place, following) in enumerate(pairwise(places), 1):
        bits = min(number, len(places) - number)
        for cut in range(place + 1, following + 1):
            divided[cut] = max(divided[cut], bits)
