"""The Store of the service's activity, for people who look at it."""

from quantumtask.shared.activity import (
    MAX_HELD_TASKS,
    MAX_WORKERS,
    MINUTES,
    Activity,
    HeldTask,
    LiveWorker,
    MinuteSum,
)
from quantumtask.shared.database.rows import OPTIONS_ENGINE_PREFIX
from quantumtask.shared.db import Store
from quantumtask.shared.queue_stats import DayUsage


class ActivityStore(Store):
    """The Store with the methods about workers, the last hour and usage, whose cost is bounded."""

    def activity(self, project: str) -> Activity:
        """Return the workers, what they do for a project, and its last hour."""
        within_s = 3 * self._settings.renew_s
        tasks = self._select(HeldTask, "held_tasks", project=project, limit=MAX_HELD_TASKS)
        return Activity(
            now=float(self._value("clock")),
            workers=self._select(LiveWorker, "live_workers", within_s=within_s, limit=MAX_WORKERS),
            tasks=[
                task._replace(engine=task.engine.removeprefix(OPTIONS_ENGINE_PREFIX))
                for task in tasks
            ],
            minutes=self._select(MinuteSum, "read_minutes", project=project, minutes=MINUTES),
        )

    def usage(self, project: str, days: int) -> list[DayUsage]:
        """Return the usage of a project on the last days, today included, the newest first."""
        return self._select(DayUsage, "read_usage", project=project, days=days)
