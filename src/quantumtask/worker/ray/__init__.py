"""Execution on a Ray cluster, through a driver process that may be lost at any time."""
