"""Imported by the fork server alone, when it starts: loads what slots need, once for all of them.

The fork server would outlive a Worker that was killed, because its children keep its lifeline open.
So it dies with the Worker, and its children, the slots, die with it.
"""

import signal

from quantumtask import engines
from quantumtask.shared.processes import die_with_parent
from quantumtask.worker import execute

die_with_parent(signal.SIGKILL)

__all__ = ["engines", "execute"]
