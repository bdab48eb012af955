"""Base of both primitives: the backend, the options, the seed, and the submission of PUBs."""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

import numpy as np

from quantumtask.client.qiskit.backend import QuantumTaskBackend
from quantumtask.client.qiskit.job import PrimitiveJob
from quantumtask.client.qiskit.options import UnsupportedOption
from quantumtask.client.qiskit.programs import Programs
from quantumtask.client.qiskit.provider import QuantumTaskProvider
from quantumtask.client.qiskit.record import Draft, Record
from quantumtask.client.qiskit.sampler_tasks import order_drafts
from quantumtask.shared.close_names import suggestion

Seed = int | np.random.Generator | None


@dataclass(slots=True, kw_only=True)
class PrimitiveOptions:
    """Options of both primitives, by the names of Qiskit."""

    seed_simulator: Seed
    job_tags: Sequence[str] = ()

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in (names := [field.name for field in fields(self)]):
            raise _no_option(name, names)
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        # For the options of other primitives, such as `options.twirling.enable_gates = True`.
        raise _no_option(name, [field.name for field in fields(self)])

    def update(self, **values: Any) -> None:
        """Set options by their names, as the primitives of IBM do.

        Raises:
            UnsupportedOption: The primitive has no such option.
        """
        for name, value in values.items():
            setattr(self, name, value)


def _no_option(name: str, names: Sequence[str]) -> UnsupportedOption:
    return UnsupportedOption(
        f"{name}: the primitive has no such option{suggestion(name, names)}; it has "
        f"{', '.join(sorted(names))}, and the options of its backend (backend.set_options)"
    )


OptionsT = TypeVar("OptionsT", bound=PrimitiveOptions)


class Primitive(Generic[OptionsT]):
    """Common part of SamplerV2 and EstimatorV2.

    Args:
        backend: Backend of the primitive. The default is the simulator of the service that the
            environment names.
        mode: The backend, by the name that the primitives of IBM have for it.
        options: Options of the next runs.
        values: Values of options that replace those of `options`.

    Raises:
        TypeError: The backend is not one of a QuantumTask service, or there are two.
        UnsupportedOption: The primitive has no option of a name in `values`.
    """

    def __init__(
        self,
        backend: QuantumTaskBackend | None,
        mode: QuantumTaskBackend | None,
        options: OptionsT,
        values: Mapping[str, Any] | None,
    ) -> None:
        if backend is not None and mode is not None:
            raise TypeError("mode: is another name of `backend`; give one of them")
        chosen = mode if backend is None else backend
        self._backend = QuantumTaskProvider().backend() if chosen is None else _checked(chosen)
        self._options = options
        self._options.update(**(values or {}))

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


def _checked(backend: Any) -> QuantumTaskBackend:
    if not isinstance(backend, QuantumTaskBackend):
        raise TypeError(
            "backend: must be one of a QuantumTask service, such as "
            f"QuantumTaskProvider().backend('simulator'); got {type(backend).__name__}"
        )
    return backend


def first_seed(seed: Seed) -> int | None:
    """Return the seed of the first task of a run; a generator draws a new one for each run."""
    if seed is None:
        return None
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**62))
    return operator.index(seed)
