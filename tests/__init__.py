"""Tests of QuantumTask: real processes, databases, simulators and clients."""
