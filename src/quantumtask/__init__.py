"""QuantumTask: a self-hosted service that runs OpenQASM 3 circuits."""

__version__ = "0.1.0"
