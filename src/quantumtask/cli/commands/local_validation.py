"""Circuits read on this machine, in a child process, as a Worker would read them; none is run."""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from quantumtask.cli.commands.validate import Look
from quantumtask.client import Json
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, TaskSpec
from quantumtask.worker.analysis.messages import Kind, Question, report
from quantumtask.worker.analysis.pool import Respondent, live
from quantumtask.worker.slots.child_process import Child


@contextmanager
def reader(parameters: str | None, settings: Settings) -> Iterator[Look]:
    """Finds what is wrong with texts. Raises SlotBroken if circuits cannot be read here at all."""
    fork = multiprocessing.get_context("fork")
    respondent = Respondent(settings, Child(_live, settings, processes=fork))
    try:
        yield lambda text: _findings(respondent, text, parameters, settings)
    finally:
        respondent.close()


def _live(connection: Connection, settings: Settings, threads: int) -> None:
    """What the child does; what a library has to say when it crashes is not for the terminal."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    live(connection, settings, threads)


def _findings(
    respondent: Respondent, text: str, parameters: str | None, settings: Settings
) -> Json:
    most = settings.max_circuit_bytes
    if len(text.encode()) > most:
        words = f"more than {most:,} bytes; a service takes no more (QUANTUMTASK_MAX_CIRCUIT_BYTES)"
        return report(Failure("circuit_too_large", words))
    return respondent.answer(Question(Kind.VALIDATE, TaskSpec(text, parameters=parameters))).content
