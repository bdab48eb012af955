"""Benchmarks of parsing, of the engines and of their estimates."""
