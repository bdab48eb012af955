"""Outputs of a task: counts, arrays and expectation values."""
