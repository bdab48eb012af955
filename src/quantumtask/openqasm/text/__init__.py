"""Processing of a circuit's text before the parser: tokens, limits, version, OpenQASM 2."""
