"""What an engine is: a module of this package, named after the simulator library behind it."""

from importlib import import_module
from typing import Protocol, cast

from quantumtask.engines.sampling.shot_counts import Order
from quantumtask.engines.selection.methods import RunPlan
from quantumtask.engines.simulators.sampling_run import Job


class Engine(Protocol):
    """Runs programs. Only its own file imports the library, and only once it is needed."""

    def run(self, job: Job, plan: RunPlan) -> Order | None:
        """Adds all shots to the job's tally.

        Gives the number of each shot's ending, in order, where the job is `ordered`. Raises
        ResourceError for what does not fit or gives no numbers, MemoryError for lack of memory.
        """
        ...


MODULES = {"quantumtask": "shot_branching"}
"""Engines whose module has another name than theirs."""


def load(name: str) -> Engine:
    """The engine of that name. Raises ImportError where its library is missing."""
    return cast(Engine, import_module(f"quantumtask.engines.simulators.{MODULES.get(name, name)}"))
