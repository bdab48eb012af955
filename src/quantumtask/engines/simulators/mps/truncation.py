"""Matrix product state with truncation, and a bound on the error that truncation makes.

One site is the center: all sites on its left and right are isometries. Therefore the squares of the
singular values between the center and its neighbour are the weights of the Schmidt decomposition,
and the state that remains after dropping the weight w has the angle arcsin(sqrt(w)) to the state
before (U. Schollwöck, The density-matrix renormalization group in the age of matrix product states,
section 4.5, 2011). Gates preserve angles, and angles obey the triangle inequality, so the sum of
all angles bounds the angle between this state and the exact one. The sine of that bound is a bound
on the trace distance.
"""

import math
from collections.abc import Callable

import numpy as np
import scipy.linalg

from quantumtask.engines.simulators.mps.sampling import BYTES_PER_NUMBER, MpsState, Tensor

ROUNDING_WEIGHT = 1e-28
"""Weight that is dropped without a request: the rounding of weights that are 0."""

ROUNDING_ANGLE = 1e-14
"""Angle by which rounding may turn the state in one gate, or in one decomposition."""


class TruncatedMps:
    """State of a line of sites; each site is an array [left bond, value, right bond].

    Attributes:
        sites: The arrays of all sites.
    """

    def __init__(
        self,
        qubits: int,
        max_bond: int | None,
        truncation: float,
        check_bytes: Callable[[int], None],
    ) -> None:
        """Create the state of zeros.

        Args:
            qubits: The number of sites.
            max_bond: Largest bond dimension; None: no limit.
            truncation: Largest weight that one gate may drop.
            check_bytes: Function that takes the bytes of the state after each growth; it raises an
                error if they are too many.
        """
        zero = np.zeros((1, 2, 1), dtype=np.complex128)
        zero[0, 0, 0] = 1
        self.sites: list[Tensor] = [zero.copy() for _ in range(qubits)]
        self._max_bond = max_bond
        self._truncation = max(truncation, ROUNDING_WEIGHT)
        self._check_bytes = check_bytes
        self._center = 0
        self._bytes = 2 * BYTES_PER_NUMBER * qubits
        self._angle = 0.0
        self._log_fidelity = 0.0

    @property
    def trace_distance_bound(self) -> float:
        """Upper bound on the trace distance to the exact state, 0 to 1."""
        return math.sin(min(self._angle, math.pi / 2))

    @property
    def fidelity_estimate(self) -> float:
        """Estimate of the squared overlap with the exact state: the product of the kept weights."""
        return math.exp(self._log_fidelity)

    def apply(self, matrix: Tensor, targets: tuple[int, ...]) -> None:
        """Apply a gate to one site, or to two neighbouring sites.

        Args:
            matrix: The matrix of the gate; bit k of an index is target k.
            targets: The sites.
        """
        if len(targets) == 1:
            site = self.sites[targets[0]]
            self.sites[targets[0]] = np.einsum("ab,lbr->lar", matrix, site)
            self._angle += ROUNDING_ANGLE
            return
        first = min(targets)
        gate = matrix.reshape(2, 2, 2, 2)
        if targets[0] == first:
            gate = gate.transpose(1, 0, 3, 2)
        self._move_center(first)
        pair = np.tensordot(self.sites[first], self.sites[first + 1], 1)
        pair = np.tensordot(gate, pair, ((2, 3), (1, 2))).transpose(2, 0, 1, 3)
        self._split(first, pair)

    def to_mps_state(self) -> MpsState:
        """Return the state for `MpsSampler`, with all coefficients in the matrices."""
        gammas = [(site[:, 0, :], site[:, 1, :]) for site in self.sites]
        return MpsState(gammas, [np.ones(site.shape[2]) for site in self.sites[:-1]])

    def move_center_to_end(self) -> None:
        """Make all sites but the last isometries from left to right."""
        while self._center < len(self.sites) - 1:
            self._step_right()

    def _move_center(self, first: int) -> None:
        """Move the center to a site or to the next."""
        while self._center < first:
            self._step_right()
        while self._center > first + 1:
            self._step_left()

    def _step_right(self) -> None:
        at = self._center
        rows, _, columns = self.sites[at].shape
        isometry, rest = np.linalg.qr(self.sites[at].reshape(2 * rows, columns))
        self._set_pair(at, isometry.reshape(rows, 2, -1), np.tensordot(rest, self.sites[at + 1], 1))
        self._center += 1

    def _step_left(self) -> None:
        at = self._center
        rows, _, columns = self.sites[at].shape
        isometry, rest = np.linalg.qr(self.sites[at].reshape(rows, 2 * columns).T)
        product = np.tensordot(self.sites[at - 1], rest.T, 1)
        self._set_pair(at - 1, product, isometry.T.reshape(-1, 2, columns))
        self._center -= 1

    def _split(self, first: int, pair: Tensor) -> None:
        """Replace two sites by the truncated singular value decomposition of their product."""
        rows, _, _, columns = pair.shape
        u, values, v = _decompose(pair.reshape(2 * rows, 2 * columns))
        weights = np.square(values)
        weights /= weights.sum()
        rank = self._rank(weights)
        dropped = float(weights[rank:].sum())
        self._angle += math.asin(math.sqrt(min(dropped, 1.0)))
        self._log_fidelity += math.log1p(-min(dropped, 1 - 1e-15))
        factors = np.sqrt(weights[:rank] / weights[:rank].sum())
        self._set_pair(
            first,
            np.ascontiguousarray(u[:, :rank]).reshape(rows, 2, rank),
            (factors[:, None] * v[:rank]).reshape(rank, 2, columns),
        )
        self._center = first + 1

    def _rank(self, weights: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> int:
        """Return the number of weights to keep, which descend."""
        tails = np.cumsum(weights[::-1])[::-1]  # the weight from each index on
        rank = max(1, int(np.count_nonzero(tails > self._truncation)))
        return rank if self._max_bond is None else min(rank, self._max_bond)

    def _set_pair(self, first: int, one: Tensor, other: Tensor) -> None:
        self._bytes -= self.sites[first].nbytes + self.sites[first + 1].nbytes
        self.sites[first], self.sites[first + 1] = one, other
        self._angle += ROUNDING_ANGLE
        self._bytes += one.nbytes + other.nbytes
        self._check_bytes(self._bytes)


def _decompose(matrix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the singular value decomposition; LAPACK's faster driver sometimes fails."""
    try:
        return np.linalg.svd(matrix, full_matrices=False)
    except np.linalg.LinAlgError:
        u, values, v = scipy.linalg.svd(matrix, full_matrices=False, lapack_driver="gesvd")
        return u, values, v
