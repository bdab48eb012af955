"""Tables of language features and examples that implementations of OpenQASM 3 run."""
