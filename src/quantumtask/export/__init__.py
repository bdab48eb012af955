"""Export of Qiskit circuits as OpenQASM 3."""
