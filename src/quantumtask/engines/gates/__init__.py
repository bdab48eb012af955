"""Gates as the simulators apply them: controlled matrices and Clifford tables."""
