"""IBM's sampler: the bits of each shot of each PUB, by register."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from math import prod
from typing import Any

from quantumtask.api.serialization.task_json import ResultTexts, format_time
from quantumtask.doors.ibm.job_plan import JobContext, JobPlan
from quantumtask.doors.ibm.primitive_options import (
    JobOptions,
    read_options,
    read_positive,
    sent_error,
)
from quantumtask.doors.ibm.primitive_results import (
    PRIMITIVE_HEAD,
    bit_array,
    primitive_tail,
    pub_result,
    read_data,
)
from quantumtask.doors.ibm.pub_params import VALUES, render_params, task_options
from quantumtask.doors.ibm.pubs import read_pub_circuit, read_pubs
from quantumtask.doors.ibm.stored_job import StoredJob
from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.output_kinds import REGISTER_MEMORY
from quantumtask.shared.task import Task, TaskSpec

SAMPLER_SHOTS = 4096
"""Shots of a PUB without its own, as at IBM."""

_PREFIX = "memory."


class Sampler:
    """The primitive `sampler`: one task for each PUB of a job."""

    def plan_job(self, params: dict[str, Any], context: JobContext) -> JobPlan:
        """Return a task for each PUB; see `JobPrimitive.plan_job`."""
        options = read_options(params, {"default_shots"}, context.device)
        default = read_positive(
            options.values.get("default_shots"), int, "params.options.default_shots"
        )
        tasks = [
            _plan_pub(pub, f"params.pubs.{k}", default or SAMPLER_SHOTS, options, context, k)
            for k, pub in enumerate(read_pubs(params))
        ]
        sent = [len(pub) > 2 and pub[2] is not None for pub in params["pubs"]]
        return JobPlan(tasks, job_facts(params, options), [{"shots": each} for each in sent])

    async def render_params(self, job: StoredJob) -> AsyncIterator[bytes]:
        """Yield the parameters; see `JobPrimitive.render_params`."""

        def items(task: Task) -> list[Any]:
            return [VALUES, task.shots if job.task_facts(task).get("shots") else None]

        async for piece in render_params(job, items, await sent_fields(job)):
            yield piece

    async def render_results(self, job: StoredJob) -> AsyncIterator[bytes]:
        """Yield the results; see `JobPrimitive.render_results`."""
        yield PRIMITIVE_HEAD
        tasks = await job.tasks()
        for number, task in enumerate(tasks):
            yield b", " if number else b""
            async with job.open_result(task) as texts:
                async for piece in job.render(_pub_result(task, texts)):
                    yield piece
        yield primitive_tail(_metadata(tasks))


def _plan_pub(
    pub: Sequence[Any],
    name: str,
    default_shots: int,
    options: JobOptions,
    context: JobContext,
    number: int,
) -> TaskSpec:
    if len(pub) > 3:
        raise InvalidRequest(f"{name}: must be a circuit, parameter values and shots")
    circuit = read_pub_circuit(pub, pub[1] if len(pub) > 1 else None, name)
    shots = read_positive(pub[2] if len(pub) > 2 else None, int, f"{name}.2") or default_shots
    if shots > context.settings.max_shots:
        raise InvalidRequest(f"{name}: shots must be at most {context.settings.max_shots:,}")
    return TaskSpec(
        circuit.text,
        shots=shots,
        seed=pub_seed(options.seed, number),
        parameters=circuit.parameters,
        options=context.task_options(
            {**circuit.options, "return": [REGISTER_MEMORY], "noise": options.noise}
        ),
    )


def pub_seed(seed: int | None, number: int) -> int | None:
    """Return the seed of a PUB: equal PUBs of a job must have different shots."""
    return None if seed is None else (seed + number * 0x9E3779B97F4A7C15) % 2**63


def job_facts(params: Mapping[str, Any], options: JobOptions) -> dict[str, Any]:
    """Return the parameters of a job beside its PUBs, for `sent_fields`."""
    others = {n: v for n, v in params.items() if n not in ("pubs", "options")}
    return {"params": others, "options": options.values, "noise_model": options.noise_model}


async def sent_fields(job: StoredJob) -> dict[str, Any]:
    """Return the parameters of a job beside its PUBs, as they were sent."""
    facts = job.record.facts
    options = dict(facts["options"])
    if facts["noise_model"] is not None:
        first = (await job.tasks())[0]
        errors = [sent_error(each) for each in task_options(first)["noise"]["errors"]]
        model = {**facts["noise_model"], "errors": errors}
        typed = {"__type__": "NoiseModel", "__value__": model}
        options["simulator"] = {**options.get("simulator", {}), "noise_model": typed}
    return {"options": options, **facts["params"]}


def _pub_result(task: Task, texts: ResultTexts) -> Iterator[bytes]:
    assert task.result
    arrays = read_data(texts)
    sizes = dict(task.result.registers or ())
    fields = {
        name.removeprefix(_PREFIX): bit_array(each, sizes[name.removeprefix(_PREFIX)])
        for name, each in arrays.items()
        if name.startswith(_PREFIX)
    }
    shape = task.result.shape or ()
    metadata = {"shots": task.shots, "circuit_metadata": {}}
    yield from pub_result("SamplerPubResult", fields, shape, metadata)


def _metadata(tasks: Sequence[Task]) -> dict[str, Any]:
    spans = [_span(number, task) for number, task in enumerate(tasks)]
    typed = {"__type__": "ExecutionSpans", "__value__": {"spans": spans}}
    return {"execution": {"execution_spans": typed}, "version": 2}


def _span(number: int, task: Task) -> dict[str, Any]:
    """Return the time of a PUB: all of its shots run together."""
    assert task.result
    shape = [*(task.result.shape or ()), task.shots]
    return {
        "__type__": "ExecutionSpan",
        "__value__": {
            "start": {"__type__": "datetime", "__value__": format_time(task.started_at)},
            "stop": {"__type__": "datetime", "__value__": format_time(task.finished_at)},
            "data_slices": {str(number): [shape, 0, prod(shape)]},
        },
    }
