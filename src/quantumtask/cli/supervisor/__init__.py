"""Supervision of the API and the Worker as child processes: `quantumtask up`."""
