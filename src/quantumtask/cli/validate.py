"""`quantumtask validate FILE...`: reads circuits on this machine, as a Worker would, runs none."""

import json
import multiprocessing
import os
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from quantumtask.cli import show
from quantumtask.cli.report import lines
from quantumtask.client import Json
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, TaskSpec
from quantumtask.worker.child import Child
from quantumtask.worker.findings import Kind, Question, report
from quantumtask.worker.questions import Respondent, live

VALID, INVALID, UNREADABLE = 0, 1, 2
STDIN = "<stdin>"


class Unreadable(Exception):
    """A file whose text cannot be had; the message says why."""


def validate(
    files: Sequence[str], parameters: str | None, settings: Settings, as_json: bool
) -> int:
    """Prints what is wrong with each file; returns the exit status.

    Raises SlotBroken if circuits cannot be read here at all.
    """
    fork = multiprocessing.get_context("fork")
    reader = Respondent(settings, Child(_live, settings, processes=fork))
    status, told = VALID, []
    try:
        for file in files:
            try:
                text = _read(file, settings.max_circuit_bytes)
            except Unreadable as error:
                print(f"quantumtask: {error}", file=sys.stderr)
                status = UNREADABLE
                continue
            found = _findings(reader, text, parameters, settings)
            _tell(file, text, found, as_json)
            told.append(found["valid"])
            status = max(status, VALID if found["valid"] else INVALID)
    finally:
        reader.close()
    if len(files) > 1 and not as_json:
        print(f"{sum(told)} of {len(files)} files valid")
    return status


def _live(connection: Connection, settings: Settings, threads: int) -> None:
    """What the child does; what a library has to say when it crashes is not for the terminal."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    live(connection, settings, threads)


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
        raise Unreadable(f"{show.plain(file)} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        if len(content) > most and error.end == len(content):  # cut in the middle of a character
            return content[: error.start].decode("utf-8-sig") + "   "
        where = f"(byte {error.start + 1})"
        raise Unreadable(f"{show.plain(file)} is not UTF-8 text {where}.") from None


def _findings(reader: Respondent, text: str, parameters: str | None, settings: Settings) -> Json:
    most = settings.max_circuit_bytes
    if len(text.encode()) > most:
        words = f"more than {most:,} bytes; a service takes no more (QUANTUMTASK_MAX_CIRCUIT_BYTES)"
        return report(Failure("circuit_too_large", words))
    return reader.answer(Question(Kind.VALIDATE, TaskSpec(text, parameters=parameters))).content


def _tell(file: str, text: str, found: Json, as_json: bool) -> None:
    name = STDIN if file == "-" else file
    if as_json:
        print(json.dumps({"file": name, **found}), flush=True)
    else:
        console = show.console()
        for line in lines(show.plain(name), text, found, console.width):
            console.print(line, soft_wrap=True)
