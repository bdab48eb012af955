"""Questions about circuits, which a worker answers: nothing is run or stored."""

import json

from quantumtask.api.service.field_checks import (
    check_circuit_size,
    check_run_fields,
    validate_task,
)
from quantumtask.api.service.worker_client import WorkerClient
from quantumtask.shared.errors import UnrunnableCircuit
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, Problem, TaskSpec


class CircuitQuestions:
    """The API's questions about circuits.

    Args:
        settings: The limits of the service.
        worker: The client of the worker that answers.
    """

    def __init__(self, settings: Settings, worker: WorkerClient) -> None:
        self._settings = settings
        self._worker = worker

    async def check(self, spec: TaskSpec, client: str) -> None:
        """Validate the circuit of a task in the worker (`strict`).

        Raises:
            UnrunnableCircuit: the circuit would fail; it has all problems of the circuit.
            AnalysisQueueFull: the worker has too many circuits to analyse.
            WorkerUnavailable: no worker answers.
        """
        validate_task(spec, self._settings)
        validation = json.loads(await self._worker.analyze("/validate", spec, client))
        if not validation["valid"]:
            problems = tuple(Problem(**problem) for problem in validation["problems"])
            first = next(each for each in problems if each.severity == "error")
            raise UnrunnableCircuit(Failure(first.code, first.sentence(), problems))

    async def validate(self, spec: TaskSpec, client: str) -> bytes:
        """Return the worker's validation of a circuit, as JSON text.

        Raises:
            AnalysisQueueFull: the worker has too many circuits to analyse.
            WorkerUnavailable: no worker answers.
        """
        check_circuit_size(spec.circuit, self._settings)
        return await self._worker.analyze("/validate", spec, client)

    async def estimate(self, spec: TaskSpec, client: str) -> bytes:
        """Return the worker's estimate of a task, as JSON text.

        Raises:
            UnrunnableCircuit: the task would fail.
            AnalysisQueueFull: the worker has too many circuits to analyse.
            WorkerUnavailable: no worker answers.
        """
        check_run_fields(spec, self._settings)
        return await self._worker.analyze("/estimate", spec, client)

    async def draw(self, spec: TaskSpec, client: str) -> str:
        """Return the worker's drawing of a circuit, an SVG document.

        Raises:
            UnrunnableCircuit: the circuit is wrong.
            AnalysisQueueFull: the worker has too many circuits to analyse.
            WorkerUnavailable: no worker answers.
        """
        check_circuit_size(spec.circuit, self._settings)
        svg: str = json.loads(await self._worker.analyze("/draw", spec, client))["svg"]
        return svg
