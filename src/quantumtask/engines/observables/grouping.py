"""Groups of Pauli words that commute qubit by qubit, so that one measurement serves all."""

from functools import lru_cache
from typing import NamedTuple

_X_MASK = str.maketrans("IXYZ01+-rl", "0110001111")
_Z_MASK = str.maketrans("IXYZ01+-rl", "0011110011")


class MeasurementBasis(NamedTuple):
    """The basis in which each qubit is measured: Y if both masks have its bit, else X or Z."""

    x: int
    z: int

    def is_compatible(self, other: "MeasurementBasis") -> bool:
        """Return True if no qubit is measured in two bases."""
        both = (self.x | self.z) & (other.x | other.z)
        return not both & ((self.x ^ other.x) | (self.z ^ other.z))

    def merge(self, other: "MeasurementBasis") -> "MeasurementBasis":
        """Return the basis of both, which are compatible."""
        return MeasurementBasis(self.x | other.x, self.z | other.z)

    @property
    def letters(self) -> dict[int, str]:
        """The letter X, Y or Z of each measured qubit, in ascending order of the qubits."""
        x, z = self.x, self.z
        letters = {q: "IXZY"[(x >> q & 1) + 2 * (z >> q & 1)] for q in range((x | z).bit_length())}
        return {qubit: letter for qubit, letter in letters.items() if letter != "I"}


class CommutingGroup(NamedTuple):
    """Indices of words that are measured together."""

    basis: MeasurementBasis
    members: list[int]


@lru_cache(4)
def group_commuting(words: tuple[str, ...]) -> list[CommutingGroup]:
    """Group Pauli words: each word joins the first group with which it commutes qubit by qubit."""
    groups: list[CommutingGroup] = []
    for number, word in enumerate(words):
        basis = MeasurementBasis(int(word.translate(_X_MASK), 2), int(word.translate(_Z_MASK), 2))
        at = next((k for k, group in enumerate(groups) if group.basis.is_compatible(basis)), None)
        if at is None:
            groups.append(CommutingGroup(basis, [number]))
        else:
            group = groups[at]
            group.members.append(number)
            groups[at] = CommutingGroup(group.basis.merge(basis), group.members)
    return groups
