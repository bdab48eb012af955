"""Files and functions are small enough to be read at once."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
MAX_LINES_OF_A_FILE = 400
MAX_LINES_OF_A_FUNCTION = 60


def files() -> Iterator[tuple[str, str]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield str(path.relative_to(SOURCE)), path.read_text()


def functions() -> Iterator[tuple[str, int]]:
    """Yield each function with its number of lines."""
    for path, text in files():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path}:{node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_a_file_is_one_noun_and_short() -> None:
    sizes = {path: text.count("\n") for path, text in files()}
    assert {path: lines for path, lines in sizes.items() if lines > MAX_LINES_OF_A_FILE} == {}


def test_a_function_fits_a_screen() -> None:
    sizes = list(functions())
    assert len(sizes) > 2000
    assert [each for each in sizes if each[1] > MAX_LINES_OF_A_FUNCTION] == []
