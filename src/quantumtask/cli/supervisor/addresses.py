"""Addresses of this machine that a service may listen on."""

import socket


def url_host(host: str) -> str:
    """Return the host to write in a URL of a service that listens on `host` of this machine."""
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]" if ":" in host else host


def listen_error(host: str, port: int) -> OSError | None:
    """Return the error that listening on a port raises; None if the port is free."""
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None
