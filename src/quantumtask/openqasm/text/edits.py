"""Replacements in a text, with a map from positions in the new text to the old one."""

from quantumtask.openqasm.text.source import Source


class TextEdits:
    """Collects replacements from left to right, and applies them to the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._pieces: list[str] = []
        self._growth: list[tuple[int, int]] = []
        self._done = 0
        self._size = 0

    def replace(self, start: int, end: int, new: str) -> None:
        """Replaces the characters from `start` to `end`, behind all earlier replacements."""
        kept, old = self._text[self._done : start], self._text[start:end]
        self._pieces += [kept, new]
        self._size += _bytes(kept) + _bytes(new)
        if growth := _bytes(new) - _bytes(old):
            self._growth.append((self._size, growth))
        self._done = end

    def source(self, original: Source, opaque: frozenset[str] | None, annotated: bool) -> Source:
        """The new text as a Source, which reports positions in `original`."""
        text = "".join([*self._pieces, self._text[self._done :]])
        return Source(text, original, tuple(self._growth), opaque, annotated)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))
