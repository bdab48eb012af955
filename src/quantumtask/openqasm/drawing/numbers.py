"""Texts of numbers and expressions in a drawing."""

import math
import re

MAX_PARAMETERS = 26
"""Most characters of all parameters of a box."""

_DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 10, 12, *(1 << k for k in range(4, 21)))
_MAX_NUMERATOR = 99
_CONSTANTS = {"pi": "π", "tau": "τ", "euler": "ℯ"}
_CONSTANT = re.compile(r"\b(?:pi|tau|euler)\b")


def format_angle(value: float) -> str:
    """Return a number as a fraction of pi, if it is one, and else with four digits."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    for denominator in _DENOMINATORS:
        multiple = value * denominator / math.pi
        numerator = round(multiple)
        if 0 < abs(numerator) <= _MAX_NUMERATOR and math.isclose(multiple, numerator, rel_tol=1e-9):
            return _format_fraction(numerator, denominator)
    return f"{value:.4g}"


def _format_fraction(numerator: int, denominator: int) -> str:
    sign = "-" if numerator < 0 else ""
    factor = "" if abs(numerator) == 1 else str(abs(numerator))
    return f"{sign}{factor}π" + ("" if denominator == 1 else f"/{denominator}")


def format_expression(text: str) -> str:
    """Return an expression of the program on one line, with the signs of the constants."""
    return _CONSTANT.sub(lambda match: _CONSTANTS[match[0]], " ".join(text.split()))
