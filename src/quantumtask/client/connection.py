"""HTTP calls to the service, repeated where a repetition is safe and there is time."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, NamedTuple, Self
from urllib.parse import quote, urlencode

from quantumtask.client.errors import (
    WITHOUT_WORKER,
    ClientError,
    ServiceError,
    Unreachable,
    failure,
)
from quantumtask.client.openid import StoredToken, stored_token
from quantumtask.client.service_url import parse_url, service_url, without_user
from quantumtask.client.transport import (
    Answer,
    BlockingTransport,
    ReadTimeout,
    Transport,
    TransportError,
    basic,
    json_object,
)

Json = dict[str, Any]
Resume = Callable[[], tuple[Json, dict[str, str]]]
"""Function that returns the query and the headers to resume a stream with."""

ENCODED = "application/vnd.quantumtask+json"
"""Media type of results whose arrays are base64 of their bytes instead of lists of numbers."""
STREAM_S = 60.0
"""Silence, in seconds, after which a stream counts as lost."""
DEFAULT_LIMIT_S = 5.0
"""Time limit of calls that have none, in seconds."""
_BUSY = (429, 503)
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class Connection:
    """Connection to one service, for any number of threads.

    Every call of the API may be repeated. The connection repeats a call while the service is busy
    or gone, within the timeout.
    """

    def __init__(self, url: str | None, token: str | None, timeout: float) -> None:
        self.url = service_url(url)
        self.timeout = float(timeout)
        self._token = token or os.environ.get("QUANTUMTASK_TOKEN")
        self._has_answered = False
        self._links: dict[int, _Link] = {}
        _ = self._link  # an invalid URL is refused at once

    @property
    def _link(self) -> "_Link":
        """Connections of this process: a fork must not read the answers of its parent."""
        if (link := self._links.get(os.getpid())) is None:
            link = self._links[os.getpid()] = self._open()
        return link

    def _open(self) -> "_Link":
        try:
            user, plain_url = parse_url(self.url).auth, without_user(self.url)
            transport = self._transport(plain_url)
        except ValueError:
            raise Unreachable(self.url) from None
        stored = None if self._token else stored_token(plain_url)
        fixed = basic(user) if user else self._token and _bearer(self._token)
        return _Link(transport, stored or fixed)

    def _transport(self, url: str) -> Transport:
        return BlockingTransport(url)

    def _sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def __getstate__(self) -> Json:
        """Leave out the connections and the token.

        Others may read a pickle, so the process that loads the pickle takes its token from the
        environment, or from `quantumtask login`. Connections are opened again at their first use.
        """
        return {"url": without_user(self.url), "timeout": self.timeout}

    def __setstate__(self, state: Json) -> None:
        self.url, self.timeout = state["url"], state["timeout"]
        self._token = os.environ.get("QUANTUMTASK_TOKEN")
        self._has_answered = False
        self._links = {}

    def __deepcopy__(self, _: Any) -> Self:
        """Return the connection itself: copies of tasks and clients share it."""
        return self

    def another(self) -> Self:
        """Return a new connection to the same service with the same token."""
        return type(self)(self.url, self._token, self.timeout)

    def call(
        self, method: str, path: str, *, timeout: float | None = None, **request: Any
    ) -> Answer:
        """Call the service and return the successful answer.

        A service that has never answered, or has no workers for a call that needs one, is reported
        at once. For a service that has answered before, the call waits.

        Raises:
            ServiceError: The service refused the request.
            TaskFailed: The circuit is wrong or the task would fail.
            TimeoutError: The time limit is over.
            Unreachable: No service answers.
        """
        budget = _RetryBudget(self.timeout if timeout is None else float(timeout), self._sleep)
        while True:
            answer, lost = self._try(method, path, timeout=budget.remaining, **request)
            if answer is not None and answer.status not in _BUSY:
                return _check_success(answer)
            if answer is not None and self._lacks_workers(answer):
                raise ServiceError("worker_unavailable", WITHOUT_WORKER, answer.status)
            if not self._has_answered or not budget.pause(_retry_after(answer)):
                raise self._final_error(answer, lost)

    def json(self, method: str, path: str, **request: Any) -> Json:
        """Return the JSON object of an answer. The arguments are those of `call`."""
        answer = self.call(method, path, **request)
        body = json_object(answer)
        if body is None:
            raise _refusal(answer)
        return body

    def follow(
        self, path: str, accept: str, resume: Resume, end: float = float("inf")
    ) -> Iterator[str]:
        """Yield the lines of a stream as they come, for as long as the caller reads.

        Args:
            path: Path of the stream.
            accept: Media type.
            resume: Function that returns the query and the headers to continue a broken stream
                with.
            end: Time of `time.monotonic` at which TimeoutError is raised.
        """
        budget = _RetryBudget(self.timeout, self._sleep)
        while True:
            try:
                for line in self._lines(path, accept, resume, end):
                    yield line
                    budget = _RetryBudget(self.timeout, self._sleep)
            except ReadTimeout:
                budget = _RetryBudget(self.timeout, self._sleep)
            except TransportError:
                pass
            except ServiceError as error:
                if error.status not in _BUSY:
                    raise
            if time.monotonic() >= end:
                raise TimeoutError(f"the request to {self.url}{path} has not ended in time")
            if not budget.pause(None):
                raise Unreachable(self.url)

    def _lines(self, path: str, accept: str, resume: Resume, end: float) -> Iterator[str]:
        query, more = resume()
        headers = {**self._headers(), "Accept": accept, **more}
        silence = max(0.001, min(STREAM_S, end - time.monotonic()))
        target = _with_query(path, query)
        with self._link.transport.stream(target, headers, self.timeout, silence) as answer:
            if not answer.is_success:
                raise _refusal(answer.read())
            yield from answer.lines()

    def alive(self, path: str) -> bool:
        """Return True if a page answers with success; the request is sent once."""
        try:
            return self._link.transport.request(
                "GET", path, self._headers(), DEFAULT_LIMIT_S
            ).is_success
        except TransportError:
            return False

    def close(self) -> None:
        """Close the connections of this process."""
        self._link.transport.close()

    def _try(
        self,
        method: str,
        path: str,
        *,
        timeout: float = DEFAULT_LIMIT_S,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        content: str | None = None,
        with_token: bool = True,
    ) -> tuple[Answer | None, TransportError | None]:
        sent = self._headers() if with_token else {}
        if json is not None:
            content = _JSON.encode(json)
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        data = None if content is None else content.encode()
        target = _with_query(path, params)
        try:
            answer = self._link.transport.request(method, target, sent, timeout, data)
        except TransportError as error:
            return None, error
        self._has_answered = True
        return answer, None

    def _headers(self) -> dict[str, str]:
        """Return the headers of each request; raise ServiceError if a login has ended."""
        authorization = self._link.authorization
        if isinstance(authorization, StoredToken):
            token = authorization.read()
            authorization = token and _bearer(token)
        return {"Authorization": authorization} if authorization else {}

    def _lacks_workers(self, refusal: Answer) -> bool:
        """Return True if a call was refused because no worker has a recent heartbeat.

        A worker that is only busy, or that restarts, answers the same call later.
        """
        if (json_object(refusal) or {}).get("code") != "worker_unavailable":
            return False
        answer, _ = self._try("GET", "/queue")
        return answer is not None and (json_object(answer) or {}).get("workers") == 0

    def _final_error(
        self, answer: Answer | None, lost: TransportError | None
    ) -> ClientError | TimeoutError:
        if answer is not None:
            return _refusal(answer)
        if isinstance(lost, ReadTimeout):
            return TimeoutError(f"{self.url} did not answer in time")
        return Unreachable(self.url)


class _Link(NamedTuple):
    """Connections of one process, and the header Authorization or the token for it."""

    transport: Transport
    authorization: StoredToken | str | None


class _RetryBudget:
    """Remaining time of a call, and pauses that grow with each repetition."""

    def __init__(self, seconds: float, sleep: Callable[[float], None]) -> None:
        self._end = time.monotonic() + seconds
        self._next = 0.1
        self._sleep = sleep

    @property
    def remaining(self) -> float:
        """Return the remaining seconds."""
        return max(0.001, self._end - time.monotonic())

    def pause(self, requested: float | None) -> bool:
        """Sleep as requested, or longer than last time. Return False if time is over."""
        delay = requested or self._next
        if time.monotonic() + delay > self._end:
            return False
        self._sleep(delay)
        self._next = min(2 * self._next, 2.0)
        return True


@contextmanager
def explain_older_service(what: str) -> Iterator[None]:
    """Convert the refusal of an older service into one that names the missing feature.

    An older service has no route for the feature (404 `not_found`) or no field
    (400 `...: no such field`).
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
    """Return the end of a timeout on the clock of `time.monotonic`; infinity for None.

    The timeout becomes a float first, because a sum with a float32 loses digits.
    """
    return float("inf") if timeout is None else time.monotonic() + float(timeout)


