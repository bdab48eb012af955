"""Backend of the service as a `BackendV2` of Qiskit."""

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from qiskit.circuit import Parameter, ParameterVector, QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.providers import BackendV2, Options
from qiskit.transpiler import Target

from quantumtask.client.connection import Json
from quantumtask.client.json_numbers import to_json
from quantumtask.client.notebook import backend_html
from quantumtask.client.qiskit.job import PrimitiveJob, QuantumTaskJob, find_job
from quantumtask.client.qiskit.noise import AerNoiseModel
from quantumtask.client.qiskit.options import (
    DEFAULT_SHOTS,
    SERVICE_OPTIONS,
    UnsupportedOption,
    default_options,
    service_method,
    supported_options,
)
from quantumtask.client.qiskit.placement import is_on_device
from quantumtask.client.qiskit.programs import Programs
from quantumtask.client.qiskit.record import RUN, Draft, Record
from quantumtask.client.qiskit.result_conversion import circuit_header
from quantumtask.client.qiskit.sampler_tasks import SampleReturns, order_drafts, sampler_drafts
from quantumtask.client.qiskit.service import SharedConnection
from quantumtask.client.qiskit.submission import JobSubmission, post
from quantumtask.client.qiskit.target import build_target
from quantumtask.client.results.array_codec import to_reals
from quantumtask.version import __version__

Array = np.ndarray[Any, Any]
Binds = Mapping[Parameter | ParameterVector, Any]


class QuantumTaskBackend(BackendV2):
    """Backend of a QuantumTask service; `QuantumTaskProvider.backend` returns one.

    Options, for `run` and `set_options`: shots, memory, seed_simulator, job_tags, noise_model (of
    Qiskit Aer), and the options of the service: engine, method, timeout_s, noise, compile, owner,
    priority. Copies share one connection. A pickle holds neither a connection nor a token.
    """

    def __init__(self, provider: Any, service: SharedConnection, info: Json) -> None:
        """Create a backend.

        Args:
            provider: Provider of the backend.
            service: Connection that copies of the backend share.
            info: Entry of `GET /backends`. Details are fetched at their first use.
        """
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
        """Gates, qubits, errors and durations, for the transpiler."""
        if self._target is None:
            self._target = build_target(self._service.backend(self.name))
        return self._target

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def _repr_html_(self) -> str:
        """Return the backend as HTML for a notebook: its qubits, its gates, and its errors."""
        return backend_html(self._service.backend(self.name))

    @property
    def service(self) -> SharedConnection:
        """Connection that copies of the backend share."""
        return self._service

    @property
    def max_circuits(self) -> None:
        """None: a job may have any number of circuits, in several requests if necessary."""
        return

    @classmethod
    def _default_options(cls) -> Options:
        return default_options()

    def set_options(self, **fields: Any) -> None:
        """Set options for all runs. Raise UnsupportedOption for an option without support."""
        super().set_options(**supported_options(fields))

    def run(
        self,
        run_input: QuantumCircuit | Iterable[QuantumCircuit],
        parameter_binds: Sequence[Binds] | None = None,
        **options: Any,
    ) -> QuantumTaskJob:
        """Submit circuits and return at once.

        Args:
            run_input: One circuit or several.
            parameter_binds: Values of the parameters for each circuit, or once for all circuits: a
                number or a list per parameter. Every value gives a result.
            options: Options of this run, which override those of the backend.

        Raises:
            UnsupportedCircuit: The service cannot run a circuit.
            UnsupportedOption: The service does not support an option.
        """
        circuits = [run_input] if isinstance(run_input, QuantumCircuit) else list(run_input)
        if not circuits:
            raise QiskitError("there is no circuit to run")
        task_fields = self._task_fields(options)
        pairs = [(circuit, _points(circuit, b)) for circuit, b in _pairs(circuits, parameter_binds)]
        parts = [_part(circuit, values) for circuit, values in pairs]
        record = Record(RUN, self.name, parts)
        fields = partial(self.fields, compile=task_fields.get("compile"))
        programs = Programs(fields, self.read_noise_model(options))
        returns = SampleReturns(counts=True, memory=task_fields.pop("memory", False))
        groups = [
            group
            for (circuit, values), end in zip(pairs, record.ends, strict=True)
            for group in sampler_drafts(
                programs.export(circuit, values, np.arange(end - len(values), end)),
                task_fields.get("shots", DEFAULT_SHOTS),
                returns,
            )
        ]
        seed, tags = (options.get(n, self.options.get(n)) for n in ("seed_simulator", "job_tags"))
        ordered = order_drafts(groups, None if seed is None else operator.index(seed))
        return QuantumTaskJob(self, *self._post(record, ordered, task_fields, tags or ()))

    def submit_primitive(
        self, record: Record, drafts: Sequence[Draft], tags: Sequence[str] = ()
    ) -> PrimitiveJob:
        """Submit the tasks of a primitive and return their job."""
        task_fields = self._task_fields({"shots": None, "memory": None})
        task_fields = {
            name: value for name, value in task_fields.items() if name not in ("shots", "memory")
        }
        tags = tags or self.options.get("job_tags") or ()
        return PrimitiveJob(self, *self._post(record, drafts, task_fields, tags))

    def fields(self, circuit: QuantumCircuit, compile: str | None = None) -> Json:
        """Return the fields of a task that depend on its circuit: `compile`, on a device.

        Args:
            circuit: Circuit of the task.
            compile: Option of a run or of the backend, which has priority.
        """
        choice = compile or self.options.get("compile")
        if self.name == "simulator" or choice is not None:
            return {}
        return {"compile": "never"} if is_on_device(circuit, self.target) else {}

    def retrieve_job(self, job_id: str) -> QuantumTaskJob | PrimitiveJob:
        """Return a job of `run` or of a primitive by its id, with its result.

        Metadata of circuits that JSON cannot hold are lost. A task of another client, such as one
        sent over HTTP, is a job of `run`.

        Raises:
            ServiceError: The id is unknown.
        """
        return find_job(self, job_id)

    def _post(
        self, record: Record, drafts: Sequence[Draft], task_fields: Json, tags: Sequence[str]
    ) -> tuple[JobSubmission, Record]:
        tasks = [(draft.elements, draft.skip) for draft in drafts]
        record = replace(record, tasks=tasks)
        bodies = [{**task_fields, **draft.body} for draft in drafts]
        return post(self._service.connection, bodies, tags, record.metadata()), record

    def read_noise_model(self, options: Mapping[str, Any] | None = None) -> AerNoiseModel | None:
        """Return the noise model of a run, or else of the backend; None without one.

        Raises:
            UnsupportedOption: The service does not support a part of the model.
        """
        options = options or {}
        model = options.get("noise_model", self.options.get("noise_model"))
        if model is None:
            return None
        if options.get("noise", self.options.get("noise")) is not None:
            raise UnsupportedOption("noise_model: give this or `noise`, not both")
        return AerNoiseModel(model, compiled=self.name != "simulator")

    def _task_fields(self, options: Mapping[str, Any]) -> Json:
        options = supported_options(options)
        values = {
            name: to_json(name, options.get(name, self.options.get(name)))
            for name in SERVICE_OPTIONS
        }
        values["method"] = service_method(values["method"])
        task_fields = {name: value for name, value in values.items() if value is not None}
        return task_fields if self.name == "simulator" else {**task_fields, "backend": self.name}


