"""The HTTP API. It imports no Qiskit and parses no circuit: a hostile circuit cannot harm it."""
