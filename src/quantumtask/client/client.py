"""HTTP out: one method for each thing a QuantumTask service does, with retries that are safe."""

import os
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self
from urllib.parse import quote

import httpx

Json = dict[str, Any]

DEFAULT_URL = "http://127.0.0.1:8000"
LONG_POLL_S = 25.0
"""How long one question for the end of a task stays open; the service allows at most 30 s."""
ANSWER_S = 30.0
"""How long the service may take for an answer, on top of what it was asked to wait, in seconds."""
QUESTION_S = 90.0
"""How long the service may take to look at a circuit, when many others wait for the same."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class ServiceError(Exception):
    """The service refused: `code` is stable, `detail` for people, `status` the HTTP status.

    `errors` holds all problems of a circuit that was refused (422), where it has any.
    """

    def __init__(self, code: str, detail: str, status: int, errors: Sequence[Json] = ()) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status
        self.errors = errors


class Unreachable(Exception):
    """No service answers at the URL."""

    def __init__(self, url: str) -> None:
        super().__init__(f"No QuantumTask service answers at {url}. Is `quantumtask up` running?")
        self.url = url


class Client:
    """Talks to one service: `url`, or what QUANTUMTASK_URL names, or the one on this machine.

    A service that is busy, or answered before and is gone now, is asked again for `patience`
    seconds; one that never answered is reported at once. Not for use by several threads at a time.
    """

    def __init__(self, url: str | None = None, patience: float = 30.0) -> None:
        self.url = (url or os.environ.get("QUANTUMTASK_URL") or DEFAULT_URL).rstrip("/")
        self.patience = patience
        self._http = _connect(self.url)
        self._answered = False

    def submit(
        self,
        circuit: str,
        *,
        shots: int | None = None,
        seed: int | None = None,
        memory: bool | None = None,
        timeout_s: float | None = None,
        name: str | None = None,
        tags: Sequence[str] = (),
        parameters: Mapping[str, Any] | None = None,
        engine: str | None = None,
        method: str | None = None,
        owner: str | None = None,
        priority: int | None = None,
        idempotency_key: str | None = None,
    ) -> str:
        """Submits OpenQASM 3 text and returns the task's id; what is None is left to the service.

        `parameters` holds a value for each `input` of the circuit: a number, True or False, a bit
        string, a list for an array, [re, im] for a complex number. `engine` and `method` are names
        that `engines` lists; without them, the fastest for the circuit is chosen. What waits is
        shared out fairly among owners; a higher `priority` (-10 to 10) goes before all lower ones.

        The same `idempotency_key` with the same arguments gives the same task: without one, a
        fresh one makes sure that a retried submission is one task.
        """
        body = {
            "circuit": circuit,
            "shots": shots,
            "seed": seed,
            "memory": memory,
            "timeout_s": timeout_s,
            "name": name,
            "tags": list(tags) or None,
            "parameters": _plain(parameters),
            "engine": engine,
            "method": method,
            "owner": owner,
            "priority": priority,
        }
        key = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        answer = self._call("POST", "/tasks", json=_given(body), headers=key)
        return str(answer["task_id"])

    def validate(self, circuit: str, parameters: Mapping[str, Any] | None = None) -> Json:
        """All that is wrong with OpenQASM 3 text, as `problems`, and whether it is `valid`.

        Nothing is run or stored. A ServiceError `worker_unavailable` means that no worker answers.
        """
        body = {"circuit": circuit, "parameters": _plain(parameters)}
        return self._call("POST", "/validate", json=_given(body), timeout=QUESTION_S)

    def estimate(
        self,
        circuit: str,
        *,
        shots: int | None = None,
        parameters: Mapping[str, Any] | None = None,
        engine: str | None = None,
        method: str | None = None,
    ) -> Json:
        """What `submit` would take: `engine`, `method`, `memory_bytes`, `seconds`; nothing is run.

        A ServiceError with status 422 tells why it would fail, with all problems in its `errors`.
        """
        body = {
            "circuit": circuit,
            "shots": shots,
            "parameters": _plain(parameters),
            "engine": engine,
            "method": method,
        }
        return self._call("POST", "/estimate", json=_given(body), timeout=QUESTION_S)

    def engines(self) -> Json:
        """The engines with their methods, and how many qubits fit."""
        return self._call("GET", "/engines", timeout=QUESTION_S)

    def queue(self) -> Json:
        """How many tasks wait and run, in all and of each owner."""
        return self._call("GET", "/queue")

    def get(self, task_id: str, wait: float = 0.0) -> Json:
        """The task as it is now, or as it is when it ends within `wait` seconds (at most 30)."""
        question = {"wait": f"{wait:g}"} if wait else {}
        return self._call("GET", _path(task_id), params=question, timeout=wait + ANSWER_S)

    def watch(self, task_id: str, every: float = LONG_POLL_S) -> Iterator[Json]:
        """The task again and again, at least `every` seconds, until it has ended."""
        task = self.get(task_id)
        yield task
        while task["status"] == "pending":
            task = self.get(task_id, wait=every)
            yield task

    def wait(self, task_id: str, timeout: float | None = None) -> Json:
        """The task once it has ended; TimeoutError if it has not after `timeout` seconds."""
        end = float("inf") if timeout is None else time.monotonic() + timeout
        task = self.get(task_id)
        while task["status"] == "pending":
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"task {task_id} has not ended after {timeout:g} s")
            task = self.get(task_id, wait=max(0.001, min(left, LONG_POLL_S)))
        return task

    def cancel(self, task_id: str) -> Json:
        """Cancels a task; ServiceError `task_already_finished` for one that has ended."""
        return self._call("POST", _path(task_id) + "/cancel")

    def list(
        self,
        *,
        status: str | None = None,
        name: str | None = None,
        tag: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Json:
        """One page of tasks, newest first; its `next_cursor` is the next page's `cursor`."""
        question = {"status": status, "name": name, "tag": tag, "limit": limit, "cursor": cursor}
        return self._call("GET", "/tasks", params=_given(question))

    def health(self) -> bool:
        """Whether the process at the URL is alive; it may be the API or the Worker."""
        return self._alive("/health")

    def ready(self) -> bool:
        """Whether the service takes circuits and a worker is there to run them."""
        return self._alive("/ready")

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _alive(self, path: str) -> bool:
        try:
            return self._http.get(path).is_success
        except httpx.RequestError:
            return False

    def _call(self, method: str, path: str, **request: Any) -> Json:
        """One call, asked again while that is safe: every call of this API may be repeated."""
        end = time.monotonic() + self.patience
        pause = 0.1
        while True:
            answer = self._try(method, path, **request)
            if answer is not None and answer.status_code not in (429, 503):
                return _read(answer)
            delay = _retry_after(answer) or pause
            if time.monotonic() + delay > end or not self._answered:
                raise Unreachable(self.url) if answer is None else _refusal(answer)
            time.sleep(delay)
            pause = min(2 * pause, 2.0)

    def _try(self, method: str, path: str, **request: Any) -> httpx.Response | None:
        try:
            answer = self._http.request(method, path, **request)
        except httpx.RequestError:
            return None
        self._answered = True
        return answer


def _connect(url: str) -> httpx.Client:
    """A connection pool; to this machine's own services, not through the environment's proxy."""
    try:
        host = httpx.URL(url).host
        return httpx.Client(base_url=url, timeout=ANSWER_S, trust_env=host not in LOOPBACK)
    except httpx.InvalidURL:
        raise Unreachable(url) from None


def _path(task_id: str) -> str:
    return "/tasks/" + quote(task_id, safe="")


def _given(values: Json) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def _plain(values: Mapping[str, Any] | None) -> Json | None:
    return None if values is None else dict(values)


def _read(answer: httpx.Response) -> Json:
    """The JSON object of an answer that says yes; ServiceError for every other answer."""
    body = _json(answer)
    if not answer.is_success or body is None:
        raise _refusal(answer)
    return body


def _refusal(answer: httpx.Response) -> ServiceError:
    body = _json(answer) or {}
    detail = str(body.get("detail") or f"The service answered HTTP {answer.status_code}.")
    code = str(body.get("code") or f"http_{answer.status_code}")
    return ServiceError(code, detail, answer.status_code, body.get("errors") or ())


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
