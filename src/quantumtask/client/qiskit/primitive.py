"""Base of both primitives: the backend, the options, the seed, and the submission of PUBs."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from quantumtask.client.qiskit.backend import QuantumTaskBackend
from quantumtask.client.qiskit.job import PrimitiveJob
from quantumtask.client.qiskit.programs import Programs
from quantumtask.client.qiskit.provider import QuantumTaskProvider
from quantumtask.client.qiskit.record import Draft, Record
from quantumtask.client.qiskit.sampler_tasks import order_drafts

Seed = int | np.random.Generator | None


@dataclass(slots=True, kw_only=True)
class PrimitiveOptions:
    """Options of both primitives, by the names of Qiskit."""

    seed_simulator: Seed
    job_tags: Sequence[str] = ()


OptionsT = TypeVar("OptionsT", bound=PrimitiveOptions)


class Primitive(Generic[OptionsT]):
    """Common part of SamplerV2 and EstimatorV2.

    Args:
        backend: Backend of the primitive. The default is the simulator of the service that the
            environment names.
        options: Options of the next runs.
    """

    def __init__(self, backend: QuantumTaskBackend | None, options: OptionsT) -> None:
        self._backend = QuantumTaskProvider().backend() if backend is None else backend
        self._options = options

    @property
    def backend(self) -> QuantumTaskBackend:
        """Backend of the primitive."""
        return self._backend

    @property
    def options(self) -> OptionsT:
        """Options for the next runs."""
        return self._options

    @property
    def seed(self) -> Seed:
        """Seed of the next run, or the generator of seeds."""
        return self._options.seed_simulator

    def _programs(self) -> Programs:
        """Return an empty collection for the programs of one run."""
        return Programs(self._backend.fields, self._backend.read_noise_model())

    def _submit(self, record: Record, groups: Sequence[Sequence[Draft]]) -> PrimitiveJob:
        """Submit the tasks of one run.

        Args:
            record: Record of the PUBs.
            groups: Tasks of each program.
        """
        ordered = order_drafts(groups, first_seed(self.seed))
        return self._backend.submit_primitive(record, ordered, self._options.job_tags)


def first_seed(seed: Seed) -> int | None:
    """Return the seed of the first task of a run; a generator draws a new one for each run."""
    if seed is None:
        return None
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**62))
    return operator.index(seed)
