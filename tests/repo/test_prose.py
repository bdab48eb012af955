"""Names and docstrings of the source, the tests and the benchmarks are plain technical English."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "quantumtask"
ROOT = SOURCE.parents[1]
ROOMS = sorted({path.name for path in SOURCE.iterdir() if path.is_dir()} - {"__pycache__"})
FOLDERS = {room: SOURCE / room for room in ROOMS}
FOLDERS |= {name: ROOT / name for name in ("benchmarks", "docs_site", "tests")}

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

Docstring = tuple[str, str]
"""The place of a docstring, and its text."""


def trees(folder: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(FOLDERS[folder].rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def docstrings(folder: str) -> Iterator[Docstring]:
    """Yield each docstring, those of constants and fields included."""
    for path, tree in trees(folder):
        for node in ast.walk(tree):
            match node:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield f"{path}:{node.lineno}", text


def identifiers(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each name that a file gives to something, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr


def vague_names(folder: str) -> Iterator[str]:
    for path, tree in trees(folder):
        names = [(line, name.strip("_").lower()) for line, name in identifiers(tree)]
        excepted = PUBLIC | (OPERANDS if {name for _, name in names} >= OPERANDS else set())
        yield from (f"{path}:{line} {n}" for line, n in names if n in PARTICIPLES - excepted)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_docstring_begins_with_a_verb_or_a_noun(folder: str) -> None:
    first = ((place, text.split()[:1]) for place, text in docstrings(folder))
    assert [place for place, word in first if word and word[0].lower() in INTERROGATIVES] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_docstring_names_what_it_speaks_of(folder: str) -> None:
    assert [(place, text) for place, text in docstrings(folder) if UNCLEAR.search(text)] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_name_says_what_a_thing_is(folder: str) -> None:
    assert list(vague_names(folder)) == []
