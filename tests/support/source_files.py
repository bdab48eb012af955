"""The Python files of the project, each parsed once in a process: what tests of the source read."""

import ast
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "quantumtask"
ROOMS = sorted({path.name for path in SOURCE.iterdir() if path.is_dir()} - {"__pycache__"})
FOLDERS = {room: SOURCE / room for room in ROOMS}
FOLDERS |= {name: ROOT / name for name in ("benchmarks", "docs_site", "tests")}


@dataclass
class SourceFile:
    """The parts of a file that tests look at; its tree would take a hundred times the memory."""

    path: str
    text: str
    public: list[str]
    """Names that the file defines at its top level."""
    docstrings: list[tuple[int, str]] = field(default_factory=list)
    """Line and text of each, those of constants and fields included."""
    identifiers: list[tuple[int, str]] = field(default_factory=list)
    """Line and name of all that the file gives a name to."""
    classes: list[str] = field(default_factory=list)
    functions: list[tuple[str, int]] = field(default_factory=list)
    """Name and number of lines of each."""


def source_files(folder: Path) -> list[SourceFile]:
    """Return the files below a folder."""
    with no_garbage_collection():
        return [read_file(path) for path in sorted(folder.rglob("*.py"))]


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Collect no garbage meanwhile: looking for it takes most of the time of parsing."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@cache
def read_file(path: Path) -> SourceFile:
    text = path.read_text()
    tree = ast.parse(text)
    public = [name for node in tree.body for name in definitions(node) if name[0] != "_"]
    file = SourceFile(str(path.relative_to(ROOT)), text, public)
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(docstring))):
                file.docstrings.append((node.lineno, docstring))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                file.identifiers.append((node.lineno, node.name))
                lines = (node.end_lineno or 0) - node.lineno + 1
                file.functions.append((node.name, lines))
            case ast.ClassDef():
                file.identifiers.append((node.lineno, node.name))
                file.classes.append(node.name)
            case ast.arg():
                file.identifiers.append((node.lineno, node.arg))
            case ast.Name(ctx=ast.Store()):
                file.identifiers.append((node.lineno, node.id))
            case ast.Attribute(ctx=ast.Store()):
                file.identifiers.append((node.lineno, node.attr))
    return file


def definitions(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Assign():
            return [each.id for each in node.targets if isinstance(each, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []
