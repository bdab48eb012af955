"""Protocol of the engines: one module per simulator library, loaded on first use."""

from importlib import import_module
from typing import Protocol, cast

from quantumtask.engines.sampling.shot_counts import ShotOrder
from quantumtask.engines.selection.methods import RunPlan
from quantumtask.engines.simulators.sampling_run import SamplingRun


class Engine(Protocol):
    """Module that samples programs; the only module that imports its simulator library."""

    def run(self, sampling: SamplingRun, plan: RunPlan, /) -> ShotOrder | None:
        """Add all shots to the counts of the run.

        Returns:
            The order of the shots if the run needs it, else None.

        Raises:
            ResourceError: The state does not fit the slot, or has no finite amplitudes.
            MemoryError: The library could not allocate its memory.
        """
        ...


MODULE_NAMES = {"quantumtask": "shot_branching"}
"""Modules whose name differs from the name of their engine."""


def load_engine(name: str) -> Engine:
    """Import an engine.

    Raises:
        ImportError: The library of the engine is not installed.
    """
    module = f"quantumtask.engines.simulators.{MODULE_NAMES.get(name, name)}"
    return cast(Engine, import_module(module))
