"""Conversion of circuits to Qiskit, and its pass managers."""
