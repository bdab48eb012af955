"""Rules on the `Host` and the origin of a request: web pages of others may not use the service."""

import ipaddress
import socket
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

ANY_HOST = "*"
SAME_SITES = ("same-origin", "none")
"""Values of `Sec-Fetch-Site`: a page of the service itself; a user who typed the address."""

Headers = Iterable[tuple[bytes, bytes]]


class AccessRefusal(NamedTuple):
    """A refused request: the code and the sentence of its problem document."""

    code: str
    detail: str


class _Sender(NamedTuple):
    """Headers about the sender of a request, each "" if absent."""

    host: str
    origin: str
    site: str
    is_navigation: bool


class AccessRules:
    """The hosts that a request may name, and the origins whose pages may send one.

    The first rule stops DNS rebinding: a page of a name that an attacker points at this machine.
    The second one stops requests that a page of another origin sends in the name of its reader.
    Programs other than browsers send no `Origin` and no `Sec-Fetch-Site`, and pass. The rules
    follow Django's `ALLOWED_HOSTS` and Go's `http.CrossOriginProtection`, but hold for reading,
    too: on a laptop, everything that reaches the port may read.
    """

    def __init__(self, hosts: Iterable[str], origins: Iterable[str]) -> None:
        """Keep the rules.

        Args:
            hosts: Names of the service; `.example.org` stands for all below it, `*` for any.
            origins: Origins whose pages may use the service, such as `https://lab.example.org`.
        """
        self._hosts = frozenset(host.lower() for host in hosts)
        self.origins = frozenset(origin.lower().rstrip("/") for origin in origins)
        self._find: Callable[[_Sender], AccessRefusal | None] = lru_cache(1024)(self._find_refusal)

    def find_refusal(self, method: str, headers: Headers) -> AccessRefusal | None:
        """Return the reason to refuse a request with these headers; None if it is allowed."""
        return self._find(_read_sender(method, headers))

    def _find_refusal(self, sender: _Sender) -> AccessRefusal | None:
        if not self._is_own_host(sender.host):
            return AccessRefusal(
                "host_not_allowed",
                f"Host: {_short(sender.host)} is not a name of this service; an administrator can "
                "add it to QUANTUMTASK_ALLOWED_HOSTS",
            )
        if not self._is_allowed_origin(sender):
            return AccessRefusal(
                "origin_not_allowed",
                f"Origin: pages of {_short(sender.origin or 'another site')} may not use this "
                "service; an administrator can add it to QUANTUMTASK_ALLOWED_ORIGINS",
            )
        return None

    def _is_own_host(self, text: str) -> bool:
        name = host_name(text)
        if not text or ANY_HOST in self._hosts or name in self._hosts or _is_own_address(name):
            return True
        parents = name.split(".")
        return any("." + ".".join(parents[k:]) in self._hosts for k in range(len(parents)))

    def _is_allowed_origin(self, sender: _Sender) -> bool:
        if sender.site in SAME_SITES or sender.origin in self.origins:
            return True
        if sender.is_navigation and not sender.origin:
            return True  # a link to the service: the page with the link reads no answer
        if sender.site:
            return False
        own = urlsplit(sender.origin).netloc
        return not sender.origin or own == sender.host


def split_list(text: str) -> list[str]:
    """Return the parts of a setting that is a list: `a,b`."""
    return [part.strip() for part in text.split(",") if part.strip()]


def own_names(host: str) -> tuple[str, ...]:
    """Return the names of a service that listens on a host of this machine."""
    machine = socket.gethostname()
    return (host, machine, machine.partition(".")[0])


def host_name(text: str) -> str:
    """Return the name or the address in a `Host` header, without the port."""
    try:
        return (urlsplit(f"//{text}").hostname or "").rstrip(".")
    except ValueError:
        return text


def _is_own_address(name: str) -> bool:
    """Return True for names of this machine, and for addresses: DNS cannot rebind those."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _read_sender(method: str, headers: Headers) -> _Sender:
    host = origin = site = mode = kind = ""
    for name, value in headers:
        if name == b"host":
            host = value.decode("latin-1").lower() if not host else f"{host},{value!r}"
        elif name == b"origin":
            origin = value.decode("latin-1").lower()
        elif name.startswith(b"sec-fetch-"):
            text = value.decode("latin-1").lower()
            if name == b"sec-fetch-site":
                site = text
            elif name == b"sec-fetch-mode":
                mode = text
            elif name == b"sec-fetch-dest":
                kind = text
    is_navigation = method in ("GET", "HEAD") and (mode, kind) == ("navigate", "document")
    return _Sender(host, origin, site, is_navigation)


def _short(text: str) -> str:
    return repr(text[:60])
