"""Drawing of a circuit."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path


@dataclass(frozen=True)
class Drawing:
    """A circuit as SVG, which a notebook shows.

    Attributes:
        svg: The SVG document. Its lines have the color of the surrounding text.
    """

    svg: str

    def save(self, path: str | PathLike[str]) -> None:
        """Write the SVG document to a file."""
        Path(path).write_text(self.svg, encoding="utf-8")

    def _repr_svg_(self) -> str:
        return self.svg

    def __str__(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"Drawing({len(self.svg):,} characters of SVG)"
