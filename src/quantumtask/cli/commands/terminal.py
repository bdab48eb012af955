"""What every command does: calls the service, prints what it says, ends with a sentence.

Exit status: 0 fine, 1 a task failed, was cancelled or is not valid, 2 wrong usage or a file that
cannot be read, 3 the service cannot be reached or refused.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType

    from quantumtask.client import Client, TaskFailed


@contextmanager
def service_at(url: str | None) -> Iterator["Client"]:
    """A client whose errors become a sentence and exit status 3."""
    from quantumtask.client import Client, ServiceError, TaskFailed, Unreachable

    try:
        with Client(url) as client:
            yield client
    except TaskFailed as error:
        stop(_reasons(error), 1)
    except ServiceError as error:
        stop(f"The service refused: {error.detail}", 3)
    except (Unreachable, TimeoutError) as error:
        stop(str(error), 3)
    except UnicodeEncodeError:
        stop("Names, tags, parameters and ids must be UTF-8 text.", 2)


def _reasons(error: "TaskFailed") -> str:
    """Why a circuit cannot be run: a line for each of its problems."""
    from quantumtask.cli.render.style import plain
    from quantumtask.cli.render.task_view import reasons

    problems = reasons([asdict(each) for each in error.problems])
    return "It would fail: " + "\n  ".join(problems or [plain(error.detail)])


def read(file: str) -> str:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        stop(f"{file} cannot be read: {error.strerror}.", 2)
    except UnicodeDecodeError as error:
        stop(f"{file} is not UTF-8 text (byte {error.start + 1}).", 2)


def answered(answer: Any, render: Callable[[Any], "RenderableType"], as_json: bool) -> None:
    """Prints an answer as JSON, or as `render` makes it of the module `task_view`."""
    if as_json:
        print(json.dumps(answer))
        return
    from quantumtask.cli.render import style, task_view

    style.console().print(render(task_view))


def stop(sentence: str, status: int) -> NoReturn:
    print(f"quantumtask: {sentence}", file=sys.stderr)
    raise typer.Exit(status)
