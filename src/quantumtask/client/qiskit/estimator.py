"""EstimatorV2: expectation values of observables, broadcast with parameters by the service."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qiskit.primitives import BaseEstimatorV2, EstimatorPubLike
from qiskit.primitives.containers.estimator_pub import EstimatorPub

from quantumtask.client.json_numbers import plain
from quantumtask.client.qiskit.backend import QuantumTaskBackend
from quantumtask.client.qiskit.estimator_tasks import drafts, estimates
from quantumtask.client.qiskit.job import PrimitiveJob
from quantumtask.client.qiskit.programs import Programs
from quantumtask.client.qiskit.pubs import Seed, chosen, exact_pub, first_seed
from quantumtask.client.qiskit.record import ESTIMATOR, Record
from quantumtask.client.qiskit.sampler_tasks import in_order
from quantumtask.client.qiskit.service import Json


@dataclass(slots=True)
class Options:
    """The options of EstimatorV2, by Qiskit's names."""

    default_precision: float
    seed_simulator: Seed
    job_tags: Sequence[str] = ()
    abelian_grouping: bool = True
    """Accepted for compatibility with Qiskit's estimators; the precision of a value is the same."""


class EstimatorV2(BaseEstimatorV2):
    """Estimates expectation values on a QuantumTask service.

    Precision 0 is exact. Any other takes 1 / precision**2 shots of each group of terms that can be
    measured together. A run is one request: PUBs of one circuit and the same observables are one
    sweep, and exact values of one state come from one run of the circuit. The default backend is
    the simulator of the service that QUANTUMTASK_URL names. The same `seed` gives the same values
    for the same PUBs; a generator draws a new seed for each run.
    """

    def __init__(
        self,
        backend: QuantumTaskBackend | None = None,
        *,
        default_precision: float = 0.0,
        seed: Seed = None,
    ) -> None:
        self._backend = chosen(backend)
        self._options = Options(default_precision, seed)

    @property
    def backend(self) -> QuantumTaskBackend:
        return self._backend

    @property
    def options(self) -> Options:
        """What may be changed between runs."""
        return self._options

    @property
    def default_precision(self) -> float:
        return self._options.default_precision

    @property
    def seed(self) -> Seed:
        return self._options.seed_simulator

    def run(
        self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None
    ) -> PrimitiveJob:
        """Submits all PUBs.

        Raises:
            ValueError, TypeError: A PUB is invalid.
            UnsupportedCircuit: The service cannot run a circuit.
        """
        default = plain("precision", self.default_precision if precision is None else precision)
        coerced = [EstimatorPub.coerce(exact_pub(pub, 2, "precision"), default) for pub in pubs]
        record = Record(ESTIMATOR, self._backend.name, [_part(pub) for pub in coerced])
        programs = Programs(self._backend.fields, self._backend.errors())
        found = [
            estimate
            for pub, end in zip(coerced, record.ends, strict=True)
            if pub.size
            for estimate in estimates(pub, programs, int(end) - pub.size)
        ]
        groups = [[draft] for draft in drafts(found)]
        return self._backend.submitted(
            record, in_order(groups, first_seed(self.seed)), self._options.job_tags
        )


def _part(pub: EstimatorPub) -> Json:
    return {
        "size": int(pub.size),
        "shape": list(pub.shape),
        "precision": float(pub.precision),
        "metadata": pub.circuit.metadata,
    }
