"""SamplerV2: the bits of every shot of circuits and their parameters."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit.primitives import BaseSamplerV2, SamplerPubLike
from qiskit.primitives.containers.sampler_pub import SamplerPub

from quantumtask.client.connection import Json
from quantumtask.client.json_numbers import to_json
from quantumtask.client.qiskit.backend import QuantumTaskBackend
from quantumtask.client.qiskit.job import PrimitiveJob
from quantumtask.client.qiskit.primitive import Primitive, PrimitiveOptions, Seed
from quantumtask.client.qiskit.programs import Programs, SweepProgram, merge_programs
from quantumtask.client.qiskit.pubs import exact_pub, parameter_points
from quantumtask.client.qiskit.record import SAMPLER, Record
from quantumtask.client.qiskit.result_conversion import register_bits
from quantumtask.client.qiskit.sampler_tasks import SampleReturns, sampler_drafts


@dataclass(slots=True, kw_only=True)
class SamplerOptions(PrimitiveOptions):
    """Options of SamplerV2, by the names of Qiskit."""

    default_shots: int


class SamplerV2(Primitive[SamplerOptions], BaseSamplerV2):
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
        mode: QuantumTaskBackend | None = None,
        options: Mapping[str, Any] | None = None,
        default_shots: int = 1024,
        seed: Seed = None,
    ) -> None:
        defaults = SamplerOptions(default_shots=default_shots, seed_simulator=seed)
        super().__init__(backend, mode, defaults, options)

    @property
    def default_shots(self) -> int:
        """Number of shots of PUBs without one."""
        return self._options.default_shots

    def run(self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None) -> PrimitiveJob:
        """Submit all PUBs and return at once.

        Args:
            pubs: Circuits, or tuples of circuit, parameter values and shots.
            shots: Number of shots of PUBs without one; the default is `default_shots`.

        Raises:
            ValueError, TypeError: A PUB is invalid.
            UnsupportedCircuit: The service cannot run a circuit.
        """
        default = to_json("shots", self.default_shots if shots is None else shots)
        coerced = [SamplerPub.coerce(exact_pub(pub, 1, "shots"), default) for pub in pubs]
        for index, pub in enumerate(coerced):
            _warn_without_registers(index, pub)
        record = Record(SAMPLER, self._backend.name, [_part(pub) for pub in coerced])
        returns = SampleReturns(counts=False, memory=True)
        groups = [
            group
            for shots, programs in _programs_by_shots(coerced, record, self._programs()).items()
            for group in sampler_drafts(merge_programs(programs), shots, returns)
        ]
        return self._submit(record, groups)


def _programs_by_shots(
    pubs: Sequence[SamplerPub], record: Record, programs: Programs
) -> dict[int, list[SweepProgram]]:
    """Return the programs of all PUBs, by their numbers of shots."""
    by_shots: dict[int, list[SweepProgram]] = {}
    for pub, end in zip(pubs, record.ends, strict=True):
        elements = np.arange(end - pub.size, end)
        values = parameter_points(pub.circuit, pub.parameter_values)
        if pub.size:
            by_shots.setdefault(int(pub.shots), []).extend(
                programs.export(pub.circuit, values, elements)
            )
    return by_shots


def _warn_without_registers(index: int, pub: SamplerPub) -> None:
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
