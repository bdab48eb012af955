"""EstimatorV2: expectation values of observables, broadcast with parameters by the service."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from qiskit.primitives import BaseEstimatorV2, EstimatorPubLike, PrimitiveResult, PubResult
from qiskit.primitives.containers import DataBin
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray

from quantumtask.client.arrays import numbers
from quantumtask.client.qiskit.backend import QuantumTaskBackend
from quantumtask.client.qiskit.job import PrimitiveJob
from quantumtask.client.qiskit.pubs import Seed, body, chosen, seeds
from quantumtask.client.qiskit.results import Json


@dataclass(slots=True)
class Options:
    """The options of EstimatorV2, by Qiskit's names."""

    default_precision: float
    seed_simulator: Seed


class EstimatorV2(BaseEstimatorV2):
    """Estimates expectation values on a QuantumTask service.

    Precision 0 is exact. Any other takes 1 / precision**2 shots of each group of terms that can be
    measured together. Without a backend it is the simulator of the service that QUANTUMTASK_URL
    names. The same `seed` gives the same values; a generator draws a fresh one for each run.
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
        """Submits all PUBs in one request. Raises ValueError for one that is not right.

        Raises UnsupportedCircuit for what the service cannot run.
        """
        precision = self.default_precision if precision is None else precision
        coerced = [EstimatorPub.coerce(pub, precision) for pub in pubs]
        bodies = [
            {
                **body(pub.circuit, pub.parameter_values),
                "observables": _nested(pub.observables),
                "precision": pub.precision,
            }
            | seed
            for pub, seed in zip(coerced, seeds(self.seed, len(coerced)), strict=True)
        ]
        return self._backend.submitted(bodies, partial(_result, coerced))


def _nested(observables: ObservablesArray) -> list[Any]:
    """Each observable as its terms, in lists as deep as the array has dimensions."""

    def terms(part: Any) -> list[Any]:
        if isinstance(part, dict):
            return [[pauli, float(weight)] for pauli, weight in part.items()]
        return [terms(each) for each in part]

    return terms(observables.tolist())


def _result(pubs: Sequence[EstimatorPub], answers: Sequence[Json]) -> PrimitiveResult[PubResult]:
    parts = [_pub_result(pub, answer) for pub, answer in zip(pubs, answers, strict=True)]
    return PrimitiveResult(parts, metadata={"version": 2})


def _pub_result(pub: EstimatorPub, answer: Json) -> PubResult:
    values = numbers(answer["data"]["expectation_values"]).reshape(pub.shape)
    errors = numbers(answer["data"]["standard_errors"]).reshape(pub.shape)
    metadata = {
        "target_precision": pub.precision,
        "shots": max(2, math.ceil(1 / pub.precision**2)) if pub.precision else 0,
        "circuit_metadata": pub.circuit.metadata,
    }
    data = DataBin(evs=np.array(values), stds=np.array(errors), shape=pub.shape)
    return PubResult(data, metadata=metadata)