def _pairs(
    circuits: Sequence[QuantumCircuit], binds: Sequence[Binds] | None
) -> list[tuple[QuantumCircuit, Binds | None]]:
    """Return each circuit with its values, paired as Aer pairs them."""
    if not binds:
        return [(circuit, None) for circuit in circuits]
    if len(circuits) == 1:
        return [(circuits[0], each) for each in binds]
    if len(binds) == 1:
        binds = [binds[0]] * len(circuits)
    if len(binds) != len(circuits):
        raise QiskitError(f"{len(circuits)} circuits and {len(binds)} parameter binds")
    return list(zip(circuits, binds, strict=True))


def _part(circuit: QuantumCircuit, values: Array) -> Json:
    return {"size": len(values), "header": circuit_header(circuit), "metadata": circuit.metadata}


def _points(circuit: QuantumCircuit, binds: Binds | None) -> Array:
    """Return float64 [points, parameters], in the order of the parameters of the circuit."""
    if not binds and not circuit.num_parameters:
        return np.empty((1, 0))
    values = _bound(circuit, binds or {})
    shape = np.broadcast_shapes(*(value.shape for value in values.values())) or (1,)
    points = np.empty((*shape, len(values)))
    for k, parameter in enumerate(circuit.parameters):
        points[..., k] = values[parameter]
    return points


def _bound(circuit: QuantumCircuit, binds: Binds) -> dict[Parameter, Array]:
    """Return for each parameter of the circuit a number, or one for each point."""
    values_by_parameter: dict[Any, Any] = {}
    for key, value in binds.items():
        values_by_parameter |= (
            dict(zip(key, value, strict=True)) if isinstance(key, ParameterVector) else {key: value}
        )
    missing = [each.name for each in circuit.parameters if each not in values_by_parameter]
    if missing:
        raise QiskitError(f"circuit {circuit.name!r}: no value for {', '.join(missing)}")
    values = {each: to_reals(each.name, values_by_parameter[each]) for each in circuit.parameters}
    if len({value.shape for value in values.values() if value.ndim}) > 1:
        raise QiskitError(f"circuit {circuit.name!r}: parameters have lists of different lengths")
    return values
