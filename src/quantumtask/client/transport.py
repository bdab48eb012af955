"""Requests and answers of HTTP, over connections that stay open; proxies and certificates.

urllib3 sends the requests of `Client`, because a request costs half of the processor time of one
with httpx. `AsyncClient` has httpx, because urllib3 cannot wait for an event loop.
"""

import base64
import json
import os
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import unquote
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Retry, Url

from quantumtask.client.service_url import LOOPBACK_HOSTS, parse_url
from quantumtask.version import __version__

CONNECTION_IDLE_S = 5.0
"""Time without requests after which connections are opened again: a firewall may have dropped
them without a word."""
MAX_CONNECTIONS = 100
"""Largest number of connections that stay open."""

CLIENT_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"quantumtask/{__version__}",
}
_NO_RETRIES = Retry(total=False, redirect=False)


class TransportError(Exception):
    """The connection was not made, or was lost before the end of the answer."""


class ReadTimeout(TransportError):
    """Nothing came from the service for as long as the request may wait."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer of a service.

    Attributes:
        headers: Headers, whose names may be written in upper and lower case.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        """True for a status of success."""
        return is_success(self.status)

    @property
    def text(self) -> str:
        """Content as text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the JSON of the content; raise ValueError if it is none."""
        return json.loads(self.content)


def is_success(status: int) -> bool:
    """Return True for a status from 200 to 299."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def json_object(answer: Answer) -> dict[str, Any] | None:
    """Return the JSON object of an answer; None for other answers, such as the page of a proxy."""
    try:
        body = answer.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


class Stream(Protocol):
    """Answer whose content is read as it comes."""

    is_success: bool

    def read(self) -> Answer:
        """Return the whole answer."""

    def lines(self) -> Iterator[str]:
        """Yield the lines, without their ends."""


class Transport(Protocol):
    """Sender of requests to one service.

    The arguments `path` are paths with queries, `timeout` are seconds for the connection and for
    each silence. All methods raise TransportError.
    """

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        timeout: float,
        content: bytes | None = None,
    ) -> Answer:
        """Send a request and return the answer. Redirects are not followed."""

    def stream(
        self, path: str, headers: Mapping[str, str], timeout: float, silence: float
    ) -> AbstractContextManager[Stream]:
        """Send a GET request and return the answer, of which nothing may come for `silence`."""

    def close(self) -> None:
        """Close the connections."""


class BlockingTransport:
    """Transport over urllib3, for any number of threads of one process.

    The proxies of the environment are used unless it excludes the host (NO_PROXY); none is used
    for this machine.

    Args:
        url: Address of the service, without user name and password.
        use_proxies: False ignores the proxies.

    Raises:
        ValueError: The address is not valid.
    """

    def __init__(self, url: str, *, use_proxies: bool = True) -> None:
        self._url = parse_url(url)
        if self._url.scheme not in ("http", "https") or not self._url.host:
            raise ValueError(f"{url}: must be a URL with http or https and a host")
        tls = tls_context() if self._url.scheme == "https" else None
        proxy = _proxy(self._url) if use_proxies else None
        is_relayed = proxy is not None and tls is None and not _is_socks(proxy)
        self._prefix = (str(self._url) if is_relayed else self._url.path or "").rstrip("/")
        self._manager = _manager(proxy, tls)
        self._pool = self._open()
        self._last_use = time.monotonic()

    def _open(self) -> urllib3.HTTPConnectionPool:
        self._manager.clear()
        return self._manager.connection_from_url(str(self._url))

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        timeout: float,
        content: bytes | None = None,
    ) -> Answer:
        """Send a request and return the answer."""
        answer = self._send(
            method, path, headers, urllib3.Timeout(connect=timeout, read=timeout), content
        )
        return Answer(answer.status, answer.headers, answer.data)

    @contextmanager
    def stream(
        self, path: str, headers: Mapping[str, str], timeout: float, silence: float
    ) -> Iterator["_BlockingStream"]:
        """Send a GET request and yield the answer."""
        plain = {**headers, "Accept-Encoding": "identity"}  # a compressor would collect lines
        limits = urllib3.Timeout(connect=timeout, read=silence)
        answer = self._send("GET", path, plain, limits, None, preload_content=False)
        try:
            yield _BlockingStream(answer)
        finally:
            answer.close()

    def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        timeout: urllib3.Timeout,
        content: bytes | None,
        **more: Any,
    ) -> urllib3.BaseHTTPResponse:
        now = time.monotonic()
        if now - self._last_use > CONNECTION_IDLE_S:
            self._pool = self._open()  # requests of other threads keep the pool that they have
        self._last_use = now
        with _translate_errors():
            return self._pool.urlopen(
                method,
                self._prefix + path,
                body=content,
                headers={**CLIENT_HEADERS, **headers},
                retries=_NO_RETRIES,
                redirect=False,
                assert_same_host=False,
                timeout=timeout,
                **more,
            )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


