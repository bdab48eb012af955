"""Load generators, circuits and reference implementations that several benchmarks share."""
