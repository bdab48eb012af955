"""Temporary tokens: signed texts (JWT) that stand for a token, or a principal, for an hour.

Protocols that exchange a secret for a temporary token need them. None is stored. One that stands
for a token of this service is valid no longer than that token; it names the token, whose rights
are looked up at each request. One that stands for an ID token of OpenID Connect names the rights
themselves, and ends with the ID token.
"""

import hashlib
import hmac
import time
from typing import Any, NamedTuple

from quantumtask.shared.errors import Unauthenticated
from quantumtask.shared.principal import Principal, Role
from quantumtask.shared.tokens import prefix_of

TEMPORARY_S = 3600.0
_ALGORITHM = "HS256"
_ISSUER = "quantumtask"
_PURPOSE = b"temporary tokens"
"""The purpose of the key, which is derived from a secret that has others."""
_INVALID = "the temporary token is not valid: {reason}; exchange your token for a new one"


class TemporaryToken(NamedTuple):
    """A temporary token. Times are in seconds since 1970."""

    text: str
    issued_at: int
    expires_at: int


class Grant(NamedTuple):
    """The right that a temporary token gives: that of a token, or that of a principal.

    Attributes:
        prefix: The prefix of the token.
        principal: The principal.
    """

    prefix: str | None
    principal: Principal | None


class TemporaryTokens:
    """Issues and reads temporary tokens.

    Args:
        secret: The secret that all API processes of an installation have in common.
    """

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)

    def issue(self, token: str, principal: Principal) -> TemporaryToken:
        """Return a temporary token.

        Args:
            token: A token, or an ID token of OpenID Connect; both are valid.
            principal: The principal of it.
        """
        import jwt  # here, because it takes a while, and one protocol needs it

        now = time.time()
        expires_at = now + TEMPORARY_S
        claims: dict[str, Any] = {"iss": _ISSUER, "sub": principal.name}
        prefix = prefix_of(token)
        if prefix is not None:
            claims["token"] = prefix
        elif not principal.chooses_owner:
            expires_at = min(expires_at, _end_of(token))
            claims |= {"project": principal.project, "role": str(principal.role)}
        claims |= {"iat": int(now), "exp": int(expires_at)}
        text = jwt.encode(claims, self._key, _ALGORITHM)
        return TemporaryToken(text, claims["iat"], claims["exp"])

    def read(self, text: str) -> Grant:
        """Return the right of a temporary token, or raise Unauthenticated."""
        import jwt

        try:
            claims = jwt.decode(
                text,
                self._key,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                options={"require": ["exp", "iat", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated(_INVALID.format(reason=str(error).lower())) from None
        if "token" in claims:
            return Grant(claims["token"], None)
        if "role" not in claims:  # issued while authentication was off
            raise Unauthenticated(_INVALID.format(reason="it stands for no token"))
        return Grant(None, Principal(claims["sub"], claims["project"], Role(claims["role"])))


def _end_of(id_token: str) -> float:
    """Return the end of an ID token whose signature was checked before."""
    import jwt

    claims = jwt.decode(id_token, options={"verify_signature": False})
    return float(claims["exp"])
