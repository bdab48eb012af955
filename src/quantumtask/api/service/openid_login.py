"""Login of a browser at a provider of OpenID Connect: authorization code flow with PKCE (RFC 7636).

The browser keeps one secret in a cookie between the two steps. What the flow needs is derived from
it: `state` proves that this browser began the login, `nonce` that the ID token was made for it,
and the verifier that the code was requested for it. The service keeps nothing.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from quantumtask.api.service.openid import IdTokens
from quantumtask.shared.access import is_loopback
from quantumtask.shared.errors import Unauthenticated, Unavailable
from quantumtask.shared.principal import Principal
from quantumtask.shared.settings import Settings

_FETCH_S = 10.0
_MAX_ANSWER_BYTES = 1024 * 1024
_ENDPOINTS_MAX_AGE_S = 600.0
_SCOPES = ("openid", "profile", "email", "groups")
"""`openid` is asked for always, the others if the provider has them."""


class Authorization(NamedTuple):
    """The begin of a login: the page of the provider, and the secret for the cookie."""

    url: str
    secret: str


class Endpoints(NamedTuple):
    """The URLs and the scopes of a provider."""

    authorization: str
    token: str
    scope: str


class OpenIdLogin:
    """The two steps of a login. Belongs to the event loop.

    Args:
        settings: The issuer, and the id of this client.
        id_tokens: The check of ID tokens.
    """

    def __init__(self, settings: Settings, id_tokens: IdTokens) -> None:
        self._issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        self._id_tokens = id_tokens
        self._endpoints: Endpoints | None = None
        self._fetched_at = 0.0

    async def begin(self, redirect_url: str) -> Authorization:
        """Return the page at which the person logs in.

        Args:
            redirect_url: The address to which the provider sends the browser back.

        Raises:
            Unavailable: the provider does not answer.
        """
        endpoints = await asyncio.to_thread(self._find_endpoints)
        secret = secrets.token_urlsafe(32)
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_url,
            "scope": endpoints.scope,
            "state": _derive("state", secret),
            "nonce": _derive("nonce", secret),
            "code_challenge": _digest(_derive("verifier", secret)),
            "code_challenge_method": "S256",
        }
        joint = "&" if urlsplit(endpoints.authorization).query else "?"
        return Authorization(f"{endpoints.authorization}{joint}{urlencode(query)}", secret)

    async def finish(self, code: str, state: str, secret: str, redirect_url: str) -> Principal:
        """Return the principal who has logged in.

        Args:
            code: The code of the provider.
            state: The state that came back with the code.
            secret: The secret in the cookie of the browser.
            redirect_url: The address that `begin` had.

        Raises:
            Unauthenticated: the login was not begun by this browser, or the provider refuses it.
            Forbidden: the person has no rights here.
            Unavailable: the provider does not answer.
        """
        if not secret or not hmac.compare_digest(
            state.encode("utf-8", "replace"), _derive("state", secret).encode()
        ):
            raise Unauthenticated(
                "this browser did not begin the login, or the login took too long: begin it again"
            )
        form = {
            "grant_type": "authorization_code",
            "client_id": self._client_id,
            "code": code,
            "redirect_uri": redirect_url,
            "code_verifier": _derive("verifier", secret),
        }
        answer = await asyncio.to_thread(self._fetch_token, form)
        return await self._id_tokens.identify_login(answer, _derive("nonce", secret))

    def _find_endpoints(self) -> Endpoints:
        if self._endpoints is None or time.monotonic() - self._fetched_at > _ENDPOINTS_MAX_AGE_S:
            self._endpoints = self._fetch_endpoints()
            self._fetched_at = time.monotonic()
        return self._endpoints

    def _fetch_endpoints(self) -> Endpoints:
        url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        about = self._fetch(url)
        if about.get("issuer") != self._issuer:
            raise Unavailable(f"{self._issuer} is not a provider of OpenID Connect of this name")
        known = about.get("scopes_supported") or ()
        return Endpoints(
            self._secure(about.get("authorization_endpoint")),
            self._secure(about.get("token_endpoint")),
            " ".join(scope for scope in _SCOPES if scope in known or scope == "openid"),
        )

    def _secure(self, url: object) -> str:
        """Return the URL; raise Unavailable if codes would travel without encryption."""
        parts = urlsplit(str(url))
        local = parts.scheme == "http" and is_loopback(parts.hostname or "")
        if parts.scheme != "https" and not local:
            raise Unavailable(f"{self._issuer} lists an endpoint without https: {url!r}")
        return str(url)

    def _fetch_token(self, form: dict[str, str]) -> str:
        answer = self._fetch(self._find_endpoints().token, urlencode(form).encode())
        if not isinstance(token := answer.get("id_token"), str):
            error = str(answer.get("error") or "it sent no ID token")[:80]
            raise Unauthenticated(f"{self._issuer} refuses the login: {error}")
        return token

    def _fetch(self, url: str, form: bytes | None = None) -> dict[str, Any]:
        """Return the JSON object of an answer, one that says an error included."""
        request = Request(url, form, {"Accept": "application/json"})
        try:
            with _OPENER.open(request, timeout=_FETCH_S) as answer:
                fields = json.loads(answer.read(_MAX_ANSWER_BYTES))
        except HTTPError as error:
            with error:
                fields = _error_fields(error)
        except (OSError, ValueError) as error:
            raise Unavailable(f"{self._issuer} does not answer: {error}") from None
        if not isinstance(fields, dict):
            raise Unavailable(f"{self._issuer} sent no JSON object")
        return fields


def _error_fields(error: HTTPError) -> Any:
    if error.code in (400, 401):
        try:
            return json.loads(error.read(_MAX_ANSWER_BYTES))
        except (OSError, ValueError):
            return {"error": f"status {error.code}"}
    raise Unavailable(f"{error.url} answers with status {error.code}")


class NoRedirects(HTTPRedirectHandler):
    """Takes a redirect for an error: a code goes to the provider itself, and to no other."""

    def redirect_request(self, *_: Any) -> None:
        """Follow no redirect."""


_OPENER = build_opener(NoRedirects)


def _derive(purpose: str, secret: str) -> str:
    return _digest(f"{purpose}:{secret}")


def _digest(text: str) -> str:
    """Return the SHA-256 of a text, in base64 of URLs without padding."""
    digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
