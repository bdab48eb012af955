"""Shots from exact probabilities, which are remembered: the next shots cost only drawing."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.sampling.distribution import Distribution
from quantumtask.engines.sampling.shot_counts import Order
from quantumtask.engines.selection.methods import RunPlan
from quantumtask.engines.simulators.sampling_run import Job
from quantumtask.openqasm.lru_cache import SizedLruCache
from quantumtask.openqasm.program.program import Circuit
from quantumtask.shared.settings import MIB, Settings

MOST_REMEMBERED = 72 * MIB
"""Bytes of all distributions with their circuits: one of 20 measured qubits is small enough."""

BYTES_PER_STEP = 300


class Probabilities(Protocol):
    """How an engine tells the probabilities of all values of some qubits of a circuit that measures
    at its end; bit k of an index is the k-th of them, and `qubits` ascend."""

    def __call__(
        self,
        circuit: Circuit,
        qubits: tuple[int, ...],
        plan: RunPlan,
        threads: int,
        settings: Settings,
    ) -> NDArray[np.float64]: ...


_remembered: SizedLruCache[Distribution] = SizedLruCache(MOST_REMEMBERED)
"""By circuit, engine and precision."""


def draw(job: Job, plan: RunPlan, probabilities: Probabilities) -> Order | None:
    """The shots of a circuit that measures at its end."""
    if job.once:
        return job.draw(_distribution(job, plan, probabilities))
    key = (job.circuit, plan.engine, plan.precision)
    distribution = _remembered.get(key)
    if distribution is None:
        distribution = _distribution(job, plan, probabilities)
        size = distribution.bytes + BYTES_PER_STEP * len(job.circuit.steps)
        _remembered.put(key, distribution, size)
    return job.draw(distribution)


def _distribution(job: Job, plan: RunPlan, probabilities: Probabilities) -> Distribution:
    qubits = tuple(job.readout.qubits)
    return Distribution(probabilities(job.circuit, qubits, plan, job.threads, job.settings))
