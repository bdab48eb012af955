"""The principal of a request, found before any handler runs."""

from starlette.requests import cookie_parser
from starlette.types import Scope

from quantumtask.api.service.authenticator import Authenticator, Credential
from quantumtask.shared.errors import Forbidden
from quantumtask.shared.principal import LOCAL, Principal

SESSION_PATH = "/session"
OPENID_LOGIN_PATH = "/login/openid"
OPENID_CALLBACK_PATH = "/login/openid/callback"

_OPEN_PATHS = frozenset(
    {
        "/", "/health", "/ready", "/login", "/openapi.json", "/docs",
        "/favicon.ico",
        SESSION_PATH, OPENID_LOGIN_PATH, OPENID_CALLBACK_PATH,
    }
)  # fmt: skip
_OPEN_PREFIXES = ("/docs/", "/ui/")
"""Paths without a secret: the state of the service for its supervisor, logins, the documentation,
and the files of the page."""

SESSION_COOKIES = ("__Host-quantumtask-session", "quantumtask-session")
"""Names of the cookie: the first one over HTTPS, where a browser takes it from this host alone."""
PAGE_HEADER = "X-Requested-With"
"""Header that a page of the service sends with each request that changes something. A page of
another origin could send it only after a question that the service answers with no."""

_READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_READING_POSTS = frozenset({"/validate", "/estimate", "/draw"})
"""Paths that a client posts a circuit to, where nothing is run or stored."""


async def authenticate(authenticator: Authenticator, scope: Scope) -> Principal:
    """Return the sender of a request.

    Raises:
        Unauthenticated: the request needs a token, and has none that is valid.
        Forbidden: the role of the sender does not allow the request, or the request changes
            something and has a cookie without the header of the page (see `check_page`).
        StoreUnavailable: the database does not answer.
    """
    path = scope["path"]
    if is_open(path):
        return LOCAL
    credential = credential_of(scope)
    principal = await authenticator.identify(credential)
    if credential.session and not principal.chooses_owner:
        check_page(scope)
    check_role(principal, only_reads(scope["method"], path))
    return principal


def check_role(principal: Principal, reads: bool) -> None:
    """Raise Forbidden if the role of a principal does not allow its request.

    Args:
        principal: The sender of the request.
        reads: True if the request changes nothing: every role allows that.
    """
    if not principal.writes and not reads:
        raise Forbidden(
            f"the role of your token is {principal.role}, which neither submits nor cancels tasks: "
            "use a token of the role user"
        )


def credential_of(scope: Scope) -> Credential:
    """Return the secret of a request, the first of these that it has.

    A token in the header `X-API-Key` or `Authorization: Bearer`; a session in the cookie.
    """
    token = cookies = None
    for name, value in scope["headers"]:
        if name == b"x-api-key":
            return Credential(value.decode("latin-1"))
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            token = value[7:].decode("latin-1").strip()
        elif name == b"cookie":
            cookies = value if cookies is None else cookies + b";" + value
    if token is not None or cookies is None:
        return Credential(token)
    return Credential(None, _session_in(cookies.decode("latin-1")))


def find_authorization(scope: Scope, scheme: str) -> str | None:
    """Return the token of a request in the header `Authorization: SCHEME TOKEN`; None without it.

    Args:
        scope: The request.
        scheme: The word before the token, in any case.
    """
    for name, value in scope["headers"]:
        word, _, token = value.partition(b" ")
        if name == b"authorization" and word.lower() == scheme.lower().encode():
            return str(token.strip().decode("latin-1"))
    return None


def _session_in(cookies: str) -> str | None:
    values = cookie_parser(cookies)
    return next((values[name] for name in SESSION_COOKIES if name in values), None)


def check_page(scope: Scope) -> None:
    """Raise Forbidden if a request that changes something may come from a page of another site.

    A browser adds a cookie to every request that it sends here. This rule stands beside `SameSite`
    of the cookie and the rules on `Origin`.
    """
    if scope["method"] in _READING_METHODS:
        return
    header = PAGE_HEADER.lower().encode()
    if not any(name == header and value.strip() for name, value in scope["headers"]):
        raise Forbidden(
            f"{PAGE_HEADER}: a request that changes something must have this header, with any "
            "value, if it has the session cookie of a browser; programs send a token instead"
        )


def is_open(path: str) -> bool:
    """Return True if a path needs no token."""
    return path in _OPEN_PATHS or path.startswith(_OPEN_PREFIXES)


def only_reads(method: str, path: str) -> bool:
    """Return True if a request submits and cancels nothing."""
    return method in _READING_METHODS or path in _READING_POSTS
