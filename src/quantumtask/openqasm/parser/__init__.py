"""Parsers of OpenQASM 3 behind one syntax tree."""
