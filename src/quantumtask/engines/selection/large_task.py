"""Large tasks: those for which a worker should use more than one slot."""

from collections.abc import Callable
from contextlib import suppress

from quantumtask.engines.limits import StateTooLarge, available_bytes
from quantumtask.engines.selection.methods import RunPlan
from quantumtask.shared.settings import Settings

LARGE_US = 1e6
"""Predicted microseconds from which more threads are worth the start of another process."""

MIN_SPEEDUP = 1.25
"""Smallest predicted gain by all threads of the worker for which a task requests them."""

PlanRun = Callable[[Settings, int], RunPlan]
"""Return the plan of a run by settings and threads; raises ResourceError if there is none."""


class LargeTask(Exception):
    """The request of a task for more than its slot, raised before the run begins.

    Attributes:
        slots: Number of slots whose memory the task needs; 1: it is faster with more threads.
    """

    def __init__(self, slots: int) -> None:
        super().__init__(slots)
        self.slots = slots


class SizeCheck:
    """Check of a task before it runs: whether one slot is enough for it."""

    def __init__(self, settings: Settings, programs: int) -> None:
        """Create a check.

        Args:
            settings: Those of the worker.
            programs: The number of programs of the task.
        """
        self._settings = settings
        self._programs = programs

    def check(self, plan: RunPlan, plan_run: PlanRun) -> None:
        """Check the plan of the first program.

        Args:
            plan: The plan with the memory and the threads of one slot.
            plan_run: The function that plans the same run.

        Raises:
            LargeTask: The task needs the memory of several slots, or is faster with more threads.
        """
        settings = self._settings
        if plan.bytes > available_bytes(settings):
            slots = fewest_slots(plan_run, settings)
            if slots is not None:  # else the run needs less than predicted, or reports its need
                raise LargeTask(slots)
        elif self._programs * plan.microseconds > LARGE_US:
            faster = plan_run(settings, settings.threads_of(settings.max_task_slots))
            if faster.microseconds * MIN_SPEEDUP <= plan.microseconds:
                raise LargeTask(1)


def fewest_slots(plan_run: PlanRun, settings: Settings) -> int | None:
    """Return the fewest slots whose memory a run needs; None if that of all is too little."""
    for slots in range(1, settings.max_task_slots + 1):
        larger = settings.for_slots(slots)
        with suppress(StateTooLarge):
            if plan_run(larger, settings.slot_threads).bytes <= available_bytes(larger):
                return slots
    return None
