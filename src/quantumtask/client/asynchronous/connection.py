"""HTTP calls for asyncio: the connection of the synchronous client, over httpx.AsyncClient."""

import asyncio
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from quantumtask.client.asynchronous.greenlets import wait_for
from quantumtask.client.connection import Connection
from quantumtask.client.service_url import LOOPBACK_HOSTS
from quantumtask.client.transport import (
    CLIENT_HEADERS,
    Answer,
    ReadTimeout,
    Transport,
    TransportError,
    tls_context,
)

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Context of a connection without TLS, which trusts no certificate: reading them takes 20 ms."""


class AsyncConnection(Connection):
    """Connection of an AsyncClient. It belongs to one event loop."""

    def _transport(self, url: str) -> Transport:
        return _AsyncTransport(url)

    def _sleep(self, seconds: float) -> None:
        wait_for(asyncio.sleep(seconds))


class _AsyncTransport:
    """Transport over httpx.AsyncClient, with proxies and certificates as the blocking one."""

    def __init__(self, url: str) -> None:
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise ValueError(str(error)) from None
        self._http = httpx.AsyncClient(
            base_url=url,
            headers=CLIENT_HEADERS,
            trust_env=address.host not in LOOPBACK_HOSTS,
            verify=tls_context() if address.scheme == "https" else NO_CERTIFICATES,
        )

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        timeout: float,
        content: bytes | None = None,
    ) -> Answer:
        """Send a request and return the answer."""
        with _translate_errors():
            answer = wait_for(
                self._http.request(method, path, content=content, headers=headers, timeout=timeout)
            )
        return _answer(answer)

    @contextmanager
    def stream(
        self, path: str, headers: Mapping[str, str], timeout: float, silence: float
    ) -> Iterator["_AsyncStream"]:
        """Send a GET request and yield the answer."""
        limits = httpx.Timeout(timeout, read=silence)
        sent = self._http.build_request("GET", path, headers=headers, timeout=limits)
        with _translate_errors():
            answer = wait_for(self._http.send(sent, stream=True))
        try:
            yield _AsyncStream(answer)
        finally:
            wait_for(answer.aclose())

    def close(self) -> None:
        """Close the connections."""
        wait_for(self._http.aclose())


class _AsyncStream:
    """Answer of httpx that is read as it comes."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer
        self.is_success = answer.is_success

    def read(self) -> Answer:
        """Return the whole answer."""
        with _translate_errors():
            wait_for(self._answer.aread())
        return _answer(self._answer)

    def lines(self) -> Iterator[str]:
        """Yield the lines, without their ends."""
        lines = self._answer.aiter_lines()
        while True:
            try:
                with _translate_errors():
                    line = wait_for(anext(lines))
            except StopAsyncIteration:
                return
            yield line


def _answer(answer: httpx.Response) -> Answer:
    return Answer(answer.status_code, answer.headers, answer.content)


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except httpx.ReadTimeout as error:
        raise ReadTimeout(str(error)) from None
    except httpx.RequestError as error:
        raise TransportError(str(error)) from None
