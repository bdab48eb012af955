"""IBM's estimator: expectation values of observables of each PUB, with their standard errors."""

import math
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

from quantumtask.api.serialization.task_json import ResultTexts
from quantumtask.doors.ibm.job_plan import JobContext, JobPlan
from quantumtask.doors.ibm.npy import encode_npy
from quantumtask.doors.ibm.primitive_options import (
    JobOptions,
    read_options,
    read_positive,
    read_seed,
)
from quantumtask.doors.ibm.primitive_results import (
    PRIMITIVE_HEAD,
    primitive_tail,
    pub_result,
    read_data,
)
from quantumtask.doors.ibm.pub_params import VALUES, render_params, task_options
from quantumtask.doors.ibm.pubs import read_pub_circuit, read_pubs
from quantumtask.doors.ibm.sampler import job_facts, pub_seed, sent_fields
from quantumtask.doors.ibm.stored_job import StoredJob
from quantumtask.shared.errors import InvalidRequest, OptionError
from quantumtask.shared.task import Task, TaskSpec
from quantumtask.shared.task_options import MIN_PRECISION, parse_observables

DEFAULT_PRECISION = 1 / 64
"""Precision of a PUB without its own, as at IBM: that of 4,096 shots."""

_MAX_LEVEL = 2
_MAX_DIMENSIONS = 8


class Estimator:
    """The primitive `estimator`: one task for each PUB of a job."""

    def plan_job(self, params: dict[str, Any], context: JobContext) -> JobPlan:
        """Return a task for each PUB; see `JobPrimitive.plan_job`."""
        level = params.get("resilience_level")
        if level is not None and (type(level) is not int or not 0 <= level <= _MAX_LEVEL):
            raise InvalidRequest(f"params.resilience_level: must be 0, 1 or 2; got {level!r:.40}")
        names = {"default_precision", "default_shots", "seed_estimator"}
        options = read_options(params, names, context.device)
        default = _default_precision(options.values)
        seed = read_seed(options.values, "seed_estimator", "seed_estimator")
        options = options._replace(seed=options.seed if seed is None else seed)
        pubs = read_pubs(params)
        precisions = [_read_precision(pub, k, default) for k, pub in enumerate(pubs)]
        tasks = [
            _plan_pub(pub, k, precision, options, context)
            for k, (pub, precision) in enumerate(zip(pubs, precisions, strict=True))
        ]
        facts = [
            {"target": precision, "sent": pub[3] if len(pub) > 3 else None}
            for pub, precision in zip(pubs, precisions, strict=True)
        ]
        return JobPlan(tasks, job_facts(params, options), facts)

    async def render_params(self, job: StoredJob) -> AsyncIterator[bytes]:
        """Yield the parameters; see `JobPrimitive.render_params`."""

        def items(task: Task) -> list[Any]:
            observables = _to_client(task_options(task)["observables"])
            return [observables, VALUES, job.task_facts(task)["sent"]]

        async for piece in render_params(job, items, await sent_fields(job)):
            yield piece

    async def render_results(self, job: StoredJob) -> AsyncIterator[bytes]:
        """Yield the results; see `JobPrimitive.render_results`."""
        yield PRIMITIVE_HEAD
        for number, task in enumerate(await job.tasks()):
            yield b", " if number else b""
            target = job.task_facts(task)["target"]
            async with job.open_result(task) as texts:
                async for piece in job.render(_pub_result(target, texts)):
                    yield piece
        yield primitive_tail({**_SUPPRESSION, "version": 2})


_SUPPRESSION: Mapping[str, Any] = {
    "dynamical_decoupling": {"enable": False},
    "twirling": {"enable_gates": False, "enable_measure": False},
    "resilience": {
        "measure_mitigation": False, "zne_mitigation": False, "pec_mitigation": False,
    },
}  # fmt: skip
"""Metadata of results: no method corrected them, also where the options asked for one."""


