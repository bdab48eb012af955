"""The text of a circuit, before the parser: tokens, limits, version, OpenQASM 2."""
