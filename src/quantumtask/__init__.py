"""QuantumTask: a self-hosted service that runs OpenQASM 3 circuits, and its Python client."""

from typing import TYPE_CHECKING, Any

from quantumtask.version import __version__

if TYPE_CHECKING:
    from quantumtask.client import (
        AsyncBatch,
        AsyncClient,
        AsyncTask,
        Batch,
        CircuitError,
        Client,
        ClientError,
        Event,
        Outcome,
        Problem,
        Result,
        ServiceError,
        Task,
        TaskCancelled,
        TaskFailed,
        Unreachable,
    )

__all__ = [
    "AsyncBatch",
    "AsyncClient",
    "AsyncTask",
    "Batch",
    "CircuitError",
    "Client",
    "ClientError",
    "Event",
    "Outcome",
    "Problem",
    "Result",
    "ServiceError",
    "Task",
    "TaskCancelled",
    "TaskFailed",
    "Unreachable",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Import the client at its first use, because the services start without urllib3."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from quantumtask import client

    return getattr(client, name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