def _default_precision(options: Mapping[str, Any]) -> float:
    """Return the precision of PUBs without their own; the number of shots goes first."""
    shots = read_positive(options.get("default_shots"), int, "params.options.default_shots")
    name = "params.options.default_precision"
    precision: float | None = read_positive(options.get("default_precision"), float, name)
    if shots is not None:
        return 1 / math.sqrt(shots)
    return DEFAULT_PRECISION if precision is None else precision


def _read_precision(pub: Sequence[Any], number: int, default: float) -> float:
    value = pub[3] if len(pub) > 3 else None
    if value == 0 and not isinstance(value, bool):
        return 0.0
    precision = read_positive(value, float, f"params.pubs.{number}.3")
    return default if precision is None else float(precision)


def _plan_pub(
    pub: Sequence[Any],
    number: int,
    precision: float,
    options: JobOptions,
    context: JobContext,
) -> TaskSpec:
    name = f"params.pubs.{number}"
    if not 2 <= len(pub) <= 4:
        raise InvalidRequest(
            f"{name}: must be a circuit, observables, parameter values and precision"
        )
    circuit = read_pub_circuit(pub, pub[2] if len(pub) > 2 else None, name)
    observables = _to_core(pub[1], f"{name}.1", _MAX_DIMENSIONS)
    try:
        parse_observables(observables)
    except OptionError as error:
        raise InvalidRequest(f"{name}: {error}") from None
    return TaskSpec(
        circuit.text,
        seed=pub_seed(options.seed, number),
        parameters=circuit.parameters,
        options=context.task_options(
            {
                **circuit.options,
                "observables": observables,
                "precision": sampled_precision(precision),
                "noise": options.noise,
            }
        ),
    )


def sampled_precision(precision: float) -> float:
    """Return the precision of a task: 0 for a precision that is smaller than tasks can sample."""
    if precision < MIN_PRECISION:
        return 0.0
    shots = max(1, math.ceil(round(precision**-2, 6)))
    # Half a shot less: 1/precision^2, rounded up, is the number of shots whatever the rounding.
    return max(MIN_PRECISION, 1 / math.sqrt(shots - 0.5))


def _to_core(value: Any, name: str, dimensions: int) -> Any:
    """Return observables as a task has them: a list of terms for each mapping."""
    if isinstance(value, dict):
        if value.get("__type__") == "ObservablesArray":
            return _to_core(value.get("__value__"), name, dimensions)
        if not value:
            raise InvalidRequest(f"{name}: an observable must have at least one term")
        return [[word, _real(weight, name)] for word, weight in value.items()]
    if isinstance(value, str):
        return [[value, 1.0]]
    if not isinstance(value, list) or not value or not dimensions:
        raise InvalidRequest(
            f'{name}: must be an observable such as {{"ZZ": 1.0}}, or an array of observables of '
            f"at most {_MAX_DIMENSIONS} dimensions"
        )
    return [_to_core(each, name, dimensions - 1) for each in value]


def _real(weight: Any, name: str) -> float:
    number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not number or not abs(weight) <= sys.float_info.max:
        raise InvalidRequest(f"{name}: the weight of each term must be a real number")
    return float(weight)


def _to_client(value: Any) -> Any:
    """Return observables as clients send them."""
    if value and isinstance(value[0], list) and isinstance(value[0][0], str):
        return dict(value)
    return [_to_client(each) for each in value]


def _pub_result(target: float, texts: ResultTexts) -> Iterator[bytes]:
    arrays = read_data(texts)
    values, errors = arrays["expectation_values"], arrays["standard_errors"]
    exact = target < MIN_PRECISION
    shots = 0 if exact else math.ceil(round(target**-2, 6))
    metadata = {"target_precision": target, "shots": shots, "circuit_metadata": {}}
    fields = {
        "evs": encode_npy(values),
        "stds": encode_npy(errors),
        "ensemble_standard_error": encode_npy(errors),
    }
    yield from pub_result("PubResult", fields, values["shape"], metadata)
