"""The two sizes of the tests: `make test`, and `make test-full`, which runs the same tests longer.

`make test-full` sets TEST_SIZE=full: more random examples, more kills, rarer failpoints.
"""

import os
from typing import TypeVar

Size = TypeVar("Size")

FULL = os.environ.get("TEST_SIZE") == "full"


def sized(normal: Size, full: Size) -> Size:
    """Return the value for the size of this run."""
    return full if FULL else normal


def examples(normal: int) -> int:
    """Return the number of random examples for a property: ten times as many at full size."""
    return sized(normal, 10 * normal)
