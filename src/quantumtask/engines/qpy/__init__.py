"""Circuits in QPY: read into Qiskit, bound to parameters, and compiled as OpenQASM text."""
