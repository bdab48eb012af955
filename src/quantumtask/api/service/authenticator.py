"""Lookup of the principal that a token or a session belongs to.

Tables of all tokens and sessions are in memory, and are read again every few seconds.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from quantumtask.api.service.temporary_tokens import TemporaryTokens
from quantumtask.shared.access import OFF, tokens_required
from quantumtask.shared.errors import Forbidden, StoreUnavailable, Unauthenticated, Unavailable
from quantumtask.shared.principal import LOCAL, Principal
from quantumtask.shared.sessions import SESSION_MARK, Session
from quantumtask.shared.settings import Settings
from quantumtask.shared.tokens import AccessToken, matches, prefix_of

if TYPE_CHECKING:
    from quantumtask.api.service.openid import IdTokens

REFRESH_S = 2.0
"""Age at which the table is read again, beside the requests."""
MAX_AGE_S = 4.0
"""Age at which requests wait for the table: a revoked token works no longer than that."""
MIN_AGE_S = 0.2
"""Age at which the table is read for an unknown token, which may be new; its request waits."""

BEARER = "Authorization: Bearer"
TOKEN_MISSING = (
    "a token is required: send `{header} qt_...`. The operator creates one with "
    "`quantumtask token create NAME`"
)
TOKEN_INVALID = "the token is not valid: it is unknown, was revoked or has expired"
SESSION_INVALID = "the session has ended: log in again"

Secrets = tuple[Sequence[AccessToken], Sequence[Session]]
"""All tokens and all sessions."""


class Credential(NamedTuple):
    """The secret of a request: one of these, or none."""

    token: str | None
    session: str | None = None
    temporary_token: str | None = None


class Authenticator:
    """Finds the principal of a request by its token or session. Belongs to the event loop.

    Attributes:
        id_tokens: The check of ID tokens; None: no provider of OpenID Connect is set.
        temporary_tokens: Issues temporary tokens.

    Args:
        settings: The settings of the API.
        secret: The secret of this installation.
        secrets: All tokens and sessions in the database at the start.
        read_secrets: Reads all tokens and sessions from the database.
    """

    def __init__(
        self,
        settings: Settings,
        secret: str,
        secrets: Secrets,
        read_secrets: Callable[[], Awaitable[Secrets]],
    ) -> None:
        self._settings = settings
        self._read_secrets = read_secrets
        self._reading: asyncio.Task[StoreUnavailable | None] | None = None
        self._answers = True  # the database did, at the last reading
        self.id_tokens = _open_id_tokens(settings)
        self.temporary_tokens = TemporaryTokens(secret)
        self._update(secrets)

    @property
    def is_required(self) -> bool:
        """True if every request needs a token or a session."""
        return self._required and self._settings.auth != OFF

    def _update(self, secrets: Secrets) -> None:
        tokens, sessions = secrets
        self._tokens = {token.prefix: (token, token.principal) for token in tokens}
        self._sessions = {each.prefix: each for each in sessions}
        self._required = tokens_required(self._settings, tokens)
        self._read_at = time.monotonic()

    async def identify(self, credential: Credential, header: str = BEARER) -> Principal:
        """Return the principal of a token or a session; LOCAL while authentication is off.

        Args:
            credential: The secret of a request.
            header: The header before a token, for the error about a missing one.

        Raises:
            Unauthenticated: a token is required, and this one is missing or not valid.
            Forbidden: an ID token of OpenID Connect gives no rights.
            Unavailable: the database, or the provider of OpenID Connect, does not answer.
        """
        if self._settings.auth == OFF:
            return LOCAL
        token = credential.token
        if self.id_tokens and token and token.count(".") == 2:
            return await self.id_tokens.identify(token)
        if self._age_s > REFRESH_S:
            # Without authentication, a database that does not answer holds up no request here.
            await self._renew(self._age_s > MAX_AGE_S and (self._required or self._answers))
        if self._may_be_new(credential):
            # Twice, because a reading that is under way may have begun before the token existed.
            await self._renew(wait=True)
            if self._may_be_new(credential):
                await self._renew(wait=True)
        return self.find(credential, header)

    async def knows(self, credential: Credential) -> bool:
        """Return False if a token or a session has become invalid since the request began."""
        try:
            await self.identify(credential)
        except (Unauthenticated, Forbidden, Unavailable):
            return False
        return True

    def find(self, credential: Credential, header: str = BEARER) -> Principal:
        """Look up the principal in the tables in memory, or raise Unauthenticated."""
        if not self._required:
            return LOCAL
        if credential.token is not None:
            return self._find_token(credential.token)
        if credential.temporary_token is not None:
            return self._find_temporary_token(credential.temporary_token)
        if credential.session is None:
            raise Unauthenticated(TOKEN_MISSING.format(header=header))
        session = self.find_session(credential.session)
        if session is None:
            raise Unauthenticated(SESSION_INVALID)
        return session.principal

    def _find_token(self, token: str) -> Principal:
        known = self._tokens.get(prefix_of(token) or "")
        if known is None or not matches(token, known[0].hash) or not known[0].is_valid(time.time()):
            raise Unauthenticated(TOKEN_INVALID)
        return known[1]

    def _find_temporary_token(self, text: str) -> Principal:
        grant = self.temporary_tokens.read(text)
        if grant.principal:
            if self.id_tokens is None:
                raise Unauthenticated(TOKEN_INVALID)
            return grant.principal
        known = self._tokens.get(grant.prefix or "")
        if known is None or not known[0].is_valid(time.time()):
            raise Unauthenticated(TOKEN_INVALID)
        return known[1]

    def find_session(self, text: str) -> Session | None:
        """Return the session with this id, if neither it nor its login has ended."""
        session = self._sessions.get(prefix_of(text, SESSION_MARK) or "")
        if session is None or not matches(text, session.hash) or time.time() > session.expires_at:
            return None
        if session.token is None:
            return session if self.id_tokens else None
        token = self._tokens.get(session.token)
        return session if token and token[0].is_valid(time.time()) else None

    def add_session(self, session: Session) -> None:
        """Add a session that this process has just stored, without waiting for the next reading."""
        self._sessions[session.prefix] = session

    async def renew(self) -> None:
        """Read tokens and sessions again after a change, also if a reading runs already."""
        if self._reading and not self._reading.done():
            await self._renew(wait=True)
        await self._renew(wait=True)

    def _may_be_new(self, credential: Credential) -> bool:
        """Return True for a text of the form of a token or session that is in no table."""
        if not self._required:
            return False
        if credential.token is not None:
            prefix = prefix_of(credential.token)
            return prefix is not None and prefix not in self._tokens
        prefix = prefix_of(credential.session or "", SESSION_MARK)
        return prefix is not None and prefix not in self._sessions

    @property
    def _age_s(self) -> float:
        return time.monotonic() - self._read_at

    async def _renew(self, wait: bool) -> None:
        """Read the tokens again, once for all requests; `wait` for the end of the reading."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        if wait:
            error = await asyncio.shield(self._reading)
            if error and self._required and self._age_s > MAX_AGE_S:
                raise error

    async def _read(self) -> StoreUnavailable | None:
        await asyncio.sleep(max(0.0, MIN_AGE_S - self._age_s))
        try:
            self._update(await self._read_secrets())
        except StoreUnavailable as error:
            self._answers = False
            return error
        self._answers = True
        return None


def _open_id_tokens(settings: Settings) -> "IdTokens | None":
    """Return the check of ID tokens; None if no provider of OpenID Connect is set."""
    if not settings.oidc_issuer:
        return None
    # Imported here, because PyJWT is an extra, and importing it takes a while.
    from quantumtask.api.service.openid import IdTokens

    return IdTokens(settings)
