"""Shots from exact probabilities, which are kept: the next shots of a circuit cost only drawing."""

from collections import OrderedDict
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.distribution import Distribution
from quantumtask.engines.job import Job
from quantumtask.engines.select import Plan
from quantumtask.engines.tally import Order
from quantumtask.openqasm.program import Circuit
from quantumtask.shared.settings import MIB, Settings

MOST_KEPT = 48 * MIB
LARGEST_KEPT = 9 * MIB
"""Bytes of all distributions, and of one with its circuit, that are kept."""

BYTES_PER_STEP = 300


class Probabilities(Protocol):
    """How an engine tells the probabilities of all values of some qubits of a circuit that measures
    at its end; bit k of an index is the k-th of them, and `qubits` ascend."""

    def __call__(
        self,
        circuit: Circuit,
        qubits: tuple[int, ...],
        plan: Plan,
        threads: int,
        settings: Settings,
    ) -> NDArray[np.float64]: ...


class Kept:
    """The distributions last used, by circuit, engine and precision."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[Circuit, str, str], tuple[Distribution, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: tuple[Circuit, str, str]) -> Distribution | None:
        if key not in self._found:
            return None
        self._found.move_to_end(key)
        return self._found[key][0]

    def put(self, key: tuple[Circuit, str, str], distribution: Distribution) -> None:
        size = distribution.bytes + BYTES_PER_STEP * len(key[0].steps)
        if size > LARGEST_KEPT:
            return
        self._found[key] = (distribution, size)
        self._bytes += size
        while self._bytes > MOST_KEPT:
            self._bytes -= self._found.popitem(last=False)[1][1]


_kept = Kept()


def draw(job: Job, plan: Plan, probabilities: Probabilities) -> Order | None:
    """The shots of a circuit that measures at its end."""
    key = (job.circuit, plan.engine, plan.precision)
    distribution = _kept.get(key)
    if distribution is None:
        qubits = tuple(job.readout.qubits)
        distribution = Distribution(
            probabilities(job.circuit, qubits, plan, job.threads, job.settings)
        )
        _kept.put(key, distribution)
    return job.draw(distribution)
