"""Logins of browsers: a token, or an ID token of a provider, is exchanged for a session."""

import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from quantumtask.api.service.authenticator import Authenticator, Credential
from quantumtask.api.service.rate_limiter import TokenBucket
from quantumtask.shared.api_store import ApiStore
from quantumtask.shared.audit import Sender
from quantumtask.shared.errors import RateExceeded, RequestError, Unauthenticated
from quantumtask.shared.principal import Principal
from quantumtask.shared.sessions import Session
from quantumtask.shared.settings import Settings
from quantumtask.shared.tokens import prefix_of

if TYPE_CHECKING:
    from quantumtask.api.service.openid_login import OpenIdLogin

log = logging.getLogger(__name__)

_RATE, _WINDOW_S = 0.5, 40.0
"""Logins in a second, and the time after which the whole quota of 20 is back."""
_MAX_BUCKETS = 10_000


class LoginService:
    """Begins and ends sessions. Belongs to the event loop.

    Args:
        settings: The settings of the API.
        authenticator: The check of tokens.
        calls: Runs a function on the Store.
    """

    def __init__(
        self,
        settings: Settings,
        authenticator: Authenticator,
        calls: Callable[[Callable[[ApiStore], Any]], Awaitable[Any]],
    ) -> None:
        self._authenticator = authenticator
        self._calls = calls
        self._limiter = _LoginLimiter()
        self.openid = _open_openid_login(settings, authenticator)

    async def log_in(self, token: str, address: str) -> tuple[str, Session]:
        """Return the id of a new session, and the session.

        A valid token is never refused for wrong ones that others try from the same address.

        Raises:
            Unauthenticated: the token is not valid.
            Forbidden: the ID token is valid, and gives no rights.
            RateExceeded: too many wrong tokens from this address, or logins of this principal.
            Unavailable: the database, or the provider of OpenID Connect, does not answer.
        """
        try:
            principal = await self._authenticator.identify(Credential(token))
        except RequestError as error:
            self._refuse(error, address)
            raise
        return await self._create(principal, prefix_of(token), address)

    async def finish_openid(
        self, code: str, state: str, secret: str, redirect_url: str, address: str
    ) -> tuple[str, Session]:
        """Return a new session after a login at the provider; raise as `OpenIdLogin.finish`."""
        if self.openid is None:
            raise Unauthenticated("no provider of OpenID Connect is set")
        self._limiter.check(f"address {address}")  # before the question to the provider
        try:
            principal = await self.openid.finish(code, state, secret, redirect_url)
        except RequestError as error:
            self._refuse(error, address)
            raise
        return await self._create(principal, None, address)

    def _refuse(self, error: RequestError, address: str) -> None:
        """Count a login that failed, and write it into the log unless there were too many."""
        self._limiter.take(f"address {address}")
        log.warning("login refused", extra={"reason": error.message, "address": address})

    async def log_out(self, text: str, address: str) -> None:
        """End the session with this id; one that has ended already is left as it is."""
        session = self._authenticator.find_session(text)
        if session is not None:
            sender = Sender.from_request(session.principal, address)
            prefix, project = session.prefix, session.project
            await self._calls(lambda store: store.end_sessions(prefix, project, sender))
            await self._authenticator.renew()

    async def _create(
        self, principal: Principal, token: str | None, address: str
    ) -> tuple[str, Session]:
        self._limiter.take(f"principal {principal.project}/{principal.name}")
        created: tuple[str, Session] = await self._calls(
            lambda store: store.create_session(principal, token, address=address)
        )
        self._authenticator.add_session(created[1])
        return created


class _LoginLimiter:
    """Counts wrong logins of addresses, and logins of principals, to this process."""

    def __init__(self) -> None:
        self._buckets: dict[str, TokenBucket] = {}

    def take(self, key: str) -> None:
        """Count a login; raise RateExceeded if there were too many."""
        now = time.monotonic()
        if key not in self._buckets and len(self._buckets) >= _MAX_BUCKETS:
            self._buckets.clear()
        bucket = self._buckets.setdefault(key, TokenBucket(_RATE, now, _WINDOW_S))
        if wait_s := bucket.take(now):
            raise self._exceeded(bucket, wait_s)

    def check(self, key: str) -> None:
        """Raise RateExceeded if a login that failed now would be one too many."""
        bucket, now = self._buckets.get(key), time.monotonic()
        if bucket and (wait_s := bucket.wait_s(now)):
            raise self._exceeded(bucket, wait_s)

    def _exceeded(self, bucket: TokenBucket, wait_s: float) -> RateExceeded:
        return RateExceeded(
            "too many logins: wait for some seconds",
            "login",
            math.floor(bucket.capacity),
            math.ceil(_WINDOW_S),
            math.ceil(wait_s),
        )


def _open_openid_login(settings: Settings, authenticator: Authenticator) -> "OpenIdLogin | None":
    """Return the login at a provider; None if no provider is set."""
    if authenticator.id_tokens is None:
        return None
    # Imported here, because PyJWT is an extra.
    from quantumtask.api.service.openid_login import OpenIdLogin

    return OpenIdLogin(settings, authenticator.id_tokens)
