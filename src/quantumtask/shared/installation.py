"""This installation of QuantumTask: its command as it can be typed, and the way to add an extra."""

import json
import os
import re
import shutil
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

_COMMAND = re.compile(r"(?<![\w./-])quantumtask(?= [a-z])")


@cache
def command_path(name: str = "quantumtask") -> str:
    """Return a command of this environment, with its path unless a shell finds it by its name."""
    script = Path(sys.executable).with_name(name)
    on_path = shutil.which(name)
    if on_path and (not script.exists() or Path(on_path).samefile(script)):
        return name
    if not script.exists():
        return f"{short_path(Path(sys.executable))} -m {name}"
    return short_path(script)


def as_typed(text: str) -> str:
    """Return a message whose commands `quantumtask NAME` can be typed as they are."""
    return _COMMAND.sub(lambda _: command_path(), text)


def install_command(extra: str) -> str:
    """Return the command that adds an extra: from the folder or the wheel of this installation."""
    return f"{command_path('pip')} install '{_source()}[{extra}]'"


def _source() -> str:
    """Return the folder or the file that pip installed, or the name of the package."""
    try:
        origin = json.loads(distribution("quantumtask").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return "quantumtask"
    url = urlsplit(origin.get("url", ""))
    path = Path(unquote(url.path))
    if url.scheme != "file" or not path.exists():
        return "quantumtask"
    # A path with a separator: pip takes a single word for the name of a package of the index.
    return "." if path == Path.cwd() else os.path.join(os.curdir, short_path(path))  # noqa: PTH118


def short_path(path: Path) -> str:
    """Return a path relative to the current folder if it is below, and that is not the root."""
    folder = Path.cwd()
    is_below = path.is_relative_to(folder) and folder != Path(folder.anchor)
    return str(path.relative_to(folder) if is_below else path)
