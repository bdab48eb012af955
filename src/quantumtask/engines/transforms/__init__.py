"""Transformations of programs that keep their distribution."""
