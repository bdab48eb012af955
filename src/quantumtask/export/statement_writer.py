"""Interface of a writer of statements, as control flow needs it."""

from typing import Any, Protocol

from quantumtask.export.identifiers import Names
from quantumtask.export.scope import Scope


class StatementWriter(Protocol):
    """Writer of one program's lines."""

    names: Names

    def line(self, text: str) -> None:
        """Write a line at the current indentation."""

    def body(self, scope: Scope) -> None:
        """Write the statements of a block."""

    def duration(self, operation: Any, scope: Scope) -> str:
        """Return the designator of an operation's duration, such as `[100ns]`."""
