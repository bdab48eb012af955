"""The driver's connection to its worker."""

from multiprocessing.connection import Connection
from typing import Any

from quantumtask.shared.settings import Settings
from quantumtask.worker.ray.messages import (
    Capacity,
    ChunkEnd,
    Kill,
    LogLine,
    Submit,
    encode_message,
    encode_outcomes,
    encode_progress_message,
)


class WorkerConnection:
    """Messages to and from the worker. One thread may receive while another one sends."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last_capacity: Capacity | None = None

    def receive_settings(self) -> Settings:
        """Return the first message of the worker."""
        settings: Settings = self._connection.recv()
        return settings

    def receive(self) -> Submit | Kill:
        """Return the next message of the worker. Raises EOFError after the last one."""
        message: Submit | Kill = self._connection.recv()
        return message

    def log(self, level: str, event: str, **details: Any) -> None:
        """Have the worker write a log line."""
        self._send(LogLine(level, event, details))

    def report_capacity(self, capacity: Capacity) -> None:
        """Send the capacity if it has changed, or if a sign of life is due."""
        if capacity != self._last_capacity:
            self._send(capacity)
            self._last_capacity = capacity

    def require_sign_of_life(self) -> None:
        """Have the next `report_capacity` send the capacity even if it has not changed."""
        self._last_capacity = None

    def send_outcomes(self, number: int, outcomes: bytes) -> None:
        """Send a JSON array of outcomes of a chunk, as it is."""
        self._connection.send_bytes(encode_outcomes(number, outcomes))

    def send_progress(self, number: int, progress: bytes) -> None:
        """Send the progress of a chunk, a JSON object, as it is."""
        self._connection.send_bytes(encode_progress_message(number, progress))

    def end_chunk(self, number: int, retained: str = "") -> None:
        """Send the end of a chunk, except for one task."""
        self._send(ChunkEnd(number, retained))

    def _send(self, message: LogLine | Capacity | ChunkEnd) -> None:
        self._connection.send_bytes(encode_message(message))
