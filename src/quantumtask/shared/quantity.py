"""Numbers of things, in words."""

MIN_SEPARATED = 10_000
"""Smallest number that is written with separators of thousands."""


def quantity(number: int, noun: str) -> str:
    """Return a text such as `1 slot`, `1024 shots` or `10,000 tasks`."""
    digits = f"{number:,}" if number >= MIN_SEPARATED else f"{number}"
    return f"{digits} {noun}" + ("" if number == 1 else "s")
