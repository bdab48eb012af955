"""HTTP out: one call to the service, asked again for as long as that is safe and there is time."""

import os
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Self
from urllib.parse import quote

import httpx

from quantumtask.client.errors import ClientError, ServiceError, Unreachable, failure

Json = dict[str, Any]
Resume = Callable[[], tuple[Json, dict[str, str]]]
"""The question and the headers that a stream is asked for with, to go on where it broke off."""

DEFAULT_URL = "http://127.0.0.1:8000"
ENCODED = "application/vnd.quantumtask+json"
"""What to accept for arrays as base64 of their bytes instead of as lists of numbers."""
STREAM_S = 60.0
"""How long a stream may say nothing until it is taken for lost, in seconds."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_BUSY = (429, 503)


class Connection:
    """Calls one service; every call of its API may be repeated, and is while it is busy or gone.

    For several threads. `timeout` is what a call takes at most, repetitions included, in seconds.
    """

    def __init__(self, url: str | None, token: str | None, timeout: float) -> None:
        self.url = (url or os.environ.get("QUANTUMTASK_URL") or DEFAULT_URL).rstrip("/")
        self.timeout = float(timeout)
        self._token = token or os.environ.get("QUANTUMTASK_TOKEN")
        self._answered = False
        self._pools: dict[int, httpx.Client] = {}
        _ = self._http  # an invalid URL is refused at once

    @property
    def _http(self) -> httpx.Client:
        """The connections of this process: a fork must not read the answers of its parent."""
        if self._pools.get(os.getpid()) is None:
            self._pools[os.getpid()] = self._opened()
        return self._pools[os.getpid()]

    def _opened(self) -> httpx.Client:
        http = _connect(self.url, self._token)
        weakref.finalize(self, http.close)  # a task from a pickle has no client that closes it
        return http

    def __getstate__(self) -> Json:
        """Leaves out the connections, which are opened again on use, and the secrets.

        Others may see a pickle, so the process that loads the pickle takes its token from the
        environment.
        """
        return {"url": _public(self.url), "timeout": self.timeout}

    def __setstate__(self, state: Json) -> None:
        self.url, self.timeout = state["url"], state["timeout"]
        self._token = os.environ.get("QUANTUMTASK_TOKEN")
        self._answered = False
        self._pools = {}

    def __deepcopy__(self, _: Any) -> Self:
        """Returns itself: copies of tasks and clients share their connections."""
        return self

    def another(self) -> Self:
        """Returns new connections to the same service, with the same token."""
        return type(self)(self.url, self._token, self.timeout)

    def call(
        self, method: str, path: str, *, timeout: float | None = None, **request: Any
    ) -> httpx.Response:
        """The answer that says yes. Raises ServiceError, Unreachable, TaskFailed, TimeoutError.

        A service that never answered is reported at once; one that did is waited for.
        """
        patience = _Patience(self.timeout if timeout is None else float(timeout))
        while True:
            answer, lost = self._try(method, path, timeout=patience.left, **request)
            if answer is not None and answer.status_code not in _BUSY:
                return _accepted(answer)
            if not self._answered or not patience.pause(_retry_after(answer)):
                raise self._given_up(answer, lost)

    def json(self, method: str, path: str, **request: Any) -> Json:
        """The JSON object that a call is answered with; takes what `call` does."""
        answer = self.call(method, path, **request)
        body = _json(answer)
        if body is None:
            raise _refusal(answer)
        return body

    def follow(
        self, path: str, accept: str, resume: Resume, end: float = float("inf")
    ) -> Iterator[str]:
        """The lines of an answer that goes on, each as it comes, for as long as the caller reads.

        Where it breaks off it is asked for again, with the question and the headers that `resume`
        gives then. Raises what `call` does, and TimeoutError at `end` (of `time.monotonic`).
        """
        patience = _Patience(self.timeout)
        while True:
            try:
                for line in self._lines(path, accept, resume, end):
                    yield line
                    patience = _Patience(self.timeout)
            except httpx.ReadTimeout:
                patience = _Patience(self.timeout)
            except httpx.TransportError:
                pass
            except ServiceError as error:
                if error.status not in _BUSY:
                    raise
            if time.monotonic() >= end:
                raise TimeoutError(f"{self.url}{path} has not ended in time")
            if not patience.pause(None):
                raise Unreachable(self.url)

    def _lines(self, path: str, accept: str, resume: Resume, end: float) -> Iterator[str]:
        question, more = resume()
        left = max(0.001, min(STREAM_S, end - time.monotonic()))
        timeout = httpx.Timeout(self.timeout, read=left)
        headers = {"Accept": accept, **more}
        with self._http.stream(
            "GET", path, params=question, headers=headers, timeout=timeout
        ) as answer:
            if not answer.is_success:
                answer.read()
                raise _refusal(answer)
            yield from answer.iter_lines()

    def alive(self, path: str) -> bool:
        """Whether a page is there; asked once."""
        try:
            return self._http.get(path).is_success
        except httpx.RequestError:
            return False

    def close(self) -> None:
        self._http.close()

    def _try(
        self, method: str, path: str, **request: Any
    ) -> tuple[httpx.Response | None, httpx.RequestError | None]:
        try:
            answer = self._http.request(method, path, **request)
        except httpx.RequestError as error:
            return None, error
        self._answered = True
        return answer, None

    def _given_up(
        self, answer: httpx.Response | None, lost: httpx.RequestError | None
    ) -> ClientError | TimeoutError:
        if answer is not None:
            return _refusal(answer)
        if isinstance(lost, httpx.ReadTimeout):
            return TimeoutError(f"{self.url} did not answer in time")
        return Unreachable(self.url)


class _Patience:
    """The time that is left for a call, and pauses that grow while it is repeated."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._next = 0.1

    @property
    def left(self) -> float:
        return max(0.001, self._end - time.monotonic())

    def pause(self, asked: float | None) -> bool:
        """Sleeps as long as was asked, or a little longer than last time; False: not the time."""
        delay = asked or self._next
        if time.monotonic() + delay > self._end:
            return False
        time.sleep(delay)
        self._next = min(2 * self._next, 2.0)
        return True


