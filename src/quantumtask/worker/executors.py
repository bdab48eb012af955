"""The choice of the executor."""

from collections.abc import Callable

from quantumtask.shared.settings import Settings
from quantumtask.worker.executor_protocol import Executor
from quantumtask.worker.outcome import Report
from quantumtask.worker.ray.executor import RayExecutor
from quantumtask.worker.slots.executor import LocalExecutor


def open_executor(
    settings: Settings, report: Report, on_fatal: Callable[[BaseException], None]
) -> Executor:
    """Return the executor that the settings name.

    Args:
        settings: The settings.
        report: The callback for outcomes.
        on_fatal: The callback for an error after which no task can run.
    """
    if settings.executor == "ray":
        return RayExecutor(settings, report)
    return LocalExecutor(settings, report, on_fatal)
