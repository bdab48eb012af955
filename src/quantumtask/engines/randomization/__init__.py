"""Randomization of circuits: samplexes, which draw the inputs of each program of a sweep."""
