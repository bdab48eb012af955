"""A service that requires tokens, with a token for each of several principals."""

from pathlib import Path
from typing import Any

import httpx

from quantumtask.shared.principal import Principal, Role
from quantumtask.shared.token_store import TokenStore
from tests.support.services import NO_LIMITS, TLS, Service

PHYSICS, CHEMISTRY = "physics", "chemistry"

PRINCIPALS = {
    "ada": Principal("ada", PHYSICS, Role.USER),
    "bob": Principal("bob", PHYSICS, Role.USER),
    "eve": Principal("eve", CHEMISTRY, Role.USER),
    "reader": Principal("reader", PHYSICS, Role.READ),
    "root": Principal("root", "default", Role.ADMIN),
}


def require_token(service: Service) -> None:
    """Let the requests of a test have a token, of a service with `auth="required"`."""
    store = TokenStore(service.settings)
    token, _ = store.create_token(PRINCIPALS["ada"])
    store.close()
    service.http.headers["Authorization"] = f"Bearer {token}"


class SecuredService(Service):
    """An API and a Worker; `as_principal` is a client with the token of a principal."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        super().__init__(folder, **settings)
        store = TokenStore(self.settings)
        self.tokens = {
            name: store.create_token(principal)[0] for name, principal in PRINCIPALS.items()
        }
        store.close()
        self._clients: list[httpx.Client] = []

    def as_principal(self, name: str) -> httpx.Client:
        """Return a client that sends the token of a principal."""
        return self.with_headers(Authorization=f"Bearer {self.tokens[name]}")

    def with_headers(self, **headers: str) -> httpx.Client:
        client = httpx.Client(
            base_url=self.url, headers=headers, timeout=60, limits=NO_LIMITS, verify=TLS
        )
        self._clients.append(client)
        return client

    def stop(self) -> None:
        for client in self._clients:
            client.close()
        super().stop()
