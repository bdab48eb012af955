"""Validation of circuits on this machine, in a child process as a Worker has it."""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from quantumtask.cli.commands.validate import Validator
from quantumtask.client import Json
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, TaskSpec
from quantumtask.worker.analysis.messages import Kind, Question, report
from quantumtask.worker.analysis.pool import Respondent, live
from quantumtask.worker.slots.child_process import Child


@contextmanager
def open_validator(parameters: str | None, settings: Settings) -> Iterator[Validator]:
    """Open a validator of circuits; the validator raises SlotBroken if no parser works here."""
    fork = multiprocessing.get_context("fork")
    respondent = Respondent(settings, Child(_live, settings, processes=fork))
    try:
        yield lambda text: _validate(respondent, text, parameters, settings)
    finally:
        respondent.close()


def _live(connection: Connection, settings: Settings, threads: int) -> None:
    """Run the child, without the messages that a crashing library writes to the terminal."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    live(connection, settings, threads)


def _validate(
    respondent: Respondent, text: str, parameters: str | None, settings: Settings
) -> Json:
    limit = settings.max_circuit_bytes
    if len(text.encode()) > limit:
        words = f"circuit: at most {limit:,} bytes (QUANTUMTASK_MAX_CIRCUIT_BYTES)"
        return report(Failure("circuit_too_large", words))
    return respondent.answer(Question(Kind.VALIDATE, TaskSpec(text, parameters=parameters))).content
