"""Answers that can be large, circuits and results: opened while there is memory for them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from quantumtask.api.ids import parse_id
from quantumtask.api.memory_budget import MemoryBudget
from quantumtask.api.serialization.request_json import request_json
from quantumtask.api.serialization.task_json import ResultTexts
from quantumtask.api.service.micro_batcher import MicroBatcher
from quantumtask.api.watch.queries import TaskQuery
from quantumtask.api.watch.render_threads import RenderThreads
from quantumtask.api.watch.result_loader import ResultLoader
from quantumtask.api.watch.watcher import DatabaseWatcher
from quantumtask.shared.api_store import ApiStore
from quantumtask.shared.errors import AnswersTooLarge, ResultDamaged, TaskNotFound
from quantumtask.shared.principal import Principal
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import MAX_PARAMETERS_BYTES, Task, TaskSpec

_HALF = "half of QUANTUMTASK_MAX_ANSWER_BYTES"


class LargeAnswers:
    """Opens circuits and results, and renders them in threads. Belongs to one event loop."""

    def __init__(
        self,
        settings: Settings,
        calls: "MicroBatcher[Callable[[ApiStore], Any], Any]",
        watcher: DatabaseWatcher,
    ) -> None:
        self._max_circuit_bytes = settings.max_circuit_bytes
        half = settings.max_answer_bytes // 2
        objects = MemoryBudget(half, AnswersTooLarge, f"stored results in large answers ({_HALF})")
        self._memory = MemoryBudget(half, AnswersTooLarge, f"large answers ({_HALF})")
        self._results = ResultLoader(settings, objects, self._memory)
        self._renderer = RenderThreads()
        self._calls = calls
        self._watcher = watcher

    def render(self, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the pieces of an answer, joined to chunks, as fast as these are awaited."""
        return self._renderer.chunks(pieces)

    def stop(self) -> None:
        """End the threads."""
        self._renderer.stop()

    @contextlib.asynccontextmanager
    async def open_circuit(self, project: str, task_id: str, client: str) -> AsyncIterator[bytes]:
        """Hold the memory of a task's circuit and yield its text as it was submitted.

        Raises:
            TaskNotFound: there is no such task.
            AnswersTooLarge: other large answers hold the memory.
        """
        stored_id = parse_id(task_id, TaskNotFound)
        async with self._memory.reserve(self._max_circuit_bytes, client) as reservation:
            text: bytes | None = await self._calls(
                lambda store: store.read_circuit(project, stored_id)
            )
            if text is None:
                raise TaskNotFound
            self._memory.shrink(reservation, len(text))
            yield text

    @contextlib.asynccontextmanager
    async def open_request(
        self, principal: Principal, task_id: str, client: str
    ) -> AsyncIterator[bytes]:
        """Hold the memory of a task's request and yield it, as a body of `POST /tasks`.

        Raises:
            TaskNotFound: there is no such task.
            AnswersTooLarge: other large answers hold the memory.
        """
        stored_id = parse_id(task_id, TaskNotFound)
        most = 2 * (self._max_circuit_bytes + 2 * MAX_PARAMETERS_BYTES)  # as stored, and as JSON
        async with self._memory.reserve(most, client) as reservation:
            spec: TaskSpec | None = await self._calls(
                lambda store: store.read_request(principal.scope, stored_id)
            )
            if spec is None:
                raise TaskNotFound
            # In a thread: a large one would delay other requests.
            body = await asyncio.to_thread(request_json, spec, names_owner=principal.chooses_owner)
            self._memory.shrink(reservation, len(body))
            yield body

    @contextlib.asynccontextmanager
    async def open_result(
        self, task: Task, client: str, *, patient: bool = False
    ) -> AsyncIterator[ResultTexts]:
        """Hold the memory of the result of a completed task and yield its texts, in pieces.

        Args:
            task: The task.
            client: The name under which the client shares the memory.
            patient: Wait for memory as long as it takes.

        Raises:
            TaskNotFound: the task was removed meanwhile.
            AnswersTooLarge: other large answers hold the memory.
            ResultStoreUnavailable: the blob store does not answer.
            ResultDamaged: the blob is gone, or not the one that was stored.
        """
        async with contextlib.AsyncExitStack() as stack:
            try:
                texts = await stack.enter_async_context(
                    self._results.open(task, client, patient=patient)
                )
            except ResultDamaged:
                if await self._watcher.read(TaskQuery(task.project, task.id)) is None:
                    raise TaskNotFound from None
                raise
            yield texts
