"""The texts of a result as values, piece by piece, for answers in a form of their own."""

import re
from collections.abc import Iterable, Iterator

from quantumtask.api.serialization.array_json import array_groups
from quantumtask.api.serialization.task_json import ResultTexts

COUNTS, MEMORY, DATA = "counts", "memory", "data"

_COUNT = re.compile(rb'"([01 ]*)": ?([0-9]+)[,}]')
_SHOT = re.compile(rb'"([01 ]*)"')


def read_counts(texts: ResultTexts) -> Iterator[tuple[str, int]]:
    """Yield the bit strings of a result without a sweep, with their numbers of shots."""
    for match in _matches(_COUNT, _pieces(texts, COUNTS)):
        yield match[1].decode(), int(match[2])


def read_memory(texts: ResultTexts) -> Iterator[str]:
    """Yield the bit string of each shot of a result without a sweep."""
    for match in _matches(_SHOT, _pieces(texts, MEMORY)):
        yield match[1].decode()


def read_floats(texts: ResultTexts, name: str) -> Iterator[float]:
    """Yield the numbers of an array of a result, the last index varying fastest."""
    for group in array_groups(_pieces(texts, DATA), name):
        yield from group


def _pieces(texts: ResultTexts, field: str) -> Iterator[bytes]:
    """Yield the pieces of one text of a result."""
    return (piece for name, piece in texts if name == field)


def _matches(pattern: re.Pattern[bytes], pieces: Iterable[bytes]) -> Iterator[re.Match[bytes]]:
    """Yield the matches of a pattern, none of which a break between pieces may cut."""
    rest = b""
    for piece in pieces:
        text, end = rest + piece, 0
        for match in pattern.finditer(text):
            end = match.end()
            yield match
        rest = text[end:]
