"""Expectation values of words of Pauli matrices and projectors in a matrix product state."""

from collections.abc import Mapping, Sequence

import numpy as np

from quantumtask.engines.observables.observable import FloatArray, expectation_of_basis_state
from quantumtask.engines.simulators.mps.sampling import Tensor

LETTER_MATRICES: dict[str, Tensor] = {
    letter: np.array(rows, dtype=np.complex128)
    for letter, rows in {
        "X": [[0, 1], [1, 0]], "Y": [[0, -1j], [1j, 0]], "Z": [[1, 0], [0, -1]],
        "0": [[1, 0], [0, 0]], "1": [[0, 0], [0, 1]],
        "+": [[0.5, 0.5], [0.5, 0.5]], "-": [[0.5, -0.5], [-0.5, 0.5]],
        "r": [[0.5, -0.5j], [0.5j, 0.5]], "l": [[0.5, 0.5j], [-0.5j, 0.5]],
        "H": [[0.5, 0], [0, 0.5]], "N": [[0, 0], [0, 0]],
    }.items()
}  # fmt: skip
"""The matrix of each letter but I, also of those that exist only internally."""


def expectation_values(
    sites: Sequence[Tensor], site_of: Mapping[int, int], words: Sequence[str]
) -> FloatArray:
    """Return the expectation value of each word.

    Words are evaluated from the first site on, in the order of their letters: words with equal
    letters at the first sites share that part.

    Args:
        sites: Arrays [left bond, value, right bond]; all but the last are isometries from left to
            right.
        site_of: The site of each qubit of the words; other qubits are 0.
        words: Words of `Observables`; the last letter belongs to qubit 0.
    """
    values = np.zeros(len(words))
    lines = [_place(word, site_of, len(sites)) for word in words]
    right = _right_environments(sites)
    prefixes = [np.ones((1, 1), dtype=np.complex128)]
    previous = ""
    for number in sorted(range(len(words)), key=lambda each: lines[each][0]):
        line, factor = lines[number]
        common = _common_length(previous, line)
        del prefixes[common + 1 :]
        for site, letter in enumerate(line[common:], start=common):
            prefixes.append(_extend(prefixes[-1], sites[site], letter))
        values[number] = factor * np.vdot(right[len(line)].conj(), prefixes[-1]).real
        previous = line
    return values


def _place(word: str, site_of: Mapping[int, int], sites: int) -> tuple[str, float]:
    """Return the letters by site up to the last that is not I, and the factor of other qubits."""
    letters, factor = ["I"] * sites, 1.0
    for qubit, letter in enumerate(reversed(word)):
        if letter == "I":
            continue
        if qubit in site_of:
            letters[site_of[qubit]] = letter
        else:
            factor *= expectation_of_basis_state(letter, 0)
    return "".join(letters).rstrip("I"), factor


def _common_length(one: str, other: str) -> int:
    for at, (first, second) in enumerate(zip(one, other, strict=False)):
        if first != second:
            return at
    return min(len(one), len(other))


def _extend(environment: Tensor, site: Tensor, letter: str) -> Tensor:
    """Return an environment [bond, conjugate bond] with one more site."""
    acted = site if letter == "I" else np.einsum("ab,lbr->lar", LETTER_MATRICES[letter], site)
    product = np.tensordot(environment, acted, ((0,), (0,)))  # [conjugate bond, value, right bond]
    extended: Tensor = np.tensordot(product, site.conj(), ((0, 1), (0, 1)))
    return extended


def _right_environments(sites: Sequence[Tensor]) -> list[Tensor]:
    """Return for each bond the sites to its right, contracted with their conjugates."""
    environments = [np.ones((1, 1), dtype=np.complex128)]
    for site in reversed(sites):
        product = np.tensordot(site, environments[-1], ((2,), (0,)))
        environments.append(np.tensordot(product, site.conj(), ((1, 2), (1, 2))))
    return environments[::-1]
