"""A backend of the service as Qiskit's BackendV2."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from qiskit.circuit import Parameter, ParameterVector, QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.providers import BackendV2, Options
from qiskit.transpiler import Target

from quantumtask.client.qiskit.job import PrimitiveJob, QuantumTaskJob
from quantumtask.client.qiskit.lowering import lower
from quantumtask.client.qiskit.options import PASSED_ON, default_options, honoured, method_of
from quantumtask.client.qiskit.results import Json, Sent, header
from quantumtask.client.qiskit.service import Service, sweep
from quantumtask.client.qiskit.submission import find, post
from quantumtask.client.qiskit.target import target_of
from quantumtask.version import __version__

MOST_CIRCUITS = 1000
"""What the service takes in one request."""

Array = np.ndarray[Any, Any]
Binds = Mapping[Parameter | ParameterVector, Any]


class QuantumTaskBackend(BackendV2):
    """Runs circuits on a QuantumTask service. `QuantumTaskProvider.backend` makes it.

    Options, for `run` and `set_options`: shots, memory, seed_simulator, and the service's own
    engine, method, timeout_s, noise, owner, priority. Copies share one connection.
    """

    def __init__(self, provider: Any, service: Service, info: Json) -> None:
        """`info` is what `GET /backends` tells of it; the rest is asked for when it is needed."""
        super().__init__(
            provider=provider,
            name=info["name"],
            description=info.get("description"),
            backend_version=__version__,
        )
        self._service = service
        self._target: Target | None = None

    @property
    def target(self) -> Target:
        if self._target is None:
            self._target = target_of(self._service.backend(self.name))
        return self._target

    @property
    def max_circuits(self) -> int:
        return MOST_CIRCUITS

    @classmethod
    def _default_options(cls) -> Options:
        return default_options()

    def set_options(self, **fields: Any) -> None:
        """Sets options for all runs. Raises UnsupportedOption for what cannot be honoured."""
        super().set_options(**honoured(fields))

    def run(
        self,
        run_input: QuantumCircuit | Iterable[QuantumCircuit],
        parameter_binds: Sequence[Binds] | None = None,
        **options: Any,
    ) -> QuantumTaskJob:
        """Submits circuits and returns at once.

        `parameter_binds` holds for each circuit (or for all circuits, if there is one) the values
        of its parameters: a number or a list each. Every value makes a result of its own.
        Raises UnsupportedCircuit for what the service cannot run, and UnsupportedOption for an
        option that it cannot honour.
        """
        circuits = [run_input] if isinstance(run_input, QuantumCircuit) else list(run_input)
        if not 1 <= len(circuits) <= MOST_CIRCUITS:
            raise QiskitError(f"{len(circuits)} circuits: 1 to {MOST_CIRCUITS:,} can be run")
        given = self._given(options)
        bodies: list[Json] = []
        sent: list[Sent] = []
        for circuit, binds in _pairs(circuits, parameter_binds):
            body, about = _item(circuit, binds)
            bodies.append({**body, **given, **_seeded(options, self.options, len(bodies))})
            sent.append(about)
        return QuantumTaskJob(self, post(self._service.connection, bodies), sent)

    def submitted(self, bodies: Sequence[Json], make: Callable[[list[Json]], Any]) -> PrimitiveJob:
        """The job of a primitive: `make` turns the answers into its result."""
        given = self._given({"shots": None, "memory": None})
        given = {name: value for name, value in given.items() if name not in ("shots", "memory")}
        return PrimitiveJob(
            post(self._service.connection, [{**given, **body} for body in bodies]), make
        )

    def retrieve_job(self, job_id: str) -> QuantumTaskJob:
        """A job by its id. Names of registers and metadata of circuits are not kept."""
        return QuantumTaskJob(self, find(self._service.connection, job_id))

    def _given(self, options: Mapping[str, Any]) -> Json:
        options = honoured(options)
        values = {name: options.get(name, self.options.get(name)) for name in PASSED_ON}
        values["method"] = method_of(values["method"])
        given = {name: value for name, value in values.items() if value is not None}
        return given if self.name == "simulator" else {**given, "backend": self.name}


def _seeded(options: Mapping[str, Any], default: Options, index: int) -> Json:
    seed = options.get("seed_simulator", default.get("seed_simulator"))
    return {} if seed is None else {"seed": int(seed) + index}


def _pairs(
    circuits: Sequence[QuantumCircuit], binds: Sequence[Binds] | None
) -> list[tuple[QuantumCircuit, Binds | None]]:
    """Each circuit with its values, as Aer pairs them."""
    if not binds:
        return [(circuit, None) for circuit in circuits]
    if len(circuits) == 1:
        return [(circuits[0], each) for each in binds]
    if len(binds) == 1:
        binds = [binds[0]] * len(circuits)
    if len(binds) != len(circuits):
        raise QiskitError(f"{len(circuits)} circuits and {len(binds)} parameter binds")
    return list(zip(circuits, binds, strict=True))


def _item(circuit: QuantumCircuit, binds: Binds | None) -> tuple[Json, Sent]:
    lowered = lower(circuit)
    values = _bound(circuit, binds or {})
    sent: Json = {"circuit": lowered.text}
    if lowered.inputs:
        sent["parameters"] = {name: sweep(v) for name, v in lowered.values(values).items()}
    shape = np.broadcast_shapes(*(value.shape for value in values.values()))
    return sent, Sent(header(circuit), shape[0] if shape else None)


def _bound(circuit: QuantumCircuit, binds: Binds) -> dict[Parameter, Array]:
    """A number, or as many as there are points, for each parameter of the circuit."""
    given: dict[Any, Any] = {}
    for key, value in binds.items():
        given |= (
            dict(zip(key, value, strict=True)) if isinstance(key, ParameterVector) else {key: value}
        )
    missing = [each.name for each in circuit.parameters if each not in given]
    if missing:
        raise QiskitError(f"circuit {circuit.name!r}: no value for {', '.join(missing)}")
    values = {each: np.asarray(given[each], dtype=np.float64) for each in circuit.parameters}
    if len({value.shape for value in values.values() if value.ndim}) > 1:
        raise QiskitError(f"circuit {circuit.name!r}: parameters have lists of different lengths")
    return values
