"""No test of a door reaches a vendor: this process connects to loopback alone."""

import socket
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    connect = socket.socket.connect

    def connect_locally(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX:
            assert ip_address(address[0]).is_loopback, f"a client connects to {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_locally)
    yield
