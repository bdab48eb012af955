"""Preloaded by the fork server when it starts: imports all simulators once for all slots.

If the worker is SIGKILLed, the fork server would keep running, because its children hold the pipe
that it watches. It therefore sets PDEATHSIG, and its children, the slots, do the same.
"""

import signal

from quantumtask.shared.processes import freeze_gc, gc_paused, kill_on_parent_death


def _import_simulators() -> None:
    """Import every simulator now: a slot may write no file, and some write when imported."""
    from quantumtask.engines.selection.methods import engine_version
    from quantumtask.engines.simulators.base import load_engine
    from quantumtask.shared.task import ENGINES

    for name in ENGINES:
        if engine_version(name) is not None:
            load_engine(name)


kill_on_parent_death(signal.SIGKILL)  # first: the fork server continues if an import fails
with gc_paused():
    _import_simulators()
freeze_gc()  # a collection in a slot would visit, and so copy, the memory that slots share
