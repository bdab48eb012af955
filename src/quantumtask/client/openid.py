"""Login of a person at a provider of OpenID Connect: device authorization grant (RFC 8628).

The person confirms the login in a browser, on any machine. The client needs no port and no secret.
"""

import base64
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

from quantumtask.client import credentials
from quantumtask.client.credentials import Login
from quantumtask.client.errors import ServiceError
from quantumtask.client.service_url import LOOPBACK_HOSTS
from quantumtask.client.transport import TransportError, json_object, send_once

Json = dict[str, Any]

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SCOPES = ("openid", "profile", "email", "groups", "offline_access")
"""`openid` is asked for always, the others if the provider has them."""
_REQUEST_S = 30.0
_INTERVAL_S = 5.0
"""Pause between two questions without an interval of the provider; also what `slow_down` adds."""
_MARGIN_S = 60.0
"""Time before the end of an ID token at which it is refreshed; clocks may differ."""


@dataclass(frozen=True)
class Provider:
    """The endpoints of a provider, and the id of the service there."""

    issuer: str
    client_id: str
    token_url: str
    device_url: str | None
    scope: str


@dataclass(frozen=True)
class DeviceCode:
    """A login that waits for a person.

    Attributes:
        code: Secret by which this client asks for the tokens.
        user_code: Code that the person enters.
        url: Page on which the person enters it.
        interval_s: Seconds between two questions for the tokens.
        lifetime_s: Seconds until the login ends without tokens.
    """

    code: str
    user_code: str
    url: str
    interval_s: float
    lifetime_s: float


def discover(issuer: str, client_id: str) -> Provider:
    """Return the endpoints that a provider publishes.

    Raises:
        ServiceError: The provider does not answer, publishes another issuer than `issuer`, or has
            an address without TLS, so that secrets would not be encrypted.
    """
    issuer_url = _secure(issuer).rstrip("/")
    status, about = _send("GET", f"{issuer_url}/.well-known/openid-configuration")
    if status != HTTPStatus.OK or about.get("issuer") != issuer:
        raise _failed(f"{issuer} is not a provider of OpenID Connect of this name")
    device_url = about.get("device_authorization_endpoint")
    known = about.get("scopes_supported") or ()
    return Provider(
        issuer,
        client_id,
        _secure(str(about.get("token_endpoint"))),
        _secure(str(device_url)) if device_url else None,
        " ".join(scope for scope in _SCOPES if scope in known or scope == "openid"),
    )


def request_code(provider: Provider) -> DeviceCode:
    """Begin a login; raise ServiceError if the provider has no such login."""
    if provider.device_url is None:
        raise _failed(f"{provider.issuer} has no device authorization: use `login --token`")
    form = {"client_id": provider.client_id, "scope": provider.scope}
    status, answer = _send("POST", provider.device_url, form)
    if status != HTTPStatus.OK:
        raise _refused(provider, answer)
    try:
        return DeviceCode(
            code=str(answer["device_code"]),
            user_code=str(answer["user_code"]),
            url=str(answer["verification_uri"]),
            interval_s=float(answer.get("interval", _INTERVAL_S)),
            lifetime_s=float(answer["expires_in"]),
        )
    except (LookupError, TypeError, ValueError) as error:
        raise _failed(f"{provider.issuer} began no login: {error!r}") from None


def wait_for_login(provider: Provider, device: DeviceCode) -> Login:
    """Ask for the tokens until the person has confirmed the login.

    Raises:
        ServiceError: The person refused, the time is over, or the provider refused.
    """
    end = time.monotonic() + device.lifetime_s
    interval_s = device.interval_s
    form = {"grant_type": _DEVICE_GRANT, "device_code": device.code}
    while time.monotonic() + interval_s < end:
        time.sleep(interval_s)
        try:
            status, answer = _send_form(provider, form)
        except ServiceError:  # no answer: RFC 8628 asks for longer and longer pauses
            interval_s = max(1.0, 2 * interval_s)
            continue
        if status == HTTPStatus.OK:
            return _login(provider, answer, refresh_token=None)
        if answer.get("error") == "slow_down":
            interval_s += _INTERVAL_S
        elif answer.get("error") != "authorization_pending":
            raise _refused(provider, answer)
    raise _refused(provider, {"error": "expired_token"})


