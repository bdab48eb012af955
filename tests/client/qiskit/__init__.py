"""Tests of the Qiskit adapter, and the runners of other projects' tests."""
