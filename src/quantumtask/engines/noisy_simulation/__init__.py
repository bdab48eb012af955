"""Simulation of noisy programs that depend on measurement outcomes."""
