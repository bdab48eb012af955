"""Routing of gates on a line of sites, where a gate on two qubits acts on neighbours."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from qiskit.circuit.library import SwapGate

from quantumtask.engines.progress import RunProgress

SWAP = SwapGate()


class PlacedGate(NamedTuple):
    """Qiskit gate on one or two qubits or sites, which are numbered from 0."""

    gate: Any
    targets: tuple[int, ...]

    @property
    def rank(self) -> int:
        """The largest factor by which the gate multiplies the bond between its two sites."""
        return 4 if self.gate.name == "swap" else 2


class LinearRouting:
    """Routing of a circuit: moves qubits to neighbouring sites, and tracks their sites.

    A swap gate of the circuit only exchanges two names. Qubits do not move back after a gate:
    `sites` has the final sites once `routed_gates` is exhausted.
    """

    def __init__(self, gates: Sequence[PlacedGate], qubits: int) -> None:
        self._gates, self._names = _without_swaps(gates, qubits)
        pairs = [gate.targets for gate in self._gates if len(gate.targets) == 2]
        self._qubit_at = _initial_line(pairs, qubits)
        self._site_of = _inverse(self._qubit_at)
        self._partners = _next_partners(pairs)

    @property
    def sites(self) -> list[int]:
        """The site of each qubit."""
        return [self._site_of[name] for name in self._names]

    def routed_gates(self, progress: RunProgress) -> Iterator[PlacedGate]:
        """Yield the gates and the swaps between them, by site.

        Args:
            progress: The progress of what is done with the gates.
        """
        partners = iter(self._partners)
        for gate, qubits in progress.each(self._gates, len(self._gates)):
            if len(qubits) == 1:
                yield PlacedGate(gate, (self._site_of[qubits[0]],))
                continue
            for site in self._swap_sites(qubits, next(partners)):
                self._exchange(site)
                yield PlacedGate(SWAP, (site, site + 1))
            yield PlacedGate(gate, (self._site_of[qubits[0]], self._site_of[qubits[1]]))

    def _exchange(self, site: int) -> None:
        """Exchange the qubits at a site and the next."""
        first, second = self._qubit_at[site], self._qubit_at[site + 1]
        self._qubit_at[site], self._qubit_at[site + 1] = second, first
        self._site_of[first], self._site_of[second] = site + 1, site

    def _swap_sites(self, qubits: tuple[int, ...], partners: tuple[int, int]) -> range:
        """Return the first sites of the swaps that make two qubits neighbours.

        Only one of the two qubits moves: the choice that leaves both nearer to their next partners.
        """
        near, far = sorted(self._site_of[qubit] for qubit in qubits)
        order = (0, 1) if self._site_of[qubits[0]] == near else (1, 0)
        goals = [self._site_of[partners[k]] if partners[k] >= 0 else None for k in order]

        def distance(site: int) -> int:
            ends = zip((site, site + 1), goals, strict=True)
            return sum(abs(end - goal) for end, goal in ends if goal is not None)

        if distance(far - 1) < distance(near):
            return range(near, far - 1)
        return range(far - 1, near, -1)


def _without_swaps(gates: Sequence[PlacedGate], qubits: int) -> tuple[list[PlacedGate], list[int]]:
    """Return the gates without swaps, and the name of each qubit after them."""
    names = list(range(qubits))
    others = []
    for gate, targets in gates:
        if gate.name == "swap":
            first, second = targets
            names[first], names[second] = names[second], names[first]
        else:
            others.append(PlacedGate(gate, tuple([names[qubit] for qubit in targets])))
    return others, names


def _next_partners(pairs: Sequence[tuple[int, ...]]) -> list[tuple[int, int]]:
    """Return for each pair the next partner of each of its qubits; -1: no later pair."""
    upcoming: dict[int, int] = {}
    partners = []
    for first, second in reversed(pairs):
        partners.append((upcoming.get(first, -1), upcoming.get(second, -1)))
        upcoming[first], upcoming[second] = second, first
    return partners[::-1]


def _initial_line(pairs: Sequence[tuple[int, ...]], qubits: int) -> list[int]:
    """Return the qubits in an order that keeps the qubits of a pair near each other."""

    def total_distance(line: list[int]) -> int:
        site = _inverse(line)
        return sum(abs(site[first] - site[second]) for first, second in pairs)

    return min(list(range(qubits)), _cuthill_mckee(pairs, qubits), key=total_distance)


def _cuthill_mckee(pairs: Sequence[tuple[int, ...]], qubits: int) -> list[int]:
    """Return the qubits in breadth-first order, those with few neighbours first.

    Source: E. Cuthill and J. McKee, Reducing the bandwidth of sparse symmetric matrices (1969).
    """
    neighbours: list[set[int]] = [set() for _ in range(qubits)]
    for first, second in pairs:
        neighbours[first].add(second)
        neighbours[second].add(first)

    def by_degree(some: set[int] | range) -> list[int]:
        return sorted(some, key=lambda qubit: (len(neighbours[qubit]), qubit))

    line: dict[int, None] = {}
    for start in by_degree(range(qubits)):
        queue = [] if start in line else [start]
        for qubit in queue:
            if qubit not in line:
                line[qubit] = None
                queue += by_degree(neighbours[qubit] - line.keys())
    return list(line)


def _inverse(line: Sequence[int]) -> list[int]:
    site = [0] * len(line)
    for k, qubit in enumerate(line):
        site[qubit] = k
    return site
