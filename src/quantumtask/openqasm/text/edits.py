"""Replacements in a text, with a map from offsets in the new text to offsets in the old text."""

from quantumtask.openqasm.text.source import Source


class TextEdits:
    """List of replacements, added from left to right, and their application to the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._pieces: list[str] = []
        self._growth: list[tuple[int, int]] = []
        self._copied_to = 0
        self._size = 0

    def replace(self, start: int, end: int, new: str) -> None:
        """Replace the characters from `start` to `end`, which follow all earlier replacements."""
        unchanged, old = self._text[self._copied_to : start], self._text[start:end]
        self._pieces += [unchanged, new]
        self._size += _byte_count(unchanged) + _byte_count(new)
        if growth := _byte_count(new) - _byte_count(old):
            self._growth.append((self._size, growth))
        self._copied_to = end

    def apply(
        self, original: Source, opaque_gates: frozenset[str] | None, has_annotations: bool
    ) -> Source:
        """Return the new text as a Source that reports positions in `original`."""
        text = "".join([*self._pieces, self._text[self._copied_to :]])
        return Source(text, original, tuple(self._growth), opaque_gates, has_annotations)


def _byte_count(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))
