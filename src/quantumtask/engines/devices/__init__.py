"""Snapshots of devices: calibration data and Qiskit targets."""
