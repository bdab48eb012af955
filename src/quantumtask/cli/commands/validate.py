"""`quantumtask validate FILE...`: the problems of each file, each marked in its line."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from quantumtask.cli.render import style
from quantumtask.cli.render.problem_view import lines
from quantumtask.client import Json
from quantumtask.shared.qpy_text import is_qpy

Validator = Callable[[str | bytes], Json]
"""Function from a circuit's text, or its bytes in QPY, to the answer of `POST /validate`."""

VALID, INVALID, UNREADABLE = 0, 1, 2
STDIN = "<stdin>"


class Unreadable(Exception):
    """A file cannot be read; the message has the reason."""


def validate_files(files: Sequence[str], validator: Validator, limit: int, as_json: bool) -> int:
    """Print the problems of each file and return the exit status.

    Args:
        files: Names of files; `-` is standard input.
        validator: Function that validates a text; its exceptions reach the caller.
        limit: Largest size of a circuit, in bytes. One byte more is read at most.
        as_json: Print one JSON object per file.
    """
    status, valid = VALID, []
    for file in files:
        try:
            circuit = _read(file, limit)
        except Unreadable as error:
            print(f"quantumtask: {error}", file=sys.stderr)
            status = UNREADABLE
            continue
        answer = validator(circuit)
        _print(file, circuit if isinstance(circuit, str) else "", answer, as_json)
        valid.append(answer["valid"])
        status = max(status, VALID if answer["valid"] else INVALID)
    if len(files) > 1 and not as_json:
        print(f"{sum(valid)} of {len(files)} files valid")
    return status


def _read(file: str, limit: int) -> str | bytes:
    """Return the text of a file, or its bytes in QPY, at most one byte longer than the limit.

    The additional byte makes a file that is too long fail the check of its size.
    """
    try:
        if file == "-":
            content = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(file).open("rb") as stream:
                content = stream.read(limit + 1)
        return content if is_qpy(content) else content.decode("utf-8-sig")
    except OSError as error:
        raise Unreadable(f"{style.printable(file)} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        if len(content) > limit and error.end == len(content):  # cut in the middle of a character
            return content[: error.start].decode("utf-8-sig") + "   "
        where = f"(byte {error.start + 1})"
        raise Unreadable(f"{style.printable(file)} is not UTF-8 text {where}.") from None


def _print(file: str, text: str, answer: Json, as_json: bool) -> None:
    name = STDIN if file == "-" else file
    if as_json:
        print(json.dumps({"file": name, **answer}), flush=True)
    else:
        console = style.console()
        for line in lines(style.printable(name), text, answer, console.width):
            console.print(line, soft_wrap=True)
