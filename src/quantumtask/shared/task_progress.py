"""Progress of a running task, as data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """Progress of one attempt at a task.

    Attributes:
        fraction: The fraction of the work that is done, 0 to 1; None: the engine cannot tell.
        remaining_s: Expected seconds until the end: from the time of the work that is done, or
            without a fraction from the prediction before the run. None: not known.
    """

    fraction: float | None
    remaining_s: float | None
