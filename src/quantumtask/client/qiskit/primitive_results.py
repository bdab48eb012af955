"""Results of primitives: the answers of the tasks of a job in the shapes of its PUBs."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from qiskit.primitives import PrimitiveResult, PubResult, SamplerPubResult
from qiskit.primitives.containers import BitArray, DataBin

from quantumtask.client.connection import Json
from quantumtask.client.qiskit.record import ESTIMATOR, SAMPLER, Record
from quantumtask.client.qiskit.result_conversion import select_bits
from quantumtask.client.qiskit.sampler_tasks import join_memory
from quantumtask.client.results.array_codec import Array, decode_reals


def sampler_result(record: Record, answers: Sequence[Json]) -> PrimitiveResult[SamplerPubResult]:
    """Return the result of a SamplerV2 job from the answers of its tasks."""
    memories = join_memory(record, answers, lambda number: record.parts[number]["shots"])
    bounds = np.full(sum(part["size"] for part in record.parts), np.nan)
    for (elements, _), answer in zip(record.tasks, answers, strict=True):
        if (sent := (answer.get("data") or {}).get("total_variation_bounds")) is not None:
            bounds[elements] = decode_reals(sent).ravel()
    parts = [
        _sampler_pub_result(part, memory, bounds[end - part["size"] : end])
        for part, memory, end in zip(record.parts, memories, record.ends, strict=True)
    ]
    return PrimitiveResult(parts, metadata={"version": 2})


def _sampler_pub_result(part: Json, memory: Any, bounds: Array) -> SamplerPubResult:
    shape, shots = tuple(part["shape"]), part["shots"]
    data: dict[str, Any] = {}
    for name, bits in part["registers"].items():
        if bits and part["size"]:
            array = select_bits(memory, bits)
        else:
            array = np.zeros((part["size"], shots, -(-len(bits) // 8)), np.uint8)
        data[name] = BitArray(array.reshape(*shape, shots, array.shape[-1]), len(bits))
    metadata: Json = {"shots": shots, "circuit_metadata": part["metadata"]}
    if bounds.size and not np.isnan(bounds).any():
        metadata["total_variation_bounds"] = bounds.reshape(shape)
    return SamplerPubResult(DataBin(**data, shape=shape), metadata=metadata)


def estimator_result(record: Record, answers: Sequence[Json]) -> PrimitiveResult[PubResult]:
    """Return the result of an EstimatorV2 job from the answers of its tasks."""
    size = sum(part["size"] for part in record.parts)
    evs, stds, bounds = np.zeros(size), np.zeros(size), np.full(size, np.nan)
    for (elements, _), answer in zip(record.tasks, answers, strict=True):
        evs[elements] = decode_reals(answer["data"]["expectation_values"]).ravel()
        stds[elements] = decode_reals(answer["data"]["standard_errors"]).ravel()
        if (sent := answer["data"].get("error_bounds")) is not None:
            bounds[elements] = decode_reals(sent).ravel()
    parts = [
        _estimator_pub_result(
            part, *(array[end - part["size"] : end] for array in (evs, stds, bounds))
        )
        for part, end in zip(record.parts, record.ends, strict=True)
    ]
    return PrimitiveResult(parts, metadata={"version": 2})


def _estimator_pub_result(part: Json, evs: Array, stds: Array, bounds: Array) -> PubResult:
    shape, precision = tuple(part["shape"]), part["precision"]
    metadata = {
        "target_precision": precision,
        "shots": max(2, math.ceil((1 / precision) ** 2)) if precision else 0,
        "circuit_metadata": part["metadata"],
    }
    if bounds.size and not np.isnan(bounds).any():
        metadata["error_bounds"] = bounds.reshape(shape)
    data = DataBin(evs=evs.reshape(shape), stds=stds.reshape(shape), shape=shape)
    return PubResult(data, metadata=metadata)


RESULT_BUILDERS = {SAMPLER: sampler_result, ESTIMATOR: estimator_result}
"""Functions that build the result of a job, by the kind of the job."""
