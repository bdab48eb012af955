"""Groups of observables that one measurement basis serves."""

from functools import lru_cache
from typing import NamedTuple

_X = str.maketrans("IXYZ01+-rl", "0110001111")


_Z = str.maketrans("IXYZ01+-rl", "0011110011")


class MeasurementBasis(NamedTuple):
    """In which basis qubits are measured: Y where both masks have a qubit, else X or Z."""

    x: int
    z: int

    def agrees(self, other: "MeasurementBasis") -> bool:
        """Whether no qubit is measured in two bases."""
        both = (self.x | self.z) & (other.x | other.z)
        return not both & ((self.x ^ other.x) | (self.z ^ other.z))

    def joined(self, other: "MeasurementBasis") -> "MeasurementBasis":
        return MeasurementBasis(self.x | other.x, self.z | other.z)

    @property
    def letters(self) -> dict[int, str]:
        """The basis of each qubit that is measured, ascending."""
        x, z = self.x, self.z
        found = {q: "IXZY"[(x >> q & 1) + 2 * (z >> q & 1)] for q in range((x | z).bit_length())}
        return {qubit: letter for qubit, letter in found.items() if letter != "I"}


class CommutingGroup(NamedTuple):
    """Words that are measured together, by their numbers."""

    basis: MeasurementBasis
    members: list[int]


@lru_cache(4)
def group_commuting(words: tuple[str, ...]) -> list[CommutingGroup]:
    """Words in groups, each in the first that it agrees with."""
    found: list[CommutingGroup] = []
    for number, word in enumerate(words):
        basis = MeasurementBasis(int(word.translate(_X), 2), int(word.translate(_Z), 2))
        at = next((k for k, group in enumerate(found) if group.basis.agrees(basis)), len(found))
        if at == len(found):
            found.append(CommutingGroup(basis, []))
        group = found[at]
        group.members.append(number)
        found[at] = CommutingGroup(group.basis.joined(basis), group.members)
    return found
