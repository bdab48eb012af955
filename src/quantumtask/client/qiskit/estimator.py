"""EstimatorV2: expectation values of observables, broadcast against parameters by the service."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qiskit.primitives import BaseEstimatorV2, EstimatorPubLike
from qiskit.primitives.containers.estimator_pub import EstimatorPub

from quantumtask.client.connection import Json
from quantumtask.client.json_numbers import to_json
from quantumtask.client.qiskit.backend import QuantumTaskBackend
from quantumtask.client.qiskit.estimator_tasks import estimates, estimator_drafts
from quantumtask.client.qiskit.job import PrimitiveJob
from quantumtask.client.qiskit.primitive import Primitive, PrimitiveOptions, Seed
from quantumtask.client.qiskit.pubs import exact_pub
from quantumtask.client.qiskit.record import ESTIMATOR, Record


@dataclass(slots=True, kw_only=True)
class EstimatorOptions(PrimitiveOptions):
    """Options of EstimatorV2, by the names of Qiskit."""

    default_precision: float
    abelian_grouping: bool = True
    """Option of other estimators; it does not change the precision of a value."""


class EstimatorV2(Primitive[EstimatorOptions], BaseEstimatorV2):
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
        mode: QuantumTaskBackend | None = None,
        options: Mapping[str, Any] | None = None,
        default_precision: float = 0.0,
        seed: Seed = None,
    ) -> None:
        defaults = EstimatorOptions(default_precision=default_precision, seed_simulator=seed)
        super().__init__(backend, mode, defaults, options)

    @property
    def default_precision(self) -> float:
        """Precision of PUBs without one."""
        return self._options.default_precision

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
        default = to_json("precision", self.default_precision if precision is None else precision)
        coerced = [EstimatorPub.coerce(exact_pub(pub, 2, "precision"), default) for pub in pubs]
        record = Record(ESTIMATOR, self._backend.name, [_part(pub) for pub in coerced])
        programs = self._programs()
        items = [
            estimate
            for pub, end in zip(coerced, record.ends, strict=True)
            if pub.size
            for estimate in estimates(pub, programs, int(end) - pub.size)
        ]
        return self._submit(record, [[draft] for draft in estimator_drafts(items)])


def _part(pub: EstimatorPub) -> Json:
    return {
        "size": int(pub.size),
        "shape": list(pub.shape),
        "precision": float(pub.precision),
        "metadata": pub.circuit.metadata,
    }
