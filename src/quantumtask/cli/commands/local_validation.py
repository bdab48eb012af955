"""Validation of circuits on this machine, in a child process like that of a worker."""

import json
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from multiprocessing.connection import Connection

from quantumtask.cli.commands.validate import Validator
from quantumtask.client import Json
from quantumtask.shared.output_kinds import QPY
from quantumtask.shared.qpy_text import encode_qpy
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, TaskSpec
from quantumtask.worker.analysis.messages import AnalysisKind, AnalysisRequest, validation_report
from quantumtask.worker.analysis.process import AnalysisProcess, run_analysis_child
from quantumtask.worker.slots.child_process import ChildProcess


@contextmanager
def open_validator(parameters: str | None, settings: Settings) -> Iterator[Validator]:
    """Open a validator of circuits, which raises ChildStartError if no parser works here."""
    fork = multiprocessing.get_context("fork")
    of_text = AnalysisProcess(settings, ChildProcess(_live, settings, processes=fork))
    of_qpy = AnalysisProcess(settings, ChildProcess(_live_with_qiskit, settings, processes=fork))

    def validate(circuit: str | bytes) -> Json:
        analysis = of_text if isinstance(circuit, str) else of_qpy
        return _validate(analysis, circuit, parameters, settings)

    try:
        yield validate
    finally:
        of_text.close()
        of_qpy.close()


def _live(connection: Connection, settings: Settings, threads: int) -> None:
    """Run the child, without the messages that a crashing library writes to the terminal."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    run_analysis_child(connection, settings, threads)


def _live_with_qiskit(connection: Connection, settings: Settings, threads: int) -> None:
    """Run the child, which may read no file later, with the reader of QPY."""
    import_module("quantumtask.engines.qpy.validate")
    _live(connection, settings, threads)


def _validate(
    analysis: AnalysisProcess, circuit: str | bytes, parameters: str | None, settings: Settings
) -> Json:
    limit = settings.max_circuit_bytes
    text = circuit if isinstance(circuit, str) else encode_qpy(circuit)
    options = None if text is circuit else json.dumps({"circuit_format": QPY})
    if len(text.encode()) > limit:
        words = f"circuit: at most {limit:,} bytes (QUANTUMTASK_MAX_CIRCUIT_BYTES)"
        return validation_report(Failure("circuit_too_large", words))
    return analysis.analyze(
        AnalysisRequest(
            AnalysisKind.VALIDATE, TaskSpec(text, parameters=parameters, options=options)
        )
    ).body
