"""The connections of a server: a limit in total and for each address, with room for probes."""

from collections import defaultdict
from typing import Protocol

from quantumtask.shared.http_server.limits import HttpLimits

RESERVE = 64
"""Connections beyond the limits, which are answered on the paths of probes only."""


class ServerConnection(Protocol):
    """The part of a connection that `ConnectionTable` uses."""

    address: str
    reserved: bool

    def evict(self) -> None:
        """Close the connection at once."""

    def check_deadlines(self, now: float) -> None:
        """Close the connection if its client is too slow."""


class AddressConnections:
    """The connections of one address."""

    def __init__(self) -> None:
        self.count = 0
        self.waiting: dict[ServerConnection, None] = {}


class ConnectionTable:
    """The open connections of a server.

    A connection is *waiting* while the server waits for its client: for a request, for the rest of
    one, or for the client to read more of its answer. It also waits between two requests of which
    the second came before the answer to the first. Where a limit is reached, a new connection takes
    the place of the one that has waited longest, as in nginx: idle and slow clients cannot keep
    others out. While all are being answered, a new connection goes into a small reserve, which is
    for probes.
    """

    def __init__(self, limits: HttpLimits) -> None:
        self.limits = limits
        self._addresses: defaultdict[str, AddressConnections] = defaultdict(AddressConnections)
        self._open: set[ServerConnection] = set()
        self._waiting: dict[ServerConnection, None] = {}
        self._reserve: dict[ServerConnection, None] = {}

    def add(self, connection: ServerConnection) -> None:
        """Add a new connection; others may be closed, or the new one be for probes only."""
        if self._make_room(connection.address):
            own = self._addresses[connection.address]
            own.count += 1
            self._open.add(connection)
        else:
            if len(self._reserve) >= RESERVE:
                _evict_oldest(self, self._reserve)
            connection.reserved = True
            self._reserve[connection] = None
        self.start_waiting(connection)

    def _make_room(self, address: str) -> bool:
        own = self._addresses.get(address)
        if own and own.count >= self.limits.address_connections:
            return _evict_oldest(self, own.waiting)
        if len(self._open) >= self.limits.connections:
            return _evict_oldest(self, self._waiting)
        return True

    def start_waiting(self, connection: ServerConnection) -> None:
        """Note that the server waits for the client from now on, if it does not do so yet."""
        if connection in self._open:
            self._waiting[connection] = None
            self._addresses[connection.address].waiting[connection] = None

    def stop_waiting(self, connection: ServerConnection) -> None:
        """Note that the server works for the client from now on."""
        if connection in self._waiting:
            del self._waiting[connection]
            del self._addresses[connection.address].waiting[connection]

    def remove(self, connection: ServerConnection) -> None:
        """Forget a connection that closes; forgetting it again changes nothing."""
        self._reserve.pop(connection, None)
        self.stop_waiting(connection)
        if connection in self._open:
            self._open.remove(connection)
            own = self._addresses[connection.address]
            own.count -= 1
            if not own.count:
                del self._addresses[connection.address]

    def check_deadlines(self, now: float) -> None:
        """Close the connections of clients that are too slow."""
        for connection in [*self._open, *self._reserve]:
            connection.check_deadlines(now)


def _evict_oldest(table: ConnectionTable, connections: dict[ServerConnection, None]) -> bool:
    """Close the first of the connections; return False if there is none."""
    oldest = next(iter(connections), None)
    if oldest is None:
        return False
    table.remove(oldest)
    oldest.evict()
    return True