def send_once(
    method: str,
    url: str,
    headers: Mapping[str, str],
    timeout: float,
    content: bytes | None = None,
    *,
    use_proxies: bool = True,
) -> Answer:
    """Send a request to any URL, over a connection of its own.

    Raises:
        TransportError: No answer came.
        ValueError: The URL is not valid.
    """
    parts = parse_url(url)
    address = str(parts._replace(auth=None, path=None, query=None, fragment=None))
    with closing(BlockingTransport(address, use_proxies=use_proxies)) as transport:
        return transport.request(method, parts.request_uri, headers, timeout, content)


class _BlockingStream:
    """Answer of urllib3 that is read as it comes."""

    def __init__(self, answer: urllib3.BaseHTTPResponse) -> None:
        self._answer = answer
        self.is_success = is_success(answer.status)

    def read(self) -> Answer:
        """Return the whole answer."""
        with _translate_errors():
            return Answer(self._answer.status, self._answer.headers, self._answer.data)

    def lines(self) -> Iterator[str]:
        """Yield the lines, without their ends."""
        rest = b""
        while piece := self._read_some():
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace").removesuffix("\r")
        if rest:
            yield rest.decode("utf-8", "replace")

    def _read_some(self) -> bytes:
        with _translate_errors():
            return self._answer.read1()


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except ReadTimeoutError as error:
        raise ReadTimeout(str(error)) from None
    except HTTPError as error:
        raise TransportError(str(error)) from None


def tls_context() -> ssl.SSLContext:
    """Return the certificates of SSL_CERT_FILE and SSL_CERT_DIR; without them, those of Mozilla."""
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not file and not folder:
        file = certifi.where()
    return ssl.create_default_context(cafile=file or None, capath=folder or None)


def _proxy(url: Url) -> Url | None:
    """Return the proxy of the environment for a service; None for this machine."""
    if url.host is None or url.host.strip("[]") in LOOPBACK_HOSTS or proxy_bypass(url.netloc or ""):
        return None
    proxies = getproxies()
    proxy = proxies.get(url.scheme or "") or proxies.get("all")
    return parse_url(proxy if "://" in proxy else f"http://{proxy}") if proxy else None


def _manager(proxy: Url | None, tls: ssl.SSLContext | None) -> urllib3.PoolManager:
    limits: dict[str, Any] = {"maxsize": MAX_CONNECTIONS, "ssl_context": tls}
    if proxy is None:
        return urllib3.PoolManager(**limits)
    if _is_socks(proxy):
        from urllib3.contrib.socks import SOCKSProxyManager  # its error says: it needs PySocks

        return SOCKSProxyManager(str(proxy), **limits)
    if proxy.scheme == "https":
        limits["proxy_ssl_context"] = tls or tls_context()
    login = {"Proxy-Authorization": basic(proxy.auth)} if proxy.auth else None
    return urllib3.ProxyManager(str(proxy._replace(auth=None)), proxy_headers=login, **limits)


def _is_socks(proxy: Url) -> bool:
    return str(proxy.scheme).startswith("socks")


def basic(user: str) -> str:
    """Return the header of Basic authentication for the `user:password` of a URL."""
    return f"Basic {base64.b64encode(unquote(user).encode()).decode()}"
