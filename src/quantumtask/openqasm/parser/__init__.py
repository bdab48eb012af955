"""Parsers of OpenQASM 3, which return one kind of syntax tree."""
