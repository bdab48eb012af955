"""Conversion of answers of the service to a `Result` of Qiskit."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from qiskit.circuit import QuantumCircuit
from qiskit.result.models import ExperimentResult, ExperimentResultData

from quantumtask.client.connection import Json
from quantumtask.client.qiskit.record import RUN, Record
from quantumtask.client.qiskit.sampler_tasks import parse_memory
from quantumtask.client.results.array_codec import Array, decode_reals


class Sample(NamedTuple):
    """Outcomes of one element of a task; `memory` is uint8 [shots, bytes]."""

    answer: Json
    counts: Mapping[str, int]
    memory: Array | None = None


def circuit_header(circuit: QuantumCircuit) -> Json:
    """Return the header by which Qiskit formats results, as Aer has it."""
    return {
        "name": circuit.name,
        "n_qubits": circuit.num_qubits,
        "memory_slots": circuit.num_clbits,
        "creg_sizes": [[register.name, register.size] for register in circuit.cregs],
        "qreg_sizes": [[register.name, register.size] for register in circuit.qregs],
        "global_phase": 0.0,
    }


def record_from_answers(answers: Sequence[Json], backend: str) -> Record:
    """Return the record of a job that was stored without one, from the answers of its tasks."""
    parts = []
    for answer in answers:
        size = len(answer["result"]) if answer.get("shape") else 1
        parts.append({"size": size, "header": header_from_answer(answer), "metadata": {}})
    ends = np.cumsum([0, *(part["size"] for part in parts)])
    tasks = [(np.arange(start, end), 0) for start, end in pairwise(ends)]
    return Record(RUN, backend, parts, tasks)


def header_from_answer(answer: Json) -> Json:
    """Return the header of a circuit of which only the task is known."""
    registers = answer.get("registers") or _registers(answer["result"])
    return {
        "name": answer.get("name") or answer["task_id"],
        "memory_slots": sum(register["size"] for register in registers),
        "creg_sizes": [[register["name"], register["size"]] for register in registers],
    }


def _registers(counts: Mapping[str, int]) -> list[Json]:
    """Return registers without names, with the sizes that the bit strings of the counts have."""
    words = next(iter(counts or {}), "").split()
    return [{"name": f"c{k}", "size": len(word)} for k, word in enumerate(reversed(words))]


def run_result(record: Record, answers: Sequence[Json]) -> Iterator[ExperimentResult]:
    """Yield a result for each element of each circuit, in order."""
    samples_by_element: list[list[Sample]] = [
        [] for _ in range(int(record.ends[-1]) if record.parts else 0)
    ]
    for (elements, _), answer in zip(record.tasks, answers, strict=True):
        for element, sample in zip(elements, _samples(answer, len(elements)), strict=True):
            samples_by_element[element].append(sample)
    headers = (
        {**part["header"], "metadata": part["metadata"]}
        for part in record.parts
        for _ in range(part["size"])
    )
    return (
        _experiment(each, samples)
        for each, samples in zip(headers, samples_by_element, strict=True)
    )


def _samples(answer: Json, size: int) -> Iterator[Sample]:
    """Yield the outcomes of each element of a task."""
    if answer["status"] != "completed":
        yield from [Sample(answer, {})] * size
        return
    counts = answer["result"] if answer.get("shape") else [answer["result"]]
    memory = parse_memory(answer) if _has_memory(answer) else [None] * size
    for each, shots in zip(counts, memory, strict=True):
        yield Sample(answer, each, shots)


def _experiment(header: Json, samples: Sequence[Sample]) -> ExperimentResult:
    """Return the result of an element from all its shots, or the error of a missing part."""
    for answer, _, _ in samples:
        if answer["status"] != "completed":
            why = f"ERROR: {answer.get('error') or 'cancelled'}"
            return ExperimentResult(0, False, ExperimentResultData(), header=header, status=why)
    counts: Counter[str] = Counter()
    shots: list[str] = []
    for _, each, memory in samples:
        counts.update({hexadecimal(bits): count for bits, count in each.items()})
        shots += () if memory is None else [hex(int.from_bytes(shot.tobytes())) for shot in memory]
    first = samples[0].answer
    data: Json = {"counts": dict(counts), "memory": shots} if shots else {"counts": dict(counts)}
    metadata = {name: first.get(name) for name in ("task_id", "engine", "method", "engine_version")}
    metadata |= state_errors(samples[0].answer)
    return ExperimentResult(
        sum(sample.answer["shots"] for sample in samples),
        True,
        ExperimentResultData(**data if header["memory_slots"] else {}),
        header=header,
        status="DONE",
        seed=first["seed"],
        seed_simulator=first["seed"],
        metadata=metadata,
    )


def _has_memory(answer: Json) -> bool:
    return answer.get("memory") is not None or "memory" in (answer.get("data") or {})


def state_errors(answer: Json) -> Json:
    """Return the arrays about the states that the counts of an approximate method come from."""
    data = answer.get("data") or {}
    names = ("total_variation_bounds", "fidelity_estimates")
    return {name: decode_reals(data[name]) for name in names if data.get(name) is not None}


def hexadecimal(bits: str) -> str:
    """Return bits as a hexadecimal number: `01 1` is 0x3."""
    return hex(int(bits.replace(" ", "") or "0", 2))


def register_bits(circuit: QuantumCircuit) -> dict[str, list[int]]:
    """Return the bits of a shot that each register has, the lowest first."""
    return {
        register.name: [circuit.find_bit(bit).index for bit in register]
        for register in circuit.cregs
    }


def select_bits(shots: Array, bits: Sequence[int]) -> Array:
    """Return some bits of packed shots, packed again: bytes along the last axis, largest first."""
    size = shots.shape[-1]
    unpacked = np.unpackbits(shots, axis=-1, bitorder="big")
    chosen = unpacked[..., [8 * size - 1 - bit for bit in bits]]
    packed = np.packbits(chosen, axis=-1, bitorder="little")
    return np.ascontiguousarray(packed[..., ::-1])
