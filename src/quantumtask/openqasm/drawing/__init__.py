"""Drawings of circuits as SVG: what the text says, statement by statement."""
