"""The token for the first circuit of `quantumtask up`, valid for that circuit alone."""

from collections.abc import Iterator
from contextlib import contextmanager

from quantumtask.shared.access import tokens_required
from quantumtask.shared.principal import ALL_PROJECTS, Principal, Role
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import DEFAULT_PROJECT
from quantumtask.shared.token_store import TokenStore

LIFETIME_S = 120.0
"""End of the token if this process cannot revoke it."""


@contextmanager
def bell_token(settings: Settings) -> Iterator[str | None]:
    """Create a token and revoke it at the end; yield None if the service requires no token."""
    store = TokenStore(settings)
    try:
        if not tokens_required(settings, store.tokens()):
            yield None
            return
        principal = Principal("quantumtask up", DEFAULT_PROJECT, Role.USER)
        text, token = store.create_token(principal, LIFETIME_S)
        try:
            yield text
        finally:
            store.revoke_tokens(token.prefix, ALL_PROJECTS)
    finally:
        store.close()
