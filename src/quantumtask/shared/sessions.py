"""Sessions of browsers: after a login, a cookie with a secret id stands for a principal.

What holds for tokens holds for session ids: 256 random bits, of which the database has the first
characters and the SHA-256.
"""

from typing import NamedTuple

from quantumtask.shared.principal import Principal, Role

SESSION_MARK = "qs_"
SESSION_S = 8 * 3600.0
"""Lifetime of a session: a working day."""
MAX_SESSIONS = 20
"""Sessions of one principal; a login beyond them ends the oldest."""


class Session(NamedTuple):
    """A session as the database has it. Times are in seconds since 1970.

    Attributes:
        prefix: The first characters of the id; no two sessions have the same.
        hash: SHA-256 of the whole id, in hexadecimal digits.
        token: The prefix of the token of the login, with which the session ends; None: the login
            was at a provider of OpenID Connect.
    """

    prefix: str
    hash: str
    token: str | None
    name: str
    project: str
    role: str
    created_at: float
    expires_at: float

    @property
    def principal(self) -> Principal:
        """The principal who logged in."""
        return Principal(self.name, self.project, Role(self.role))
