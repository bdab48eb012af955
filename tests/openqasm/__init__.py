"""Tests of the OpenQASM compiler, and a reference evaluator of the language."""
