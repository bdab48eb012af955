"""Compilation for devices: transpilation, physical programs and idle time."""
