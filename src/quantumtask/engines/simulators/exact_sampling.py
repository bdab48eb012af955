"""Shots from exact probabilities; the distributions are cached by circuit."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.sampling.distribution import Distribution
from quantumtask.engines.sampling.shot_counts import ShotOrder
from quantumtask.engines.selection.methods import RunPlan
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.openqasm.lru_cache import SizedLruCache
from quantumtask.openqasm.program.program import Circuit
from quantumtask.shared.settings import MIB

MAX_CACHE_BYTES = 72 * MIB
"""Size of the cache, circuits included: a distribution of 20 measured qubits fits."""

BYTES_PER_STEP = 300

Probabilities = Callable[[Circuit, tuple[int, ...]], NDArray[np.float64]]
"""Compute the probabilities of all values of some qubits of a circuit that measures at its end.

The qubits ascend; bit k of an index is the value of the k-th of them.
"""

_distributions: SizedLruCache[Distribution] = SizedLruCache(MAX_CACHE_BYTES)
"""Cache by circuit, engine and precision."""


def sample(sampling: SamplingRun, plan: RunPlan, probabilities: Probabilities) -> ShotOrder | None:
    """Draw all shots of a circuit that measures at its end."""
    if sampling.no_cache:
        return sampling.sample(_distribution(sampling, probabilities))
    key = (sampling.circuit, plan.engine, plan.precision)
    distribution = _distributions.get(key)
    if distribution is None:
        distribution = _distribution(sampling, probabilities)
        size = distribution.bytes + BYTES_PER_STEP * len(sampling.circuit.steps)
        _distributions.put(key, distribution, size)
    return sampling.sample(distribution)


def _distribution(sampling: SamplingRun, probabilities: Probabilities) -> Distribution:
    return Distribution(probabilities(sampling.circuit, sampling.clbit_map.qubits))
