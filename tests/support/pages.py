"""The pages of the documentation, as text and as commands."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def read_page(name: str) -> str:
    return (ROOT / name).read_text()


def page_commands(page: str, language: str) -> list[str]:
    """Return the commands of a page: lines with the prompt `$ ` in its blocks of a language."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", read_page(page), re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line[2:] for line in lines if line.startswith("$ ")]
