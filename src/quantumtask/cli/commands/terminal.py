"""Connection, input, output and exit of every command.

Exit status: 0: success. 1: a task failed, was cancelled, or a circuit is not valid. 2: wrong usage,
or a file cannot be read. 3: the service cannot be reached, or it refused the request.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from quantumtask.shared.qpy_text import is_qpy

if TYPE_CHECKING:
    from rich.console import RenderableType

    from quantumtask.client import Client, TaskFailed


@contextmanager
def open_client(url: str | None, token: str | None = None) -> Iterator["Client"]:
    """Open a client whose errors end the command with a sentence and an exit status."""
    from quantumtask.client import Client, ServiceError, TaskFailed, Unreachable

    try:
        with Client(url, token) as client:
            yield client
    except TaskFailed as error:
        exit_with(_reasons(error), 1)
    except ServiceError as error:
        if error.code == "unauthenticated":
            exit_with(f"{error.detail}. Then: quantumtask login, or QUANTUMTASK_TOKEN.", 3)
        if error.code == "worker_unavailable":
            exit_with(f"{error.detail}.", 3)
        exit_with(f"the service refused the request: {error.detail}", 3)
    except (Unreachable, TimeoutError) as error:
        exit_with(str(error), 3)
    except UnicodeEncodeError:
        exit_with("names, tags, parameters and ids must be UTF-8 text.", 2)


def _reasons(error: "TaskFailed") -> str:
    """Return the problems of a circuit that would fail, one on each line."""
    from quantumtask.cli.render.style import printable
    from quantumtask.cli.render.task_view import reasons

    problems = reasons([asdict(each) for each in error.problems])
    return "the circuit would fail: " + "\n  ".join(problems or [printable(error.detail)])


def read_circuit(file: str) -> str | bytes:
    """Return the text of a file, or of standard input for `-`; the bytes of a file in QPY."""
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        if is_qpy(content):
            return content
        return content.decode("utf-8-sig")
    except OSError as error:
        exit_with(f"{file} cannot be read: {error.strerror}.", 2)
    except UnicodeDecodeError as error:
        exit_with(f"{file} is not UTF-8 text (byte {error.start + 1}).", 2)


def print_answer(answer: Any, render: Callable[[Any], "RenderableType"], as_json: bool) -> None:
    """Print an answer as JSON, or the result of `render(task_view)`."""
    if as_json:
        print(json.dumps(answer))
        return
    from quantumtask.cli.render import style, task_view

    style.console().print(render(task_view))


def warn_without_worker(client: "Client") -> None:
    """Print a sentence to standard error if tasks wait for a worker to start."""
    from quantumtask.client.errors import WITHOUT_WORKER
    from quantumtask.shared.installation import as_typed

    if client.queue().get("workers") == 0:
        sentence = as_typed(f"{WITHOUT_WORKER}. The task waits.")
        print(f"quantumtask: {sentence}", file=sys.stderr, flush=True)


def exit_with(sentence: str, status: int) -> NoReturn:
    """Print a sentence to standard error and end the command with this exit status."""
    from quantumtask.shared.installation import as_typed

    print(f"quantumtask: {as_typed(sentence)}", file=sys.stderr)
    raise typer.Exit(status)
