"""Simulation of programs with noise and feed-forward."""
