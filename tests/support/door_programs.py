"""The programs for other clouds that users are shown: on pages of the documentation, and on Try."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "how-to"
PAGES = {name: DOCS / f"{name}.md" for name in ("ionq", "qbraid", "braket", "ibm")}
"""The page of each door."""
CARD = ROOT / "web" / "src" / "try" / "doors.ts"
"""The source of the programs of the page Try."""


class ShownProgram(NamedTuple):
    """A program of the page Try, with the title of its tab."""

    title: str
    text: str


def documented_programs(door: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", PAGES[door].read_text(), re.MULTILINE | re.DOTALL)


def shown_programs() -> dict[str, ShownProgram]:
    """Return the program of each door, in the order of the source."""
    source = CARD.read_text()
    constants = dict(re.findall(r"^const (\w+) = `(.*?)`;", source, re.MULTILINE | re.DOTALL))
    entry = r'^  (\w+): \{\n    title: "(.*?)",\n.*?^    text: `(.*?)`,\n  \}'
    return {
        door: ShownProgram(title, re.sub(r"\$\{(\w+)\}", lambda name: constants[name[1]], text))
        for door, title, text in re.findall(entry, source, re.MULTILINE | re.DOTALL)
    }


def shown_command(door: str, url: str) -> str:
    """Return the command of the page Try, for a program in the file script.py."""
    return f"quantumtask run --door {door} --url {url} python script.py"
