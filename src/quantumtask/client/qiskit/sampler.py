"""SamplerV2: the bits of every shot of circuits and their parameters, one request a run."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from qiskit.primitives import BaseSamplerV2, PrimitiveResult, SamplerPubLike, SamplerPubResult
from qiskit.primitives.containers import BitArray, DataBin
from qiskit.primitives.containers.sampler_pub import SamplerPub

from quantumtask.client.qiskit.backend import QuantumTaskBackend
from quantumtask.client.qiskit.job import PrimitiveJob
from quantumtask.client.qiskit.pubs import Seed, body, chosen, seeds
from quantumtask.client.qiskit.results import Json, memory_of, packed, register_bits


@dataclass(slots=True)
class Options:
    """The options of SamplerV2, by Qiskit's names."""

    default_shots: int
    seed_simulator: Seed


class SamplerV2(BaseSamplerV2):
    """Samples circuits on a QuantumTask service.

    Each PUB is one task: a program with an input for each parameter, and an array of its values.
    Without a backend it is the simulator of the service that QUANTUMTASK_URL names. The same
    `seed` gives the same shots; a generator draws a fresh one for each run.
    """

    def __init__(
        self,
        backend: QuantumTaskBackend | None = None,
        *,
        default_shots: int = 1024,
        seed: Seed = None,
    ) -> None:
        self._backend = chosen(backend)
        self._options = Options(default_shots, seed)

    @property
    def backend(self) -> QuantumTaskBackend:
        return self._backend

    @property
    def options(self) -> Options:
        """What may be changed between runs."""
        return self._options

    @property
    def default_shots(self) -> int:
        return self._options.default_shots

    @property
    def seed(self) -> Seed:
        return self._options.seed_simulator

    def run(self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None) -> PrimitiveJob:
        """Submits all PUBs in one request. Raises ValueError for one that is not right.

        Raises UnsupportedCircuit for what the service cannot run.
        """
        shots = self.default_shots if shots is None else shots
        coerced = [SamplerPub.coerce(pub, shots) for pub in pubs]
        for index, pub in enumerate(coerced):
            _warn_of_nothing(index, pub)
        bodies = [
            {**body(pub.circuit, pub.parameter_values), "shots": pub.shots, "return": ["memory"]}
            | seed
            for pub, seed in zip(coerced, seeds(self.seed, len(coerced)), strict=True)
        ]
        return self._backend.submitted(bodies, partial(_result, coerced))


def _warn_of_nothing(index: int, pub: SamplerPub) -> None:
    if not pub.circuit.cregs:
        warnings.warn(
            f"The circuit of PUB {index} has no classical register, so its result is empty. "
            "Was a measurement forgotten?",
            UserWarning,
            stacklevel=3,
        )


def _result(
    pubs: Sequence[SamplerPub], answers: Sequence[Json]
) -> PrimitiveResult[SamplerPubResult]:
    parts = [_pub_result(pub, answer) for pub, answer in zip(pubs, answers, strict=True)]
    return PrimitiveResult(parts, metadata={"version": 2})


def _pub_result(pub: SamplerPub, answer: Json) -> SamplerPubResult:
    data: dict[str, Any] = {}
    for name, bits in register_bits(pub.circuit).items():
        if bits:
            data[name] = BitArray(packed(memory_of(answer), bits), len(bits))
        else:
            data[name] = BitArray(np.zeros((*pub.shape, pub.shots, 0), np.uint8), 0)
    return SamplerPubResult(
        DataBin(**data, shape=pub.shape),
        metadata={"shots": pub.shots, "circuit_metadata": pub.circuit.metadata},
    )
