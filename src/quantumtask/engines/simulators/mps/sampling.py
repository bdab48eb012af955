"""A state as a chain of matrices, one site for each qubit, and shots drawn from it."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.limits import non_finite_state
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import MIB

Tensor = NDArray[np.complex128]

BYTES_PER_NUMBER = 16

ROOM = 64 * MIB
"""About how much memory shots may take while they are drawn."""

PRECISION = 1e-6
"""How far from 1 the norm of a state may be."""


class Matrices(NamedTuple):
    """Vidal's form: for each site the two matrices (for 0 and 1), between sites the spectra."""

    gammas: Sequence[Sequence[Any]]
    spectra: Sequence[Any]

    @property
    def bonds(self) -> list[int]:
        """The bond dimension between each two sites."""
        return [len(spectrum) for spectrum in self.spectra]


class Drawn(NamedTuple):
    """What some shots have in common: the values so far, a row of bits for each group of shots."""

    site: int
    vectors: Tensor
    shots: NDArray[np.int64]
    bits: NDArray[np.uint8]

    def halves(self) -> "tuple[Drawn, Drawn]":
        middle = len(self.shots) // 2
        return self._part(slice(middle)), self._part(slice(middle, None))

    def _part(self, rows: slice) -> "Drawn":
        return Drawn(self.site, self.vectors[rows], self.shots[rows], self.bits[rows])


class Sampler:
    """Draws shots from a state: site for site, and equal beginnings together.

    Raises ResourceError for a state that has lost its precision.
    """

    def __init__(self, state: Matrices) -> None:
        spectra = [*state.spectra, np.ones(1)]
        self._sites = [
            np.stack([np.asarray(matrix) * spectrum for matrix in gamma])
            for gamma, spectrum in zip(state.gammas, spectra, strict=True)
        ]
        self._after = _environments(self._sites)
        _check_norm(self._after[0][0, 0].real)
        widest = max([1, *state.bonds])
        sites = len(self._sites)
        self._most = min(max(ROOM // (sites * (BYTES_PER_NUMBER * widest + sites)), 64), 4096)

    def draw(
        self, shots: int, last: int, rng: np.random.Generator, spend: Callable[[float], None]
    ) -> Iterator[tuple[NDArray[np.uint8], int]]:
        """Values of the sites 0 to `last`, and how many shots have them, which is not all at once.

        `spend` is told of each lot of multiplications before they are done.
        """
        first = np.ones((1, 1), dtype=np.complex128)
        bits = np.zeros((1, last + 1), dtype=np.uint8)
        stack = [Drawn(0, first, np.array([shots]), bits)]
        while stack:
            drawn = stack.pop()
            if drawn.site > last:
                yield from zip(drawn.bits, drawn.shots.tolist(), strict=True)
                continue
            spend(float(len(drawn.shots) * self._sites[drawn.site].size * 2))
            grown = self._next(drawn, rng)
            stack += grown.halves() if len(grown.shots) > self._most else [grown]

    def _next(self, drawn: Drawn, rng: np.random.Generator) -> Drawn:
        site, vectors, shots, bits = drawn
        both = [vectors @ matrix for matrix in self._sites[site]]
        zero, one = (_norms(part, self._after[site + 1]) for part in both)
        ones = rng.binomial(shots, one / (zero + one))
        groups = []
        for value, (part, norm, many) in enumerate(
            zip(both, (zero, one), (shots - ones, ones), strict=True)
        ):
            kept = many > 0
            chosen = bits[kept]
            chosen[:, site] = value
            groups.append((part[kept] / np.sqrt(norm[kept])[:, None], many[kept], chosen))
        vectors, shots, bits = (np.concatenate(pair) for pair in zip(*groups, strict=True))
        return Drawn(site + 1, vectors, shots, bits)


def _environments(sites: Sequence[Tensor]) -> list[Tensor]:
    """For each site what is to the right of its left bond, traced out; one more for the end."""
    found = [np.ones((1, 1), dtype=np.complex128)]
    for site in reversed(sites):
        found.append(sum(matrix @ found[-1] @ matrix.conj().T for matrix in site))
    return found[::-1]


def _norms(vectors: Tensor, after: Tensor) -> NDArray[np.float64]:
    norms: NDArray[np.float64] = ((vectors @ after) * vectors.conj()).sum(axis=1).real
    return np.maximum(norms, 0.0)


def _check_norm(norm: float) -> None:
    if not np.isfinite(norm):
        raise non_finite_state()
    if abs(norm - 1) > PRECISION:
        raise ResourceError("engine_refused", "the chain of matrices lost too much precision")


def bytes_of(bonds: Sequence[int]) -> int:
    """Memory that all matrices take, with these bond dimensions between the sites."""
    return sum(2 * BYTES_PER_NUMBER * a * b for a, b in pairwise([1, *bonds, 1]))
