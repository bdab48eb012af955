"""Backends: the ideal simulator and the noisy ones, behind one protocol."""
