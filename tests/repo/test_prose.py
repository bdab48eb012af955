"""Names and docstrings of the source are plain technical English."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "quantumtask"
UNFINISHED: set[str] = set()
ROOMS = sorted({path.name for path in SOURCE.iterdir() if path.is_dir()} - {"__pycache__"})

INTERROGATIVES = {"what", "who", "whose", "whom", "whether", "where", "how", "when", "which", "why"}
UNCLEAR = re.compile(
    r"\b(likewise|nobody|somebody|whoever|whatever|of ours|of theirs|of its own kind)\b",
    re.IGNORECASE,
)
"""Words that leave open what they stand for."""

PARTICIPLES = {
    "asked", "drawn", "found", "given", "kept", "known", "left", "made", "placed", "seen",
    "settled", "taken", "told", "wanted",
}  # fmt: skip
"""Words that say what happened to a thing, and not what the thing is."""
PUBLIC = {"known"}
"""Names of the Python client's interface, which stay."""

Docstring = tuple[str, str]
"""The place of a docstring, and its text."""


def trees(room: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((SOURCE / room).rglob("*.py")):
        yield str(path.relative_to(SOURCE)), ast.parse(path.read_text())


def docstrings(room: str) -> Iterator[Docstring]:
    """Yield each docstring, those of constants and fields included."""
    for path, tree in trees(room):
        for node in ast.walk(tree):
            match node:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield f"{path}:{node.lineno}", text


def identifiers(room: str) -> Iterator[Docstring]:
    """Yield each name that the source gives to something."""
    for path, tree in trees(room):
        for node in ast.walk(tree):
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    yield f"{path}:{node.lineno}", node.name
                case ast.arg():
                    yield f"{path}:{node.lineno}", node.arg
                case ast.Name(ctx=ast.Store()):
                    yield f"{path}:{node.lineno}", node.id
                case ast.Attribute(ctx=ast.Store()):
                    yield f"{path}:{node.lineno}", node.attr


def finished(rooms: list[str]) -> list[str]:
    return [room for room in rooms if room not in UNFINISHED]


@pytest.mark.parametrize("room", finished(ROOMS))
def test_a_docstring_begins_with_a_verb_or_a_noun(room: str) -> None:
    first = ((place, text.split()[:1]) for place, text in docstrings(room))
    assert [place for place, word in first if word and word[0].lower() in INTERROGATIVES] == []


@pytest.mark.parametrize("room", finished(ROOMS))
def test_a_docstring_names_what_it_speaks_of(room: str) -> None:
    assert [(place, text) for place, text in docstrings(room) if UNCLEAR.search(text)] == []


@pytest.mark.parametrize("room", finished(ROOMS))
def test_a_name_says_what_a_thing_is(room: str) -> None:
    assert [
        each for each in identifiers(room) if each[1].strip("_").lower() in PARTICIPLES - PUBLIC
    ] == []
