"""Shots: sampling, counting, and the mapping to classical bits."""
