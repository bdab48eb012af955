"""The answer to `GET /service`."""

import math
from dataclasses import asdict

from pydantic import BaseModel, Field

from quantumtask.api.serialization.task_json import format_time
from quantumtask.shared.access import enabled_doors
from quantumtask.shared.activity import MINUTES, Activity, HeldTask, LiveWorker, MinuteSum
from quantumtask.shared.limits import Limits
from quantumtask.shared.queue_stats import QueueStats
from quantumtask.shared.settings import Settings
from quantumtask.version import __version__


class HeldTaskView(BaseModel):
    """A running task of your project."""

    task_id: str
    name: str | None
    project: str
    owner: str | None
    engine: str = Field(description="The engine that was asked for; auto: the slot chooses.")
    shots: int
    started_at: str


class LiveWorkerView(BaseModel):
    """A worker with a recent heartbeat, and what its slots do."""

    worker_id: str
    slots: int
    heartbeat_age_s: float
    running: int = Field(
        description="Number of its running tasks, of all projects. More than `slots`: tiny tasks "
        "share a slot."
    )
    tasks: list[HeldTaskView] = Field(
        description="Those of your project, the one that has run for the longest time first."
    )


class MinuteView(BaseModel):
    """The tasks of your project that ended in one minute."""

    at: str = Field(description="The begin of the minute.")
    completed: int
    failed: int
    cancelled: int
    mean_waiting_s: float | None = Field(
        description="Mean time from submission to claim; null: no task had begun to run."
    )
    longest_waiting_s: float | None


class LimitsView(BaseModel):
    """Limits of a project or a user; null: none."""

    max_waiting: float | None
    max_running: float | None
    max_slots: float | None
    max_timeout_s: float | None
    max_processor_s: float | None = Field(description="On one day in UTC.")
    max_result_bytes: float | None
    max_requests: float | None = Field(description="In a second.")


class ServiceLimitsView(BaseModel):
    """Limits of each task and of the queue, by the settings of the service."""

    max_qubits: int
    max_shots: int
    max_circuit_bytes: int
    max_operations: int
    max_sweep: int
    max_timeout_s: float
    max_result_bytes: int
    max_waiting_tasks: int
    max_waiting_per_owner: int
    retention_days: float = Field(description="Lifetime of a task after its end; 0: for ever.")


class AllLimitsView(BaseModel):
    """The limits that hold for you."""

    service: ServiceLimitsView
    project: LimitsView = Field(description="Of your project as a whole.")
    user: LimitsView = Field(description="Of yourself.")


class WaitingView(BaseModel):
    """The waiting and running tasks of your project; for an administrator, of all projects."""

    waiting: int
    running: int
    oldest_submitted_at: str | None = Field(description="Of all waiting tasks.")


class ServiceStateView(BaseModel):
    """The state of the service: queue, workers, the last hour and limits."""

    version: str
    now: str = Field(description="The time of the database, which all times here are of.")
    queue: WaitingView
    workers: list[LiveWorkerView]
    minutes: list[MinuteView] = Field(
        description="The last 60 minutes, the oldest first; the last one has not ended."
    )
    limits: AllLimitsView
    doors: list[str] = Field(
        description="The doors that are open. `quantumtask env NAME` leads their clients here."
    )


def service_view(
    queue: QueueStats, activity: Activity, project: Limits, user: Limits, settings: Settings
) -> ServiceStateView:
    """Return the answer with these parts."""
    tasks: dict[str, list[HeldTask]] = {}
    for task in activity.tasks:
        tasks.setdefault(task.worker, []).append(task)
    return ServiceStateView(
        version=__version__,
        now=_time(activity.now),
        queue=WaitingView(
            waiting=queue.waiting,
            running=queue.running,
            oldest_submitted_at=format_time(queue.oldest_at),
        ),
        workers=[_worker_view(each, tasks.get(each.id, [])) for each in activity.workers],
        minutes=_minute_views(activity),
        limits=AllLimitsView(
            service=ServiceLimitsView(
                **{name: getattr(settings, name) for name in ServiceLimitsView.model_fields}
            ),
            project=_limits_view(project),
            user=_limits_view(user),
        ),
        doors=list(enabled_doors(settings)),
    )


def _worker_view(worker: LiveWorker, tasks: list[HeldTask]) -> LiveWorkerView:
    return LiveWorkerView(
        worker_id=worker.id,
        slots=worker.slots,
        heartbeat_age_s=round(max(0.0, worker.age_s), 1),
        running=worker.tasks,
        tasks=[
            HeldTaskView(
                task_id=task.id,
                name=task.name,
                project=task.project,
                owner=task.owner or None,
                engine=task.engine,
                shots=task.shots,
                started_at=_time(task.started_at),
            )
            for task in tasks
        ],
    )


def _minute_views(activity: Activity) -> list[MinuteView]:
    """Return all minutes of the last hour, those without a task, too."""
    sums = {each.minute: each for each in activity.minutes}
    last = int(activity.now // 60)
    none = MinuteSum(0, 0, 0, 0, 0, 0.0, 0.0)
    return [
        MinuteView(
            at=_time(minute * 60),
            completed=(each := sums.get(minute, none)).completed,
            failed=each.failed,
            cancelled=each.cancelled,
            mean_waiting_s=_round(each.mean_waiting_s),
            longest_waiting_s=_round(each.longest_s if each.started else None),
        )
        for minute in range(last - MINUTES + 1, last + 1)
    ]


def _limits_view(limits: Limits) -> LimitsView:
    finite = {n: value if value < math.inf else None for n, value in asdict(limits).items()}
    return LimitsView(**finite)


def _round(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _time(seconds: float) -> str:
    return str(format_time(seconds))
