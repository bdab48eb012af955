"""What a service answers as Qiskit's Result: counts and memory of hexadecimal integers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit.circuit import QuantumCircuit
from qiskit.result.models import ExperimentResult, ExperimentResultData

from quantumtask.client.arrays import Array, decoded
from quantumtask.client.arrays import packed as packed_texts

Json = dict[str, Any]


@dataclass(frozen=True)
class Sent:
    """What a task was made of: the header of its circuit, and how many points it has."""

    header: Json
    points: int | None = None


def header(circuit: QuantumCircuit) -> Json:
    """What Qiskit formats results by, as Aer has it."""
    return {
        "name": circuit.name,
        "n_qubits": circuit.num_qubits,
        "memory_slots": circuit.num_clbits,
        "creg_sizes": [[register.name, register.size] for register in circuit.cregs],
        "qreg_sizes": [[register.name, register.size] for register in circuit.qregs],
        "global_phase": 0.0,
        "metadata": circuit.metadata,
    }


def known_header(answer: Json) -> Json:
    """The header of a circuit that is known by its task alone."""
    registers = answer.get("registers") or _registers(answer["result"])
    return {
        "name": answer.get("name") or answer["task_id"],
        "memory_slots": sum(register["size"] for register in registers),
        "creg_sizes": [[register["name"], register["size"]] for register in registers],
        "metadata": {},
    }


def _registers(counts: Mapping[str, int]) -> list[Json]:
    """The registers that counts without their names are written in."""
    words = next(iter(counts or {}), "").split()
    return [{"name": f"c{k}", "size": len(word)} for k, word in enumerate(reversed(words))]


def experiments(sent: Sent, answer: Json) -> Iterator[ExperimentResult]:
    """One for each point of a sweep, or the one for a circuit without."""
    if answer["status"] != "completed":
        why = answer.get("error") or "cancelled"
        for _ in range(sent.points or 1):
            yield ExperimentResult(
                0, False, ExperimentResultData(), header=sent.header, status=f"ERROR: {why}"
            )
        return
    counts = answer["result"] if sent.points is not None else [answer["result"]]
    memory = memory_of(answer) if _has_memory(answer) else None
    if memory is not None and sent.points is None:
        memory = memory[None]
    for k, each in enumerate(counts):
        yield _experiment(sent.header, answer, each, None if memory is None else memory[k])


def _experiment(
    header: Json, answer: Json, counts: Mapping[str, int], memory: Array | None
) -> ExperimentResult:
    data: Json = {"counts": {hexadecimal(key): count for key, count in counts.items()}}
    if memory is not None:
        data["memory"] = [hex(int.from_bytes(shot.tobytes())) for shot in memory]
    if not header["memory_slots"]:
        data = {}
    told = {name: answer.get(name) for name in ("task_id", "engine", "method", "engine_version")}
    return ExperimentResult(
        answer["shots"],
        True,
        ExperimentResultData(**data),
        header=header,
        status="DONE",
        seed=answer["seed"],
        seed_simulator=answer["seed"],
        metadata=told,
    )


def _has_memory(answer: Json) -> bool:
    return answer.get("memory") is not None or "memory" in (answer.get("data") or {})


def hexadecimal(bits: str) -> str:
    """`01 1` is 0x3."""
    return hex(int(bits.replace(" ", "") or "0", 2))


def register_bits(circuit: QuantumCircuit) -> dict[str, list[int]]:
    """Which bits of a shot are each register's, its lowest first."""
    return {
        register.name: [circuit.find_bit(bit).index for bit in register]
        for register in circuit.cregs
    }


def packed(shots: Array, bits: Sequence[int]) -> Array:
    """Some bits of shots, packed as they are: bytes along the last axis, the largest first."""
    size = shots.shape[-1]
    unpacked = np.unpackbits(shots, axis=-1, bitorder="big")
    chosen = unpacked[..., [8 * size - 1 - bit for bit in reversed(bits)]]
    padding = [(0, 0)] * (chosen.ndim - 1) + [(-len(bits) % 8, 0)]
    return np.packbits(np.pad(chosen, padding), axis=-1, bitorder="big")


def memory_of(answer: Json) -> Array:
    """The shots of each point as bytes: uint8 [*sweep, shots, bytes]."""
    data = answer.get("data") or {}
    if "memory" in data:
        return decoded(data["memory"])
    return packed_texts(answer["memory"])
