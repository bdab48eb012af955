"""The engines and backends of the worker."""

import re
from collections.abc import Callable
from typing import Any

from quantumtask.api.service.micro_batcher import MicroBatcher
from quantumtask.api.service.worker_client import WorkerClient
from quantumtask.shared.api_store import ApiStore
from quantumtask.shared.errors import BackendNotFound, UnrunnableCircuit
from quantumtask.shared.queue_stats import ExpectedWait

_BACKEND_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,59}")
"""Form of the names of backends. Only such a text of a client becomes a part of a worker's path."""


class WorkerCatalog:
    """The API's questions about engines and backends."""

    def __init__(
        self, worker: WorkerClient, calls: "MicroBatcher[Callable[[ApiStore], Any], Any]"
    ) -> None:
        self._worker = worker
        self._calls = calls

    async def engines(self) -> bytes:
        """Return the worker's list of engines, as JSON text.

        Raises:
            WorkerUnavailable: no worker answers.
        """
        return await self._worker.read("/engines")

    async def backends(self) -> tuple[bytes, ExpectedWait]:
        """Return the worker's list of backends, as JSON text, and the expected wait of a new task.

        Raises:
            WorkerUnavailable: no worker answers.
        """
        return await self._worker.read("/backends"), await self._expected_wait()

    async def backend(self, name: str) -> tuple[bytes, ExpectedWait]:
        """Return one backend with all its details, as JSON text, and the expected wait of a task.

        Raises:
            BackendNotFound: there is no such backend.
            WorkerUnavailable: no worker answers.
        """
        if not _BACKEND_NAME.fullmatch(name):
            lists = "`quantumtask backends` or `GET /backends` lists all"
            raise BackendNotFound(f"backend {name[:60]!r}: there is no such backend; {lists}")
        try:
            details = await self._worker.read(f"/backends/{name}")
        except UnrunnableCircuit as failure:
            raise BackendNotFound(failure.message) from None
        return details, await self._expected_wait()

    async def _expected_wait(self) -> ExpectedWait:
        expected: ExpectedWait = await self._calls(
            lambda store: ExpectedWait(store.queue_stats().waiting, store.expected_wait_s())
        )
        return expected
