"""Operations on tokens for administrators, on the Store that the API has open."""

from collections.abc import Awaitable, Callable
from typing import Any

from quantumtask.api.service.authenticator import Authenticator
from quantumtask.shared.api_store import ApiStore
from quantumtask.shared.audit import Sender
from quantumtask.shared.errors import InvalidRequest, TokenNotFound
from quantumtask.shared.principal import ALL_PROJECTS, Principal, check_name, check_project
from quantumtask.shared.tokens import PREFIX_CHARACTERS, AccessToken


class TokenService:
    """Lists, creates and revokes tokens. Belongs to the event loop.

    Args:
        authenticator: The check of tokens, which learns of each change.
        calls: Runs a function on the Store.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        calls: Callable[[Callable[[ApiStore], Any]], Awaitable[Any]],
    ) -> None:
        self._authenticator = authenticator
        self._calls = calls

    async def list_all(self) -> list[AccessToken]:
        """Return all tokens, the oldest first."""
        tokens: list[AccessToken] = await self._calls(ApiStore.tokens)
        return tokens

    async def create(
        self, principal: Principal, lifetime_s: float | None, sender: Sender
    ) -> tuple[str, AccessToken]:
        """Return the text and the row of a new token, or raise InvalidRequest."""
        try:
            check_name(principal.name)
            check_project(principal.project)
        except ValueError as error:
            raise InvalidRequest(str(error)) from None
        created: tuple[str, AccessToken] = await self._calls(
            lambda store: store.create_token(principal, lifetime_s, sender)
        )
        return created

    async def revoke(self, prefix: str, sender: Sender) -> AccessToken:
        """Revoke one token and return it, or raise TokenNotFound."""
        revoked: list[AccessToken] = []
        if len(prefix) == PREFIX_CHARACTERS:  # a shorter text would be a name
            revoked = await self._calls(
                lambda store: store.revoke_tokens(prefix, ALL_PROJECTS, sender)
            )
        if not revoked:
            raise TokenNotFound
        await self._authenticator.renew()
        return revoked[0]
