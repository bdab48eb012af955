"""Pearson's chi-squared test: are counts samples of a distribution?"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

LEAST_EXPECTED = 10.0
"""Shots expected of a bin; outcomes of which fewer are expected share one."""

NEVER = 1e-12
"""Probabilities below are rounding: such an outcome must not come."""


def p_value(counts: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    """Return the probability of a deviation of at least this size; 0 for an impossible outcome."""
    possible = probabilities > NEVER
    if counts[~possible].any():
        return 0.0
    expected = probabilities[possible] * counts.sum()
    bins = binned(expected)
    actual = np.bincount(bins, counts[possible])
    mean = np.bincount(bins, expected)
    if len(mean) == 1:
        return 1.0
    return float(chdtrc(len(mean) - 1, ((actual - mean) ** 2 / mean).sum()))


def binned(expected: NDArray[np.float64]) -> NDArray[np.intp]:
    """The number of each outcome's bin. What does not fill one goes into the bin before it."""
    small = expected < LEAST_EXPECTED
    full = int(expected[small].sum() // LEAST_EXPECTED)
    shared = (np.cumsum(expected[small]) // LEAST_EXPECTED).astype(np.intp)
    bins = np.zeros(len(expected), dtype=np.intp)
    bins[small] = np.minimum(shared, max(full - 1, 0))
    bins[~small] = full + np.arange(int((~small).sum()))
    return bins
