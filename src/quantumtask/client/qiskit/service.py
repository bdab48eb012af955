"""Connection to the service that copies of a backend share."""

from typing import Any, Self

from quantumtask.client.connection import Connection, Json, path

CALL_LIMIT_S = 30.0
"""Time limit of a call, in seconds, while the service is busy or gone."""
WORKER_LIMIT_S = 90.0
"""Time limit, in seconds, of calls that a worker answers."""


class SharedConnection:
    """Connection to one service; a copy is the same object, because it holds connections."""

    def __init__(self, url: str | None, token: str | None) -> None:
        self.connection = Connection(url, token, CALL_LIMIT_S)

    def backends(self) -> list[Json]:
        """Return the backends in short."""
        answer = self.connection.json("GET", "/backends", timeout=WORKER_LIMIT_S)
        return list(answer["backends"])

    def backend(self, name: str) -> Json:
        """Return one backend in detail.

        Raises:
            ServiceError: `backend_not_found` if there is no such backend.
        """
        return self.connection.json("GET", path("backends", name), timeout=WORKER_LIMIT_S)

    def __deepcopy__(self, _: Any) -> Self:
        return self
