"""Matrix product states, and the sampling of shots from them."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.limits import non_finite_state
from quantumtask.engines.sampling.shot_counts import ShotOrder
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import MIB
from quantumtask.shared.task import FailureCode

Tensor = NDArray[np.complex128]

BYTES_PER_NUMBER = 16

SAMPLING_BYTES = 64 * MIB
"""Approximate memory of the partial samples."""

NORM_TOLERANCE = 1e-6
"""Largest deviation of the norm of a state from 1."""


class MpsState(NamedTuple):
    """Matrix product state in Vidal's form, one site for each qubit.

    Attributes:
        gammas: For each site the two matrices, for 0 and 1.
        spectra: The Schmidt coefficients between each two sites.
    """

    gammas: Sequence[Sequence[Any]]
    spectra: Sequence[Any]

    @property
    def bonds(self) -> list[int]:
        """The bond dimension between each two sites."""
        return [len(spectrum) for spectrum in self.spectra]


class PartialSamples(NamedTuple):
    """Groups of shots with equal values at the first sites.

    Attributes:
        site: The number of sites that have values.
        vectors: For each group the product of its matrices.
        shots: The number of shots of each group.
        bits: For each group a row with its values.
    """

    site: int
    vectors: Tensor
    shots: NDArray[np.int64]
    bits: NDArray[np.uint8]

    def halves(self) -> "tuple[PartialSamples, PartialSamples]":
        """Return the first and the second half of the groups."""
        middle = len(self.shots) // 2
        return self._part(slice(middle)), self._part(slice(middle, None))

    def _part(self, rows: slice) -> "PartialSamples":
        return PartialSamples(self.site, self.vectors[rows], self.shots[rows], self.bits[rows])


class MpsSampler:
    """Sampler of a state, site by site; shots with equal first values are drawn together."""

    def __init__(self, state: MpsState) -> None:
        """Prepare the matrices.

        Raises:
            ResourceError: The norm of the state is not 1 (`engine_refused`).
        """
        spectra = [*state.spectra, np.ones(1)]
        self._sites = [
            np.stack([np.asarray(matrix) * spectrum for matrix in gamma])
            for gamma, spectrum in zip(state.gammas, spectra, strict=True)
        ]
        self._right = _right_environments(self._sites)
        _check_norm(self._right[0][0, 0].real)
        bond = max([1, *state.bonds])
        sites = len(self._sites)
        groups = SAMPLING_BYTES // (sites * (BYTES_PER_NUMBER * bond + sites))
        self._max_groups = min(max(groups, 64), 4096)

    def draw(
        self, shots: int, last: int, rng: np.random.Generator, spend: Callable[[float], None]
    ) -> Iterator[tuple[NDArray[np.uint8], int]]:
        """Yield values of the sites 0 to `last`, and the number of shots with these values.

        Args:
            shots: The number of shots; the yielded numbers sum to it.
            last: The last site that is drawn.
            rng: The random generator.
            spend: Function that takes the number of multiplications before each step; it raises
                an error to stop the sampling.
        """
        vectors = np.ones((1, 1), dtype=np.complex128)
        bits = np.zeros((1, last + 1), dtype=np.uint8)
        stack = [PartialSamples(0, vectors, np.array([shots]), bits)]
        while stack:
            samples = stack.pop()
            if samples.site > last:
                yield from zip(samples.bits, samples.shots.tolist(), strict=True)
                continue
            spend(float(len(samples.shots) * self._sites[samples.site].size * 2))
            longer = self._draw_site(samples, rng)
            stack += longer.halves() if len(longer.shots) > self._max_groups else [longer]

    def _draw_site(self, samples: PartialSamples, rng: np.random.Generator) -> PartialSamples:
        site, vectors, shots, bits = samples
        products = [vectors @ matrix for matrix in self._sites[site]]
        zero, one = (_squared_norms(product, self._right[site + 1]) for product in products)
        ones = rng.binomial(shots, one / (zero + one))
        groups = []
        for value, (product, norm, totals) in enumerate(
            zip(products, (zero, one), (shots - ones, ones), strict=True)
        ):
            present = totals > 0
            rows = bits[present]
            rows[:, site] = value
            scaled = product[present] / np.sqrt(norm[present])[:, None]
            groups.append((scaled, totals[present], rows))
        vectors, shots, bits = (np.concatenate(pair) for pair in zip(*groups, strict=True))
        return PartialSamples(site + 1, vectors, shots, bits)


def _right_environments(sites: Sequence[Tensor]) -> list[Tensor]:
    """Return for each bond all sites to its right, contracted with their conjugates."""
    environments = [np.ones((1, 1), dtype=np.complex128)]
    for site in reversed(sites):
        last = environments[-1]
        environments.append(sum(matrix @ last @ matrix.conj().T for matrix in site))
    return environments[::-1]


def _squared_norms(vectors: Tensor, environment: Tensor) -> NDArray[np.float64]:
    norms: NDArray[np.float64] = ((vectors @ environment) * vectors.conj()).sum(axis=1).real
    return np.maximum(norms, 0.0)


def _check_norm(norm: float) -> None:
    if not np.isfinite(norm):
        raise non_finite_state()
    if abs(norm - 1) > NORM_TOLERANCE:
        raise ResourceError(
            FailureCode.ENGINE_REFUSED, "the matrix product state lost too much precision"
        )


def add_shots(
    sampling: SamplingRun, state: MpsState, sites: Sequence[int], spend: Callable[[float], None]
) -> ShotOrder | None:
    """Draw all shots of a run and add them; return their order if the run needs it.

    Args:
        sampling: The run.
        state: The state of its circuit.
        sites: The site of each qubit of the run's `clbit_map`.
        spend: See `MpsSampler.draw`.
    """
    rng = sampling.new_rng()
    count = 0
    for values, shots in MpsSampler(state).draw(sampling.shots, max(sites), rng, spend):
        sampling.add(sampling.clbit_map.from_values(values[sites].tolist()), shots)
        count += shots
        sampling.progress.advance(count, sampling.shots)
    return sampling.counts.shuffle(rng) if sampling.needs_order else None


def mps_bytes(bonds: Sequence[int]) -> int:
    """Return the memory of all matrices for these bond dimensions between the sites."""
    return sum(2 * BYTES_PER_NUMBER * a * b for a, b in pairwise([1, *bonds, 1]))
