"""Rules of access: when requests need a token, where the API may listen without one, open doors."""

import re
from collections.abc import Sequence
from importlib.util import find_spec
from ipaddress import ip_address
from urllib.parse import urlsplit

from quantumtask.shared.door_names import DOOR_NAMES, parse_doors
from quantumtask.shared.installation import install_command
from quantumtask.shared.principal import PROJECT, Role
from quantumtask.shared.settings import AUTH_MODES, PREFIX, Settings, SettingsError
from quantumtask.shared.token_store import TokenStore
from quantumtask.shared.tokens import AccessToken

AUTO, REQUIRED, OFF = AUTH_MODES


def is_loopback(host: str) -> bool:
    """Return True if only programs of this machine reach a service that listens on this address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # another name, or "": every address
        return False


def public_host(settings: Settings) -> str:
    """Return the address at which clients reach the API; "" stands for every address."""
    if not settings.published:
        return settings.host
    return settings.published.rpartition(":")[0].strip("[]")


def enabled_doors(settings: Settings) -> tuple[str, ...]:
    """Return the names of the doors that are open; `auto` opens all, on loopback alone."""
    names = parse_doors(settings.doors)
    if names is None:
        return DOOR_NAMES if is_loopback(public_host(settings)) else ()
    return names


def group_rights(settings: Settings) -> dict[str, tuple[str, Role]]:
    """Return the project and the role of each group of the provider of OpenID Connect.

    Raises:
        SettingsError: a part of the setting does not have the form `GROUP=PROJECT:ROLE`.
    """
    rights = {}
    for part in filter(str.strip, settings.oidc_groups.split(",")):
        match = _RIGHT.fullmatch(part.strip())
        if not match:
            raise SettingsError(
                f"{PREFIX}OIDC_GROUPS: each part must be a group, a project and a role, as in "
                f"staff=physics:user; got {part.strip()!r}"
            )
        rights[match["group"]] = match["project"], Role(match["role"])
    return rights


_RIGHT = re.compile(
    rf"(?P<group>[^=]+)=(?P<project>{PROJECT}):(?P<role>{'|'.join(Role)})", re.ASCII
)


def check_openid(settings: Settings) -> None:
    """Raise SettingsError if the settings of OpenID Connect cannot be used."""
    rights, issuer = group_rights(settings), settings.oidc_issuer
    if not issuer:
        return
    url = urlsplit(issuer)
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.hostname or "")):
        raise SettingsError(
            f"{PREFIX}OIDC_ISSUER must be a URL with https, from which keys come; got {issuer!r}"
        )
    if not rights or not settings.oidc_client_id:
        raise SettingsError(
            f"{PREFIX}OIDC_CLIENT_ID and {PREFIX}OIDC_GROUPS must be set, too: without them the "
            f"tokens of {issuer} give no rights."
        )
    if find_spec("jwt") is None:
        raise SettingsError(f"{PREFIX}OIDC_ISSUER needs PyJWT: {install_command('oidc')}")


def tokens_required(settings: Settings, tokens: Sequence[AccessToken]) -> bool:
    """Return True if every request needs a token.

    Args:
        settings: The settings of the API.
        tokens: All tokens that were ever created, those that have ended included: the end of the
            last one must not open the service.
    """
    if settings.auth == AUTO:
        return bool(tokens or settings.oidc_issuer) or not is_loopback(public_host(settings))
    return settings.auth == REQUIRED


def check_access(settings: Settings) -> None:
    """Raise SettingsError if the API must not start: others would reach it without a token."""
    check_openid(settings)
    host = public_host(settings)
    known = settings.auth != AUTO or is_loopback(host) or settings.oidc_issuer
    if not known and not _has_token(settings):
        command = "docker compose run --rm api" if settings.published else "quantumtask"
        raise SettingsError(
            f"others would reach the API on {host or 'every address'}, and no token exists. Create "
            f"one: {command} token create NAME --role admin. To let everyone in who reaches this "
            f"machine: --insecure, or {PREFIX}AUTH=off."
        )


def _has_token(settings: Settings) -> bool:
    store = TokenStore(settings)
    try:
        return bool(store.tokens())
    finally:
        store.close()
