"""Distributions, shot counts and the map to the bits of a result."""
