"""Address of a service, as people write it and as requests need it."""

import os
import re

from urllib3.util import Url
from urllib3.util import parse_url as _parse

DEFAULT_URL = "http://127.0.0.1:8000"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})

_PORTS = {"http": 80, "https": 443}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PAGE = re.compile(r"/(docs|openapi\.json)/*$")
"""Page of the service at the end of an address that was copied from a browser."""


def service_url(text: str | None) -> str:
    """Return the address of the API.

    An address without a scheme has the scheme http, as in curl. A page of the service, such as
    `/docs`, is no part of the address.

    Args:
        text: Address; the default is QUANTUMTASK_URL, and then http://127.0.0.1:8000.
    """
    url = (text or os.environ.get("QUANTUMTASK_URL") or DEFAULT_URL).strip()
    if not _SCHEME.match(url):
        url = f"http://{url}"
    base = re.split(r"[?#]", url, maxsplit=1)[0].rstrip("/")
    return _PAGE.sub("", base)


def parse_url(url: str) -> Url:
    """Return the parts of a URL, without the port that its scheme has anyway.

    Raises:
        ValueError: The URL is not valid.
    """
    parts = _parse(url)
    return parts._replace(port=None) if parts.port == _PORTS.get(parts.scheme or "") else parts


def without_user(url: str) -> str:
    """Return a URL without user name and password; raise ValueError if the URL is not valid."""
    return str(parse_url(url)._replace(auth=None)).rstrip("/")
