"""The service, as copies of a backend share it."""

from typing import Any, Self

from quantumtask.client.connection import Connection, Json, path
from quantumtask.client.results.array_codec import Array, encoded

__all__ = ["Json", "Service", "sweep"]

ANSWER_S = 30.0
"""How long a call may take, in seconds, while the service is busy or gone."""
QUESTION_S = 90.0
"""How long the service may take to tell of its backends."""


class Service:
    """One service; a copy of it is itself, because it holds connections."""

    def __init__(self, url: str | None, token: str | None) -> None:
        self.connection = Connection(url, token, ANSWER_S)

    def backends(self) -> list[Json]:
        """What there is, in short."""
        told = self.connection.json("GET", "/backends", timeout=QUESTION_S)
        return list(told["backends"])

    def backend(self, name: str) -> Json:
        """All about one. ServiceError `backend_not_found` if there is none of that name."""
        return self.connection.json("GET", path("backends", name), timeout=QUESTION_S)

    def __deepcopy__(self, _: Any) -> Self:
        return self


def sweep(values: Array) -> Any:
    """A number as it is, an array of them as its bytes."""
    return encoded(values) if values.ndim else float(values)
