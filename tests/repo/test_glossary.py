"""docs/glossary.md explains every word that a class name uses."""

import re

import pytest

from tests.support.source_files import FOLDERS, ROOMS, ROOT, source_files

pytestmark = pytest.mark.xdist_group("source")

PAGE = ROOT / "docs" / "glossary.md"
FUNCTION_WORDS = {"a", "an", "at", "by", "from", "in", "no", "not", "of", "the", "to", "too", "v"}
"""Words of English grammar, and the `V` of Qiskit's `SamplerV2`."""

WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")


def singular(word: str) -> str:
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def glossary_words() -> set[str]:
    """Return the words of the first column of all tables."""
    cells = re.findall(r"^\| ([^|]+) \|", PAGE.read_text(), re.MULTILINE)
    return {singular(word.lower()) for cell in cells for word in re.findall(r"[A-Za-z]+", cell)}


def test_the_glossary_has_every_word_of_a_class_name() -> None:
    words = glossary_words() | FUNCTION_WORDS
    files = [file for room in ROOMS for file in source_files(FOLDERS[room])]
    names = {name for file in files for name in file.classes}
    assert len(names) > 100
    unknown = {
        word.lower(): name
        for name in names
        for word in WORD.findall(name)
        if singular(word.lower()) not in words
    }
    assert unknown == {}


def test_no_word_is_explained_twice() -> None:
    first = PAGE.read_text().split("## Words of class names")[0]
    cells = re.findall(r"^\| ([^|]+) \|", first, re.MULTILINE)
    words = [word.strip() for cell in cells for word in cell.split(",") if word != "word"]
    assert sorted({word for word in words if words.count(word) > 1}) == []
