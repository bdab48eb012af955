"""SamplerV2: the bits of every shot of circuits and their parameters."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from qiskit.primitives import BaseSamplerV2, SamplerPubLike
from qiskit.primitives.containers.sampler_pub import SamplerPub

from quantumtask.client.json_numbers import plain
from quantumtask.client.qiskit.backend import QuantumTaskBackend
from quantumtask.client.qiskit.job import PrimitiveJob
from quantumtask.client.qiskit.programs import Program, Programs, merged
from quantumtask.client.qiskit.pubs import Seed, chosen, exact_pub, first_seed, points
from quantumtask.client.qiskit.record import SAMPLER, Record
from quantumtask.client.qiskit.result_conversion import register_bits
from quantumtask.client.qiskit.sampler_tasks import SampleReturns, drafts, in_order
from quantumtask.client.qiskit.service import Json


@dataclass(slots=True)
class Options:
    """Options of SamplerV2, by the names of Qiskit."""

    default_shots: int
    seed_simulator: Seed
    job_tags: Sequence[str] = ()


class SamplerV2(BaseSamplerV2):
    """Sampler of circuits on a QuantumTask service.

    A run is one request. PUBs with one circuit and equal numbers of shots are one program with an
    array of values for each parameter; every point of every PUB has separate shots. The default
    backend is the simulator of the service in QUANTUMTASK_URL. Equal seeds give equal shots for
    equal PUBs; a generator draws a new seed for each run.
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
        """Backend of the sampler."""
        return self._backend

    @property
    def options(self) -> Options:
        """Options for the next runs."""
        return self._options

    @property
    def default_shots(self) -> int:
        """Number of shots of PUBs without one."""
        return self._options.default_shots

    @property
    def seed(self) -> Seed:
        """Seed of the next run, or the generator of seeds."""
        return self._options.seed_simulator

    def run(self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None) -> PrimitiveJob:
        """Submit all PUBs and return at once.

        Args:
            pubs: Circuits, or tuples of circuit, parameter values and shots.
            shots: Number of shots of PUBs without one; the default is `default_shots`.

        Raises:
            ValueError, TypeError: A PUB is invalid.
            UnsupportedCircuit: The service cannot run a circuit.
        """
        default = plain("shots", self.default_shots if shots is None else shots)
        coerced = [SamplerPub.coerce(exact_pub(pub, 1, "shots"), default) for pub in pubs]
        for index, pub in enumerate(coerced):
            _warn_of_nothing(index, pub)
        record = Record(SAMPLER, self._backend.name, [_part(pub) for pub in coerced])
        groups = [
            group
            for shots, programs in _programs(
                coerced, record, Programs(self._backend.fields, self._backend.errors())
            )
            for group in drafts(merged(programs), shots, SampleReturns(counts=False, memory=True))
        ]
        return self._backend.submitted(
            record, in_order(groups, first_seed(self.seed)), self._options.job_tags
        )


def _programs(
    pubs: Sequence[SamplerPub], record: Record, programs: Programs
) -> Iterable[tuple[int, list[Program]]]:
    """Return the programs of all PUBs, by their numbers of shots."""
    by_shots: dict[int, list[Program]] = {}
    for pub, end in zip(pubs, record.ends, strict=True):
        elements = np.arange(end - pub.size, end)
        values = points(pub.circuit, pub.parameter_values)
        if pub.size:
            by_shots.setdefault(int(pub.shots), []).extend(
                programs.of(pub.circuit, values, elements)
            )
    return by_shots.items()


def _warn_of_nothing(index: int, pub: SamplerPub) -> None:
    if not pub.circuit.cregs:
        warnings.warn(
            f"The circuit of PUB {index} has no classical register, so its result is empty. "
            "Was a measurement forgotten?",
            UserWarning,
            stacklevel=3,
        )


def _part(pub: SamplerPub) -> Json:
    return {
        "size": int(pub.size),
        "shape": list(pub.shape),
        "shots": int(pub.shots),
        "registers": register_bits(pub.circuit),
        "metadata": pub.circuit.metadata,
    }
