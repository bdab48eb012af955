"""Engines: everything that runs compiled programs; `run_sweep` is the entry.

`outputs` runs a task on a backend (`backends`). The backend selects a method (`selection`) and runs
a simulator (`simulators`, or `noisy_simulation` for programs with noise).
"""

from quantumtask.engines.outputs.run_sweep import run_sweep

__all__ = ["run_sweep"]
