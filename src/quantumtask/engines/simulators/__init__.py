"""Simulators, one module per library, and the native ones."""
