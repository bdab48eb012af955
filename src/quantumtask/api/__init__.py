"""HTTP in. Imports no Qiskit and parses no circuit: a hostile one cannot hurt it."""
