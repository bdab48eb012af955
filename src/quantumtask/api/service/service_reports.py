"""Reports on the whole service: queue, workers, usage, audit log, readiness."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from quantumtask.api.service.micro_batcher import MicroBatcher
from quantumtask.api.service.readiness import NO_HEARTBEAT, Readiness
from quantumtask.shared.activity import Activity
from quantumtask.shared.api_store import ApiStore
from quantumtask.shared.audit import AuditRecord
from quantumtask.shared.errors import StoreUnavailable
from quantumtask.shared.limits import LimitTable
from quantumtask.shared.queue_stats import DayUsage, QueueStats

QUEUE_TIMEOUT_S = 2.0
"""Scrapers wait for some seconds, and an unreachable database is silent for longer."""


class ServiceReports:
    """The API's reports on the service, read from the database."""

    def __init__(self, calls: "MicroBatcher[Callable[[ApiStore], Any], Any]") -> None:
        self._calls = calls

    async def queue(self, project: str) -> QueueStats:
        """Return the numbers of waiting and running tasks of a project."""
        queue: QueueStats = await self._calls(lambda store: store.queue_stats())
        return queue.of_project(project)

    async def activity(self, project: str) -> Activity:
        """Return the workers with their tasks of a project, and the activity of its last hour."""
        activity: Activity = await self._calls(lambda store: store.activity(project))
        return activity

    async def limits(self) -> LimitTable:
        """Return the limits of projects and users."""
        limits: LimitTable = await self._calls(ApiStore.limits)
        return limits

    async def usage(self, project: str, days: int) -> list[DayUsage]:
        """Return the usage of a project on the last days, the newest first."""
        usage: list[DayUsage] = await self._calls(lambda store: store.usage(project, days))
        return usage

    async def audit_records(
        self,
        since: float,
        principal: str | None,
        action: str | None,
        limit: int,
        before: int | None,
    ) -> list[AuditRecord]:
        """Return records of the audit log since a time, the newest first."""
        since_s = time.time() - since
        records: list[AuditRecord] = await self._calls(
            lambda store: store.audit_records(
                since_s, principal=principal, action=action, limit=limit, before=before
            )
        )
        return records

    async def queue_if_available(self) -> QueueStats | None:
        """Return the queue; None if the database does not answer within QUEUE_TIMEOUT_S."""
        try:
            return await asyncio.wait_for(self._calls(ApiStore.queue_stats), QUEUE_TIMEOUT_S)
        except (StoreUnavailable, TimeoutError):
            return None

    async def readiness(self) -> Readiness:
        """Write to the database and look for a recent heartbeat of a worker."""
        try:
            await self._calls(lambda store: store.probe())
            worker = await self._calls(lambda store: store.has_live_worker())
        except StoreUnavailable as error:
            return Readiness(database=False, worker=False, reason=error.message)
        return Readiness(database=True, worker=worker, reason=None if worker else NO_HEARTBEAT)
