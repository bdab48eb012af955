"""Limits of connections and of requests of the HTTP server."""

from dataclasses import dataclass

KIB = 1024


@dataclass(frozen=True)
class HttpLimits:
    """Limits of connections and of requests.

    Attributes:
        connections: Largest number of connections.
        address_connections: Largest number of connections of one client address.
        head_bytes: Largest request line with all headers.
        headers: Largest number of headers.
        head_s: Time in which a request line with all headers must arrive.
        keep_alive_s: Time after which a connection without a request is closed.
        grace_s: Time for which a body may be sent, or an answer be read, below `bytes_per_s`.
        bytes_per_s: Lowest mean rate of a body, and of the reader of an answer.
    """

    connections: int = 8192
    address_connections: int = 4096
    head_bytes: int = 32 * KIB
    headers: int = 100
    head_s: float = 10.0
    keep_alive_s: float = 75.0
    grace_s: float = 10.0
    bytes_per_s: int = KIB
