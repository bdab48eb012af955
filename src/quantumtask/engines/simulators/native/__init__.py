"""Native simulators: state vector, tableau, density matrix."""
