"""Validation of circuits on this machine, in a child process like that of a worker."""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from quantumtask.cli.commands.validate import Validator
from quantumtask.client import Json
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, TaskSpec
from quantumtask.worker.analysis.messages import AnalysisKind, AnalysisRequest, validation_report
from quantumtask.worker.analysis.process import AnalysisProcess, run_analysis_child
from quantumtask.worker.slots.child_process import ChildProcess


@contextmanager
def open_validator(parameters: str | None, settings: Settings) -> Iterator[Validator]:
    """Open a validator of circuits, which raises ChildStartError if no parser works here."""
    fork = multiprocessing.get_context("fork")
    analysis = AnalysisProcess(settings, ChildProcess(_live, settings, processes=fork))
    try:
        yield lambda text: _validate(analysis, text, parameters, settings)
    finally:
        analysis.close()


def _live(connection: Connection, settings: Settings, threads: int) -> None:
    """Run the child, without the messages that a crashing library writes to the terminal."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    run_analysis_child(connection, settings, threads)


def _validate(
    analysis: AnalysisProcess, text: str, parameters: str | None, settings: Settings
) -> Json:
    limit = settings.max_circuit_bytes
    if len(text.encode()) > limit:
        words = f"circuit: at most {limit:,} bytes (QUANTUMTASK_MAX_CIRCUIT_BYTES)"
        return validation_report(Failure("circuit_too_large", words))
    return analysis.analyze(
        AnalysisRequest(AnalysisKind.VALIDATE, TaskSpec(text, parameters=parameters))
    ).body
