"""Simulators: one module for each library, and native ones."""
