"""Benchmarks of a running service, through HTTP."""
