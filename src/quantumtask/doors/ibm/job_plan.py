"""The tasks of a job that is about to be stored."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import TaskSpec


@dataclass(frozen=True)
class JobContext:
    """Facts about a job that is about to be stored.

    Attributes:
        device: The name of the device snapshot; None: the simulator.
        settings: The settings of the API.
    """

    device: str | None
    settings: Settings

    def task_options(self, options: Mapping[str, Any]) -> str | None:
        """Return the options of a task that are not None, and its backend, as JSON text.

        A circuit for a device has its gates and is on its qubits already, and runs as written.
        """
        present = {name: value for name, value in options.items() if value is not None}
        if self.device is not None:
            present |= {"backend": self.device, "compile": "never"}
        return json.dumps(present, separators=(",", ":")) if present else None


@dataclass(frozen=True)
class JobPlan:
    """The tasks of a job.

    Attributes:
        tasks: At least one task; their options are those of `JobContext.task_options`. The door
            sets tags, priority, metadata and the time limit.
        facts: Facts about the job for its results, at most some kilobytes of JSON.
        task_facts: Facts about each task; as many as tasks, or none.
    """

    tasks: Sequence[TaskSpec]
    facts: Mapping[str, Any] = field(default_factory=dict)
    task_facts: Sequence[Mapping[str, Any]] = ()