def refresh(login: Login) -> Login:
    """Return the login with a new ID token.

    Raises:
        ServiceError: The login has ended, or the provider does not answer.
    """
    if not login.refresh_token:
        raise _ended(login)
    provider = discover(login.issuer, login.client_id)
    form = {"grant_type": "refresh_token", "refresh_token": login.refresh_token}
    status, answer = _send_form(provider, form)
    if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED):
        raise _ended(login)
    if status != HTTPStatus.OK:
        raise _refused(provider, answer)
    return _login(provider, answer, login.refresh_token)


def stored_token(url: str) -> "StoredToken | None":
    """Return the token that is stored for the service at a URL; None if there is none."""
    credential = credentials.load_credential(url)
    return None if credential is None else StoredToken(url, credential)


class StoredToken:
    """A token that is stored for a service, for any number of threads and processes.

    An ID token is refreshed before it ends.
    """

    def __init__(self, url: str, credential: str | Login) -> None:
        self._url = url
        self._lock = Lock()
        self._credential: str | Login | None = credential

    def read(self) -> str | None:
        """Return the token; raise ServiceError if the login has ended."""
        if not isinstance(self._credential, Login):
            return self._credential
        with self._lock:
            if _ends_soon(self._credential):
                self._credential = _refresh_stored(self._url)
        return (
            self._credential.id_token if isinstance(self._credential, Login) else self._credential
        )


def _refresh_stored(url: str) -> str | Login | None:
    """Refresh the stored login, unless another process has; a refresh token may work only once."""
    with credentials.lock():
        stored = credentials.load_credential(url)
        if isinstance(stored, Login) and _ends_soon(stored):
            stored = refresh(stored)
            credentials.store_login(url, stored)
    return stored


def _ends_soon(login: Login) -> bool:
    """Return True if an ID token has ended or will within a minute; the service checks the rest."""
    with suppress(LookupError, TypeError, ValueError):
        part = login.id_token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return time.time() > float(claims["exp"]) - _MARGIN_S
    return True


def _login(provider: Provider, answer: Json, refresh_token: str | None) -> Login:
    """Return the login of an answer; providers may leave the refresh token as it is."""
    if not isinstance(answer.get("id_token"), str):
        raise _failed(f"{provider.issuer} sent no ID token")
    return Login(
        provider.issuer,
        provider.client_id,
        answer["id_token"],
        answer.get("refresh_token") or refresh_token,
    )


def _send_form(provider: Provider, form: dict[str, str]) -> tuple[int, Json]:
    return _send("POST", provider.token_url, {**form, "client_id": provider.client_id})


def _send(method: str, url: str, form: dict[str, str] | None = None) -> tuple[int, Json]:
    """Return status and JSON object of an answer; redirects are not followed."""
    content = None if form is None else urlencode(form).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    try:
        answer = send_once(method, url, headers, _REQUEST_S, content)
    except (TransportError, ValueError) as error:
        raise _failed(f"{url} does not answer: {error}", HTTPStatus.SERVICE_UNAVAILABLE) from None
    return answer.status, json_object(answer) or {}


def _secure(url: str) -> str:
    """Return the URL; raise ServiceError if secrets would travel without encryption."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS):
        return url
    raise _failed(f"the provider of OpenID Connect must have a URL with https; got {url!r}")


def _refused(provider: Provider, answer: Json) -> ServiceError:
    error = str(answer.get("error") or "no reason")
    detail = _REASONS.get(error) or str(answer.get("error_description") or error)
    return _failed(f"{provider.issuer}: {detail}")


_REASONS = {
    "access_denied": "the login was refused in the browser",
    "expired_token": "the login was not confirmed in time; begin again",
}


def _failed(detail: str, status: int = HTTPStatus.FORBIDDEN) -> ServiceError:
    return ServiceError("login_failed", detail, status)


def _ended(login: Login) -> ServiceError:
    detail = f"the login at {login.issuer} has ended"
    return ServiceError("unauthenticated", detail, HTTPStatus.UNAUTHORIZED)
