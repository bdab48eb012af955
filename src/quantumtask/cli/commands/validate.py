"""`quantumtask validate FILE...`: what is wrong with each, with the place and a caret under it."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from quantumtask.cli.render import style
from quantumtask.cli.render.problem_view import lines
from quantumtask.client import Json

Look = Callable[[str], Json]
"""What finds all that is wrong with a text, as `POST /validate` tells it."""

VALID, INVALID, UNREADABLE = 0, 1, 2
STDIN = "<stdin>"


class Unreadable(Exception):
    """A file whose text cannot be had; the message says why."""


def validate(files: Sequence[str], look: Look, most: int, as_json: bool) -> int:
    """Prints what is wrong with each file, as `look` finds it; returns the exit status.

    A file is read up to one byte more than `most`. Raises what `look` does.
    """
    status, told = VALID, []
    for file in files:
        try:
            text = _read(file, most)
        except Unreadable as error:
            print(f"quantumtask: {error}", file=sys.stderr)
            status = UNREADABLE
            continue
        found = look(text)
        _tell(file, text, found, as_json)
        told.append(found["valid"])
        status = max(status, VALID if found["valid"] else INVALID)
    if len(files) > 1 and not as_json:
        print(f"{sum(told)} of {len(files)} files valid")
    return status


def _read(file: str, most: int) -> str:
    """The text of a file, cut off one byte after the most there may be."""
    try:
        if file == "-":
            content = sys.stdin.buffer.read(most + 1)
        else:
            with Path(file).open("rb") as opened:
                content = opened.read(most + 1)
        return content.decode("utf-8-sig")
    except OSError as error:
        raise Unreadable(f"{style.plain(file)} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        if len(content) > most and error.end == len(content):  # cut in the middle of a character
            return content[: error.start].decode("utf-8-sig") + "   "
        where = f"(byte {error.start + 1})"
        raise Unreadable(f"{style.plain(file)} is not UTF-8 text {where}.") from None


def _tell(file: str, text: str, found: Json, as_json: bool) -> None:
    name = STDIN if file == "-" else file
    if as_json:
        print(json.dumps({"file": name, **found}), flush=True)
    else:
        console = style.console()
        for line in lines(style.plain(name), text, found, console.width):
            console.print(line, soft_wrap=True)
