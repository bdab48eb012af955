"""Transformations of programs that keep the distribution of their results."""
