"""The parser library behind our own door: qdk in Rust or, where it cannot be, one in Python."""

from typing import Any, TypeAlias

from quantumtask.openqasm.refusals import not_includable
from quantumtask.openqasm.source import Place, Refusal, Source


def _reader() -> Any:
    try:
        from quantumtask.openqasm import native

        return native
    except ImportError:
        return _portable()


def _portable() -> Any:
    try:
        from quantumtask.openqasm.portable import parser as portable

        return portable
    except ImportError as error:
        message = (
            "no parser for OpenQASM is installed: install qdk, or quantumtask[portable] on a "
            "machine that qdk has no wheel for"
        )
        raise ImportError(message) from error


reader = _reader()
nodes = reader.nodes
Node: TypeAlias = Any

__all__ = ["Node", "nodes", "not_includable", "parse"]


def parse(source: Source) -> list[Node]:
    """The top-level statements of a program. Raises CircuitError with every syntax problem."""
    version, statements = reader.read(source)
    _check_version(version, source)
    return list(statements)


def _check_version(version: str | None, source: Source) -> None:
    if version is not None and version.split(".")[0] not in ("2", "3"):
        at = source.text.find("OPENQASM")
        lo = len(source.text[: max(at, 0)].encode())
        message = f"this is OpenQASM {version}, and only OpenQASM 2 and 3 can be run"
        raise source.error(Refusal("not_supported", message, Place(lo, lo + 8)))
