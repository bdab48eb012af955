"""Response model of the progress of a running task."""

from pydantic import BaseModel, Field


class ProgressView(BaseModel):
    """Progress of a running task; it is known a few seconds after the task has started."""

    fraction: float | None = Field(
        description="The part of the work that is done, 0 to 1: of the shots, the elements of a "
        "sweep, the gates or the terms. null: the engine cannot tell."
    )
    remaining_s: float | None = Field(
        description="Expected seconds until the end, from the time of the work that is done. "
        "Without a fraction, the estimate from before the run. null: not known."
    )
