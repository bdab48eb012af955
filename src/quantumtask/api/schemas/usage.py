"""The answer to `GET /usage`."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, Field

from quantumtask.shared.queue_stats import DayUsage

_FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC)


class DayUsageView(BaseModel):
    """The usage of a project on one day: sums over the tasks that ended on that day."""

    day: str = Field(description="The date in UTC, such as 2026-11-30.")
    project: str
    tasks: int
    shots: int = Field(description="Of the tasks that are completed.")
    processor_seconds: float = Field(description="Run time times threads, failed runs included.")
    result_bytes: int = Field(description="Of the results, as they are stored.")


class UsageView(BaseModel):
    """The usage of your project, or of all projects for an administrator, the newest day first."""

    usage: list[DayUsageView]


def usage_view(days: Sequence[DayUsage]) -> UsageView:
    """Return the answer for the usage of some days."""
    return UsageView(
        usage=[
            DayUsageView(
                day=(_FIRST_DAY + timedelta(days=each.day)).date().isoformat(),
                project=each.project,
                tasks=each.tasks,
                shots=each.shots,
                processor_seconds=round(each.processor_s, 3),
                result_bytes=each.result_bytes,
            )
            for each in days
        ]
    )
