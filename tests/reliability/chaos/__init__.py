"""Faults of processes, networks and clocks, caused on purpose, and the audit after them."""
