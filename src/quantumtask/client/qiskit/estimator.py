"""EstimatorV2: expectation values of observables, broadcast against parameters by the service."""

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
    """Options of EstimatorV2, by the names of Qiskit."""

    default_precision: float
    seed_simulator: Seed
    job_tags: Sequence[str] = ()
    abelian_grouping: bool = True
    """Option of other estimators; it does not change the precision of a value."""


class EstimatorV2(BaseEstimatorV2):
    """Estimator of expectation values on a QuantumTask service.

    Precision 0 gives exact values. Another precision takes 1 / precision**2 shots for each group of
    terms that one basis measures. A run is one request: PUBs of one circuit and equal observables
    are one sweep, and exact values of one state come from one run of the circuit. The default
    backend is the simulator of the service in QUANTUMTASK_URL. Equal seeds give equal values for
    equal PUBs; a generator draws a new seed for each run.
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
        """Backend of the estimator."""
        return self._backend

    @property
    def options(self) -> Options:
        """Options for the next runs."""
        return self._options

    @property
    def default_precision(self) -> float:
        """Precision of PUBs without one."""
        return self._options.default_precision

    @property
    def seed(self) -> Seed:
        """Seed of the next run, or the generator of seeds."""
        return self._options.seed_simulator

    def run(
        self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None
    ) -> PrimitiveJob:
        """Submit all PUBs and return at once.

        Args:
            pubs: Tuples of circuit, observables, parameter values and precision.
            precision: Precision of PUBs without one; the default is `default_precision`.

        Raises:
            ValueError, TypeError: A PUB is invalid.
            UnsupportedCircuit: The service cannot run a circuit.
        """
        default = plain("precision", self.default_precision if precision is None else precision)
        coerced = [EstimatorPub.coerce(exact_pub(pub, 2, "precision"), default) for pub in pubs]
        record = Record(ESTIMATOR, self._backend.name, [_part(pub) for pub in coerced])
        programs = Programs(self._backend.fields, self._backend.errors())
        items = [
            estimate
            for pub, end in zip(coerced, record.ends, strict=True)
            if pub.size
            for estimate in estimates(pub, programs, int(end) - pub.size)
        ]
        groups = [[draft] for draft in drafts(items)]
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
