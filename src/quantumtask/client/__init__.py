"""Python client of a QuantumTask service."""

from quantumtask.client.batch import Batch, Outcome
from quantumtask.client.client import Client
from quantumtask.client.connection import DEFAULT_URL, Json
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
from quantumtask.client.task import Task

__all__ = [
    "DEFAULT_URL",
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
