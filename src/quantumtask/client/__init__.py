"""Python client of a QuantumTask service."""

from typing import TYPE_CHECKING, Any

from quantumtask.client.batch import Batch, Outcome
from quantumtask.client.client import Client
from quantumtask.client.connection import Json
from quantumtask.client.errors import (
    CircuitError,
    ClientError,
    Problem,
    ServiceError,
    TaskCancelled,
    TaskFailed,
    Unreachable,
)
from quantumtask.client.events import Event
from quantumtask.client.results.result import Result
from quantumtask.client.service_url import DEFAULT_URL
from quantumtask.client.task import Task

if TYPE_CHECKING:
    from quantumtask.client.asynchronous import AsyncBatch, AsyncClient, AsyncTask

__all__ = [
    "DEFAULT_URL",
    "AsyncBatch",
    "AsyncClient",
    "AsyncTask",
    "Batch",
    "CircuitError",
    "Client",
    "ClientError",
    "Event",
    "Json",
    "Outcome",
    "Problem",
    "Result",
    "ServiceError",
    "Task",
    "TaskCancelled",
    "TaskFailed",
    "Unreachable",
]


def __getattr__(name: str) -> Any:
    """Import the client for asyncio at its first use, because it needs greenlet and httpx."""
    if name not in ("AsyncBatch", "AsyncClient", "AsyncTask"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from quantumtask.client import asynchronous
    except ModuleNotFoundError as error:
        if error.name not in ("greenlet", "httpx"):
            raise
        from quantumtask.shared.installation import install_command

        raise ImportError(f"{name} needs {error.name}: {install_command('async')}") from None
    return getattr(asynchronous, name)
