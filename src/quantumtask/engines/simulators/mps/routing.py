"""Gates on qubits that stand in a row: every gate of two is given neighbours to act on."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from qiskit.circuit.library import SwapGate

SWAP = SwapGate()


class Placed(NamedTuple):
    """A Qiskit gate on one or two qubits, by their numbers from 0 or by their places."""

    gate: Any
    on: tuple[int, ...]

    @property
    def rank(self) -> int:
        """By how much at most it multiplies the bond between its two places."""
        return 4 if self.gate.name == "swap" else 2


class Route:
    """The way of some qubits through a row of places, while gates are applied to them.

    `gates` act on one or two of `qubits`. No qubit is brought back after a gate, so `places` tells
    where each is once `moves` has run out. A gate that swaps two qubits only changes their names.
    """

    def __init__(self, gates: Sequence[Placed], qubits: int) -> None:
        self._gates, self._names = _renamed(gates, qubits)
        pairs = [gate.on for gate in self._gates if len(gate.on) == 2]
        self._at = _order(pairs, qubits)
        self._place = _inverse(self._at)
        self._partners = _partners(pairs)

    @property
    def places(self) -> list[int]:
        return [self._place[name] for name in self._names]

    def moves(self) -> Iterator[Placed]:
        """The gates and the swaps between them, by place; those of two are on neighbours."""
        partners = iter(self._partners)
        for gate, on in self._gates:
            if len(on) == 1:
                yield Placed(gate, (self._place[on[0]],))
                continue
            for left in self._way(on, next(partners)):
                self._exchange(left, left + 1)
                yield Placed(SWAP, (left, left + 1))
            yield Placed(gate, (self._place[on[0]], self._place[on[1]]))

    def _exchange(self, one: int, other: int) -> None:
        a, b = self._at[one], self._at[other]
        self._at[one], self._at[other] = b, a
        self._place[a], self._place[b] = other, one

    def _way(self, on: tuple[int, ...], following: tuple[int, int]) -> range:
        """The left places of the swaps that make neighbours of two qubits.

        One of them goes all the way: the one for which the two are then nearer to the qubits that
        each of them meets next.
        """
        near, far = sorted(self._place[qubit] for qubit in on)
        order = (0, 1) if self._place[on[0]] == near else (1, 0)
        meets = [self._place[following[k]] if following[k] >= 0 else None for k in order]

        def left_over(place: int) -> int:
            ends = zip((place, place + 1), meets, strict=True)
            return sum(abs(end - meet) for end, meet in ends if meet is not None)

        if left_over(far - 1) < left_over(near):
            return range(near, far - 1)
        return range(far - 1, near, -1)


def _renamed(gates: Sequence[Placed], qubits: int) -> tuple[list[Placed], list[int]]:
    """The same gates without swaps, and the name that each qubit has after them."""
    names = list(range(qubits))
    found = []
    for gate, on in gates:
        if gate.name == "swap":
            a, b = on
            names[a], names[b] = names[b], names[a]
        else:
            found.append(Placed(gate, tuple([names[qubit] for qubit in on])))
    return found, names


def _partners(pairs: Sequence[tuple[int, ...]]) -> list[tuple[int, int]]:
    """For each pair, whom each of the two meets next: a qubit, or -1."""
    meets: dict[int, int] = {}
    found = []
    for a, b in reversed(pairs):
        found.append((meets.get(a, -1), meets.get(b, -1)))
        meets[a], meets[b] = b, a
    return found[::-1]


def _order(pairs: Sequence[tuple[int, ...]], qubits: int) -> list[int]:
    """The qubits in a row, such that those of a pair are near each other."""

    def distance(row: list[int]) -> int:
        place = _inverse(row)
        return sum(abs(place[a] - place[b]) for a, b in pairs)

    return min(list(range(qubits)), _spread(pairs, qubits), key=distance)


def _spread(pairs: Sequence[tuple[int, ...]], qubits: int) -> list[int]:
    """Breadth first, from those with few neighbours to those with many (Cuthill and McKee)."""
    around: list[set[int]] = [set() for _ in range(qubits)]
    for a, b in pairs:
        around[a].add(b)
        around[b].add(a)

    def by_neighbours(some: set[int] | range) -> list[int]:
        return sorted(some, key=lambda qubit: (len(around[qubit]), qubit))

    row: dict[int, None] = {}
    for first in by_neighbours(range(qubits)):
        queue = [] if first in row else [first]
        for qubit in queue:
            if qubit not in row:
                row[qubit] = None
                queue += by_neighbours(around[qubit] - row.keys())
    return list(row)


def _inverse(row: Sequence[int]) -> list[int]:
    place = [0] * len(row)
    for k, qubit in enumerate(row):
        place[qubit] = k
    return place
