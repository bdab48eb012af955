"""Names and docstrings of the source, the tests and the benchmarks are plain technical English."""

import re
from collections.abc import Iterator

import pytest

from tests.support.source_files import FOLDERS, SourceFile, source_files

pytestmark = pytest.mark.xdist_group("source")

INTERROGATIVES = {"what", "who", "whose", "whom", "whether", "where", "how", "when", "which", "why"}
UNCLEAR = re.compile(
    r"\b(likewise|nobody|somebody|whoever|whatever|of ours|of theirs|of its own kind)\b",
    re.IGNORECASE,
)
"""Words that leave open what they stand for."""

PARTICIPLES = {
    "asked", "begun", "caught", "drawn", "found", "given", "got", "heard", "kept", "known", "left",
    "lent", "made", "placed", "said", "seen", "settled", "spent", "struck", "taken", "told",
    "wanted",
}  # fmt: skip
"""Words that say what happened to a thing, and not what the thing is."""
PUBLIC = {"known"}
"""Names of the Python client's interface, which stay."""
OPERANDS = {"left", "right"}
"""A file that has both names means two operands."""


def files() -> Iterator[SourceFile]:
    for folder in FOLDERS.values():
        yield from source_files(folder)


def docstrings() -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each docstring."""
    for file in files():
        yield from ((f"{file.path}:{line}", text) for line, text in file.docstrings)


def vague_names() -> Iterator[str]:
    for file in files():
        names = [(line, name.strip("_").lower()) for line, name in file.identifiers]
        excepted = PUBLIC | (OPERANDS if {name for _, name in names} >= OPERANDS else set())
        yield from (f"{file.path}:{line} {n}" for line, n in names if n in PARTICIPLES - excepted)


def test_a_docstring_begins_with_a_verb_or_a_noun() -> None:
    first = [(place, text.split()[:1]) for place, text in docstrings()]
    assert len(first) > 5000
    assert [place for place, word in first if word and word[0].lower() in INTERROGATIVES] == []


def test_a_docstring_names_what_it_speaks_of() -> None:
    assert [(place, text) for place, text in docstrings() if UNCLEAR.search(text)] == []


def test_a_name_says_what_a_thing_is() -> None:
    assert list(vague_names()) == []
