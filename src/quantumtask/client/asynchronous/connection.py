"""HTTP calls for asyncio: the connection of the synchronous client, over httpx.AsyncClient."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from quantumtask.client.asynchronous.greenlets import wait_for
from quantumtask.client.connection import Connection, pool_arguments


class AsyncConnection(Connection):
    """Connection of an AsyncClient. It belongs to one event loop."""

    def _open(self) -> Any:
        return _AsyncHttp(httpx.AsyncClient(**pool_arguments(self.url, self._token)))

    def _sleep(self, seconds: float) -> None:
        wait_for(asyncio.sleep(seconds))


class _AsyncHttp:
    """Calls of httpx.Client, as far as a Connection makes them, by an httpx.AsyncClient."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    def request(self, method: str, path: str, **request: Any) -> httpx.Response:
        return wait_for(self._http.request(method, path, **request))

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    @contextmanager
    def stream(self, method: str, path: str, **request: Any) -> Iterator["_AsyncAnswer"]:
        sent = self._http.build_request(method, path, **request)
        answer = wait_for(self._http.send(sent, stream=True))
        try:
            yield _AsyncAnswer(answer)
        finally:
            wait_for(answer.aclose())

    def close(self) -> None:
        wait_for(self._http.aclose())


class _AsyncAnswer:
    """Answer whose body is read as it comes."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._answer, name)

    def read(self) -> bytes:
        return wait_for(self._answer.aread())

    def iter_lines(self) -> Iterator[str]:
        lines = self._answer.aiter_lines()
        while True:
            try:
                yield wait_for(anext(lines))
            except StopAsyncIteration:
                return
