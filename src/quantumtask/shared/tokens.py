"""Tokens, the secret texts by which principals are known.

A token is `qt_` and 256 random bits. The database has the first characters of a token, to find it
and to name it in lists, and the SHA-256 of the token. A salt and a slow hash are for passwords that
can be guessed; 256 random bits cannot be guessed.
"""

import hashlib
import hmac
import secrets
from typing import NamedTuple

from quantumtask.shared.principal import Principal, Role

TOKEN_MARK = "qt_"
"""Mark by which programs that look for leaked secrets recognise a token."""
_SECRET_BYTES = 32
PREFIX_CHARACTERS = len(TOKEN_MARK) + 8
_TOKEN_CHARACTERS = len(TOKEN_MARK) + 43


class AccessToken(NamedTuple):
    """A token as the database has it. Times are in seconds since 1970.

    Attributes:
        prefix: The first characters of the token; no two tokens have the same.
        hash: SHA-256 of the whole token, in hexadecimal digits.
        expires_at: End of its lifetime; None: it has none.
        revoked_at: Time of its revocation; None: it was not revoked.
    """

    prefix: str
    hash: str
    name: str
    project: str
    role: str
    created_at: float
    expires_at: float | None
    revoked_at: float | None

    @property
    def principal(self) -> Principal:
        """The principal who shows this token."""
        return Principal(self.name, self.project, Role(self.role))

    def is_valid(self, now: float) -> bool:
        """Return True if the token was not revoked and has not expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def new_secret(mark: str = TOKEN_MARK) -> str:
    """Return the text of a new token, or of another secret of the same length."""
    return mark + secrets.token_urlsafe(_SECRET_BYTES)


def prefix_of(text: str, mark: str = TOKEN_MARK) -> str | None:
    """Return the prefix of a token; None for a text that cannot be a token."""
    if len(text) != _TOKEN_CHARACTERS or not text.startswith(mark):
        return None
    return text[:PREFIX_CHARACTERS]


def hash_of(text: str) -> str:
    """Return the hash of a token."""
    return hashlib.sha256(text.encode()).hexdigest()


def matches(text: str, stored_hash: str) -> bool:
    """Return True if a hash is that of the text; the comparison takes the same time for any."""
    return hmac.compare_digest(hash_of(text), stored_hash)
