"""Questions that wait for an analysis process, answered for the clients in turn."""

import threading
import time
from collections import Counter, OrderedDict, deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from quantumtask.shared.errors import AnalysisQueueFull
from quantumtask.shared.settings import MIB
from quantumtask.worker.analysis.messages import AnalysisRequest, AnalysisResponse

MAX_OF_CLIENT, MAX_OF_ALL = 64, 512
"""Largest number of questions of one client, and of all, that wait or are being answered."""

MAX_BYTES_OF_CLIENT, MAX_BYTES_OF_ALL = 64 * MIB, 256 * MIB
"""Largest size of these questions in bytes."""

_STOPPING = "the worker is stopping; try again"


@dataclass(eq=False)
class Question:
    """A request about a circuit, the client that waits for the answer, and the answer."""

    request: AnalysisRequest
    client: str
    asked_at: float = field(default_factory=time.monotonic)
    answer: "Future[AnalysisResponse]" = field(default_factory=Future)

    @property
    def size(self) -> int:
        """The bytes of the circuit and its parameters and options, roughly."""
        spec = self.request.spec
        texts = (spec.circuit, spec.parameters, spec.options) if spec else ()
        return sum(len(text or "") for text in texts)


class FairQueue:
    """A bounded queue of questions, for several threads that answer them.

    The clients take turns. No client occupies the last free thread: another client waits for its
    own questions only, as long as there are fewer busy clients than threads.
    """

    def __init__(self, threads: int) -> None:
        self._most_of_client = max(1, threads - 1)
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, deque[Question]] = OrderedDict()
        self._running: Counter[str] = Counter()
        self._open: set[Question] = set()
        self._closed = False

    def put(self, question: Question) -> None:
        """Add a question; raise AnalysisQueueFull if there are too many."""
        with self._changed:
            if self._closed:
                raise AnalysisQueueFull(_STOPPING)
            self._check_room(question)
            self._open.add(question)
            self._waiting.setdefault(question.client, deque()).append(question)
            self._changed.notify()
        question.answer.add_done_callback(lambda _: self._forget(question))

    def take(self) -> Question | None:
        """Wait for the next question and return it; None once the queue is closed.

        Call `finish` after the question was answered.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._next_client() is not None)
            client = self._next_client()
            if self._closed or client is None:
                return None
            question = self._waiting[client].popleft()
            self._waiting.move_to_end(client)
            self._drop_if_empty(client)
            self._running[client] += 1
            return question

    def finish(self, question: Question) -> None:
        """Note that a question which was taken needs its thread no longer."""
        with self._changed:
            self._running[question.client] -= 1
            self._running += Counter()  # without the clients that have none
            self._changed.notify_all()

    def close(self) -> None:
        """Refuse the questions that wait, and all further ones."""
        with self._changed:
            self._closed = True
            refused = [question for each in self._waiting.values() for question in each]
            self._changed.notify_all()
        for question in refused:
            if question.answer.set_running_or_notify_cancel():
                question.answer.set_exception(AnalysisQueueFull(_STOPPING))

    def _check_room(self, question: Question) -> None:
        own = [each for each in self._open if each.client == question.client]
        for questions, most, most_bytes in (
            (own, MAX_OF_CLIENT, MAX_BYTES_OF_CLIENT),
            (self._open, MAX_OF_ALL, MAX_BYTES_OF_ALL),
        ):
            size = sum(each.size for each in questions)
            if len(questions) >= most or size + question.size > most_bytes:
                raise AnalysisQueueFull(
                    f"analysis queue full: {len(questions)} circuits of {size:,} bytes wait; "
                    f"at most {most} of {most_bytes:,}; try again"
                )

    def _next_client(self) -> str | None:
        """Return the client whose turn it is; None if no question can be taken."""
        may_take = (c for c in self._waiting if self._running[c] < self._most_of_client)
        return next(may_take, None)

    def _forget(self, question: Question) -> None:
        """Remove a question that was answered, or whose client waits no longer."""
        with self._changed:
            self._open.discard(question)
            waiting = self._waiting.get(question.client, deque())
            if question in waiting:
                waiting.remove(question)
                self._drop_if_empty(question.client)

    def _drop_if_empty(self, client: str) -> None:
        if not self._waiting[client]:
            del self._waiting[client]
