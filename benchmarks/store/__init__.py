"""Benchmarks of the Store, its growth and its retention."""
