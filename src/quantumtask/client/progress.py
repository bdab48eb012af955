"""Progress line in a terminal or a notebook."""

import sys
import time
from types import TracebackType
from typing import Self, TextIO

MIN_WAIT_S = 0.5
"""Waiting time, in seconds, below which no line appears."""


class Progress:
    """Line that is overwritten with each state and erased at the end.

    Args:
        visible: True shows the line, False hides it, None shows it in a terminal or a notebook.
    """

    def __init__(self, visible: bool | None) -> None:
        self._out = _output_stream() if visible is None else sys.stderr if visible else None
        self._began = time.monotonic()
        self._written = 0

    @property
    def visible(self) -> bool:
        """Visibility of the line."""
        return self._out is not None

    def show(self, text: str) -> None:
        """Replace the text of the line."""
        seconds = time.monotonic() - self._began
        if self._out is not None and (self._written or seconds >= MIN_WAIT_S):
            self._write(f"{text}  {_clock(seconds)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        if self._written:
            self._write("")
            self._write("")

    def _write(self, line: str) -> None:
        assert self._out is not None
        self._out.write("\r" + line.ljust(self._written) + ("" if line else "\r"))
        self._out.flush()
        self._written = len(line)


def _output_stream() -> TextIO | None:
    """Return the stream of a notebook or a terminal; None without either."""
    if "ipykernel" in sys.modules:
        return sys.stdout
    return sys.stderr if sys.stderr is not None and sys.stderr.isatty() else None


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
