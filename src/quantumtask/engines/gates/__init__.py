"""Gates in the forms that simulators apply: controlled matrices and Clifford tables."""
