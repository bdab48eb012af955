"""Answers about engines and backends: computed once by a process of their own, then kept."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from quantumtask.shared.errors import AnalysisQueueFull
from quantumtask.shared.settings import Settings
from quantumtask.worker.analysis.messages import AnalysisRequest
from quantumtask.worker.analysis.process import AnalysisProcess

MAX_COMPUTING = 16
"""Largest number of answers that are being computed; further ones are refused."""


class CatalogAnswer(NamedTuple):
    """A JSON text; `ok` is False if it is a failure."""

    ok: bool
    text: bytes


class Catalog:
    """Answers about engines and backends, which stay the same while a worker runs.

    They never wait for circuits that are analysed. Belongs to one event loop.
    """

    def __init__(self, settings: Settings) -> None:
        self._process = AnalysisProcess(settings)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="catalog")
        self._answers: dict[AnalysisRequest, CatalogAnswer] = {}
        self._computing: dict[AnalysisRequest, asyncio.Future[CatalogAnswer]] = {}

    async def read(self, request: AnalysisRequest) -> CatalogAnswer:
        """Return an answer, computed when it is first needed; failures are computed each time.

        Raises:
            AnalysisQueueFull: Too many answers are being computed.
        """
        if answer := self._answers.get(request):
            return answer
        if request not in self._computing:
            if len(self._computing) >= MAX_COMPUTING:
                raise AnalysisQueueFull("too many requests about backends are waiting; try again")
            self._computing[request] = asyncio.ensure_future(self._compute(request))
        return await asyncio.shield(self._computing[request])

    def stop(self) -> None:
        """End the process; answers that are being computed fail."""
        self._process.stop()
        self._pool.shutdown()
        self._process.close()

    async def _compute(self, request: AnalysisRequest) -> CatalogAnswer:
        loop = asyncio.get_running_loop()
        try:
            response = await loop.run_in_executor(self._pool, self._process.analyze, request)
        finally:
            del self._computing[request]
            if not self._computing:  # the memory of the process is needed once
                loop.run_in_executor(self._pool, self._process.close)
        answer = CatalogAnswer(response.ok, json.dumps(response.body).encode())
        if answer.ok:
            self._answers[request] = answer
        return answer
