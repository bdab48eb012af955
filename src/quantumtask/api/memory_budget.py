"""The memory that all bodies, or all large answers, may take at the same time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from quantumtask.shared.errors import Unavailable

MAX_WAIT_S = 10.0
"""Longest time that a request waits for memory."""

MAX_WAITING = 256
"""Largest number of requests of one client that wait; more are refused at once."""


@dataclass(eq=False)
class Reservation:
    """The bytes that one body or answer may hold."""

    client: str
    size: int
    granted: "asyncio.Future[None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class MemoryBudget:
    """Bounds the bytes of all bodies or answers, and those of one client to half of that.

    Belongs to one event loop. Requests wait in the order of their arrival; those of a client that
    holds its half let others pass. What is larger than its bound is admitted alone.
    """

    def __init__(self, max_bytes: int, error: type[Unavailable], name: str) -> None:
        """Make a budget of which nothing is held.

        Args:
            max_bytes: The bound.
            error: The class of the refusals.
            name: The kind of what holds the memory, with the setting of the bound, for messages.
        """
        self._max_bytes, self._error, self._name = max_bytes, error, name
        self._held: dict[str, int] = {}
        self._waiting: list[Reservation] = []

    @contextlib.asynccontextmanager
    async def reserve(
        self, size: int, client: str, *, patient: bool = False
    ) -> AsyncIterator[Reservation]:
        """Hold so many bytes for a client while the block runs, once they are free.

        Args:
            size: The bytes.
            client: The name under which a client shares the memory with others.
            patient: Wait for as long as it takes.

        Raises:
            Unavailable: They are not free in time, or too many requests of the client wait.
        """
        reservation = Reservation(client, size)
        await self._wait(reservation, None if patient else MAX_WAIT_S)
        try:
            yield reservation
        finally:
            self._release(client, reservation.size)

    def shrink(self, reservation: Reservation, size: int) -> None:
        """Release the bytes of a reservation beyond a size."""
        if size < reservation.size:
            self._release(reservation.client, reservation.size - size)
            reservation.size = size

    async def _wait(self, reservation: Reservation, limit_s: float | None) -> None:
        if sum(each.client == reservation.client for each in self._waiting) >= MAX_WAITING:
            raise self._refusal()
        self._waiting.append(reservation)
        self._grant()
        try:
            async with asyncio.timeout(limit_s):
                await reservation.granted
        except BaseException as error:
            self._withdraw(reservation)
            if isinstance(error, TimeoutError):
                raise self._refusal() from None
            raise

    def _withdraw(self, reservation: Reservation) -> None:
        """Take back a reservation whose client waits no longer."""
        if reservation in self._waiting:
            self._waiting.remove(reservation)
            self._grant()  # a large one may have kept others waiting
        else:
            self._release(reservation.client, reservation.size)

    def _grant(self) -> None:
        """Grant the reservations that fit, in order, up to the first that lacks memory."""
        for reservation in tuple(self._waiting):
            client, size = reservation.client, reservation.size
            if not _fits(size, self._held.get(client, 0), self._max_bytes // 2):
                continue
            if not _fits(size, sum(self._held.values()), self._max_bytes):
                return
            self._waiting.remove(reservation)
            self._held[client] = self._held.get(client, 0) + size
            if not reservation.granted.done():
                reservation.granted.set_result(None)

    def _release(self, client: str, size: int) -> None:
        self._held[client] -= size
        if not self._held[client]:
            del self._held[client]
        self._grant()

    def _refusal(self) -> Unavailable:
        return self._error(
            f"{self._name} hold {sum(self._held.values()):,} of {self._max_bytes:,} bytes of "
            "memory, of which a client has half; try again"
        )


def _fits(size: int, held: int, bound: int) -> bool:
    return not held or held + size <= bound
