"""OpenID Connect: check of the ID tokens of a provider, and their principals."""

import asyncio
import hmac
import json
import logging
import threading
import time
from typing import Any
from urllib.request import urlopen

import jwt

from quantumtask.shared.access import group_rights
from quantumtask.shared.errors import Forbidden, Unauthenticated, Unavailable
from quantumtask.shared.principal import Principal, check_name
from quantumtask.shared.settings import Settings

log = logging.getLogger(__name__)

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Signatures with a public key. With a shared secret, this service could sign tokens, too."""

_FETCH_S = 5.0
_MIN_PAUSE_S = 10.0
"""Shortest time between two fetches, which tokens with unknown keys cause."""
_KEYS_MAX_AGE_S = 600.0
"""Age at which the keys are fetched again: the provider may have withdrawn one."""
_LEEWAY_S = 30.0
"""Largest difference of the clocks of the provider and of this machine."""
_MAX_CACHED_TOKENS = 1000


class IdTokens:
    """Checks ID tokens: signature, issuer, audience and lifetime. Belongs to the event loop.

    Args:
        settings: The issuer, the id of this client, and the projects and roles of groups.
    """

    def __init__(self, settings: Settings) -> None:
        self._issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        self._rights = group_rights(settings)
        self._cached: dict[str, tuple[Principal, float]] = {}
        self._keys = _Keys(self._issuer)

    async def identify(self, token: str) -> Principal:
        """Return the principal of an ID token.

        Raises:
            Unauthenticated: the token is not valid.
            Forbidden: the token is valid, and none of its groups has a project here.
            Unavailable: the provider does not answer.
        """
        known = self._cached.get(token)
        if known and time.time() < known[1]:
            return known[0]
        claims = await asyncio.to_thread(self._verify, token)
        principal = self._principal(claims)
        if len(self._cached) >= _MAX_CACHED_TOKENS:
            self._cached.clear()
        self._cached[token] = principal, min(claims["exp"], time.time() + _KEYS_MAX_AGE_S)
        return principal

    async def identify_login(self, token: str, nonce: str) -> Principal:
        """Return the principal of the ID token of a login; raise as `identify` does.

        Args:
            token: The ID token.
            nonce: The text by which the token belongs to this login and to no other.
        """
        claims = await asyncio.to_thread(self._verify, token)
        if not hmac.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
            raise Unauthenticated("the ID token is not valid: it belongs to another login")
        return self._principal(claims)

    def _verify(self, token: str) -> dict[str, Any]:
        """Return the claims of a token; runs in a thread, because it may fetch the keys."""
        try:
            key = self._keys.find(str(jwt.get_unverified_header(token).get("kid")))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                audience=self._client_id,
                issuer=self._issuer,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated(f"the ID token is not valid: {error}") from None
        return claims

    def _principal(self, claims: dict[str, Any]) -> Principal:
        groups = claims.get("groups") or ()
        for group, (project, role) in self._rights.items():
            if group in groups:
                return Principal(_name(claims), project, role)
        raise Forbidden(
            "none of your groups has a project here: the operator can add one of them to "
            "QUANTUMTASK_OIDC_GROUPS"
        )


def _name(claims: dict[str, Any]) -> str:
    """Return the name by which people know the subject, or else its id."""
    for claim in ("preferred_username", "email", "sub"):
        name = str(claims.get(claim) or "")
        try:
            check_name(name)
        except ValueError:
            continue
        return name
    raise Unauthenticated("the ID token has no name of at most 50 printable characters")


class _Keys:
    """The public keys of a provider, by their ids; fetched again from time to time."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer.rstrip("/")
        self._key_of: dict[str, jwt.PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._fetching = threading.Lock()

    def find(self, key_id: str) -> jwt.PyJWK:
        """Return a key; raise Unauthenticated if the provider has no such key."""
        if self._are_old() or key_id not in self._key_of:
            with self._fetching:  # a request that comes meanwhile waits for the same keys
                self._renew()
        if self._are_old():
            raise Unavailable(f"{self._issuer} does not return its keys; try again later")
        if key_id not in self._key_of:
            raise Unauthenticated("the ID token is not valid: its provider has no such key")
        return self._key_of[key_id]

    def _are_old(self) -> bool:
        return time.monotonic() - self._fetched_at > _KEYS_MAX_AGE_S

    def _renew(self) -> None:
        """Fetch the keys, unless that was tried a short time ago."""
        if time.monotonic() - self._tried_at < _MIN_PAUSE_S:
            return
        self._tried_at = time.monotonic()
        try:
            about = _fetch_json(f"{self._issuer}/.well-known/openid-configuration")
            keys = jwt.PyJWKSet.from_dict(_fetch_json(about["jwks_uri"])).keys
        except (OSError, ValueError, LookupError, TypeError, jwt.PyJWTError) as error:
            log.warning("keys not fetched", extra={"issuer": self._issuer, "reason": str(error)})
            return
        self._key_of = {str(key.key_id): key for key in keys}
        self._fetched_at = time.monotonic()


def _fetch_json(url: str) -> Any:
    with urlopen(url, timeout=_FETCH_S) as answer:  # `oidc_issuer` is https, or on this machine
        return json.load(answer)
