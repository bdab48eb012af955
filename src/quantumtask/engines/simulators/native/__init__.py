"""Native simulators: state vector, stabilizer tableau and density matrix."""
