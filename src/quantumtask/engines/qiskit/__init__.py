"""Conversion of programs to Qiskit circuits."""