def path(kind: str, name: str) -> str:
    """Return a path such as `/tasks/<id>`, with every character of the id escaped."""
    return f"/{kind}/" + quote(name, safe="")


def _with_query(path: str, query: Mapping[str, Any] | None) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def without_none(values: Mapping[str, Any]) -> Json:
    """Return the values that are not None, so that an older service accepts the request."""
    return {name: value for name, value in values.items() if value is not None}


def _bearer(token: str) -> str:
    """Return the header with a token; raise ServiceError for a token that no header can hold."""
    if not (token.isascii() and token.isprintable()):
        detail = "token: must have printable ASCII characters; copy it again"
        raise ServiceError("unauthenticated", detail, HTTPStatus.UNAUTHORIZED)
    return f"Bearer {token}"


def _check_success(answer: Answer) -> Answer:
    if not answer.is_success:
        raise _refusal(answer)
    return answer


def _refusal(answer: Answer) -> ClientError:
    body = json_object(answer) or {}
    detail = str(body.get("detail") or f"The service answered HTTP {answer.status}.")
    code = str(body.get("code") or f"http_{answer.status}")
    if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return failure(code, detail, body.get("errors") or ())
    return ServiceError(code, detail, answer.status)


def _retry_after(answer: Answer | None) -> float | None:
    """Return the seconds of the header Retry-After; None without the header."""
    text = "" if answer is None else answer.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else None
