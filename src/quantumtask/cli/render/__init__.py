"""Rendering of tasks, results and problems for a terminal."""