@contextmanager
def for_older(what: str) -> Iterator[None]:
    """Turns the refusal of a service that does not know something into one that says so.

    Such a service has no route for it (404 `not_found`), or no field (400 `…: no such field`).
    """
    try:
        yield
    except ServiceError as error:
        missing = error.status == 400 and error.detail.endswith(": no such field")
        if not missing and error.code not in ("not_found", "method_not_allowed"):
            raise
        what = f"`{error.detail.partition(':')[0]}`" if missing else what
        words = f"This service is older than the client and cannot do {what}: upgrade it."
        raise ServiceError("service_too_old", words, error.status) from None


def deadline(timeout: float | None) -> float:
    """The time at the end of a timeout, on the clock of `time.monotonic`; None: infinity.

    The timeout becomes a float first: the sum of the clock and a float32 would lose digits.
    """
    return float("inf") if timeout is None else time.monotonic() + float(timeout)


def path(kind: str, name: str) -> str:
    """`/tasks/<id>`, whatever is in the id."""
    return f"/{kind}/" + quote(name, safe="")


def given(values: Mapping[str, Any]) -> Json:
    """What is not None: an older service need not know the rest."""
    return {name: value for name, value in values.items() if value is not None}


def _public(url: str) -> str:
    """A URL without the name and the password of a user."""
    return str(httpx.URL(url).copy_with(userinfo=b"")).rstrip("/")


def _connect(url: str, token: str | None) -> httpx.Client:
    """A connection pool; to this machine's own services, not through the environment's proxy."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with suppress(httpx.InvalidURL):
        host = httpx.URL(url).host
        return httpx.Client(base_url=url, headers=headers, trust_env=host not in _LOOPBACK)
    raise Unreachable(url)


def _accepted(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise _refusal(answer)
    return answer


def _refusal(answer: httpx.Response) -> ClientError:
    body = _json(answer) or {}
    detail = str(body.get("detail") or f"The service answered HTTP {answer.status_code}.")
    code = str(body.get("code") or f"http_{answer.status_code}")
    if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
        return failure(code, detail, body.get("errors") or ())
    return ServiceError(code, detail, answer.status_code)


def _json(answer: httpx.Response) -> Json | None:
    """The answer's JSON object; None for anything else, such as a proxy's own error page."""
    try:
        body = answer.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _retry_after(answer: httpx.Response | None) -> float | None:
    """Seconds that the service asks to be left alone for, if it says so."""
    text = "" if answer is None else answer.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else None
