"""The request of a stored task, as a row. No SQL."""

import json
from typing import NamedTuple

from quantumtask.shared.database.rows import OPTIONS_ENGINE_PREFIX
from quantumtask.shared.task import AUTO, TaskSpec


class RequestRow(NamedTuple):
    """A task as it was submitted."""

    circuit: bytes
    shots: int
    seed: int | None
    memory: int
    timeout_s: float
    name: str | None
    tags: str
    parameters: str | None
    engine: str | None
    method: str | None
    owner: str
    rank: int
    options: str | None
    metadata: str | None
    project: str


def spec_from_request_row(row: RequestRow) -> TaskSpec:
    """Return the task as it was submitted."""
    return TaskSpec(
        circuit=row.circuit.decode(),
        shots=row.shots,
        seed=row.seed,
        memory=bool(row.memory),
        timeout_s=row.timeout_s,
        name=row.name,
        tags=tuple(json.loads(row.tags)),
        parameters=row.parameters,
        engine=(row.engine or AUTO).removeprefix(OPTIONS_ENGINE_PREFIX),
        method=row.method,
        owner=row.owner,
        priority=-row.rank,
        options=row.options,
        metadata=row.metadata,
        project=row.project,
    )
