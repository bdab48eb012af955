"""Imported by the fork server alone, when it starts: loads what slots need, once for all of them.

The fork server would outlive a Worker that was killed, because its children keep its lifeline open.
So it dies with the Worker, and its children, the slots, die with it.
"""

import signal

from quantumtask.shared.processes import kill_on_parent_death


def _load() -> None:
    """Loads every simulator now: a slot may not write, and some do as they are imported."""
    from quantumtask.engines.selection.methods import engine_version
    from quantumtask.engines.simulators.base import load_engine
    from quantumtask.shared.task import ENGINES

    for name in ENGINES:
        if engine_version(name) is not None:
            load_engine(name)


kill_on_parent_death(signal.SIGKILL)  # first: the fork server goes on where loading fails
_load()
