"""Response models of the queue: a place in it, the wait, and the tasks of each owner."""

from pydantic import BaseModel, Field


class QueuePositionView(BaseModel):
    """Position of a waiting task in the queue."""

    position: int = Field(description="1: the next task to run.")
    at_least: bool = Field(description="True: these are lower bounds, very many tasks are ahead.")
    expected_start: str | None = Field(
        description="From the predicted work ahead and the workers' rate; null: no active worker."
    )


class ExpectedWaitView(BaseModel):
    """The expected wait of a task that is submitted now, on any backend."""

    waiting: int = Field(description="Number of waiting tasks.")
    expected_wait_s: float | None = Field(
        description="Seconds until these have run, by their predicted cost; null: no worker is "
        "active."
    )


class OwnerQueueView(BaseModel):
    """The tasks of one project, owner and priority."""

    project: str
    owner: str | None
    priority: int
    waiting: int
    running: int


class QueueView(BaseModel):
    """The waiting and the running tasks."""

    waiting: int
    running: int
    oldest_submitted_at: str | None = Field(description="Of the waiting tasks.")
    workers: int = Field(description="Number of workers with a recent heartbeat.")
    slots: int = Field(description="Number of slots of these workers.")
    owners: list[OwnerQueueView] = Field(description="The 100 with the most waiting tasks.")
