"""The analysis processes of a worker, apart from its slots, and the queue in front of them."""

import threading
import time
from concurrent.futures import Future

from quantumtask.shared.errors import AnalysisQueueFull
from quantumtask.shared.settings import Settings
from quantumtask.worker.analysis.fair_queue import FairQueue, Question
from quantumtask.worker.analysis.messages import AnalysisRequest, AnalysisResponse
from quantumtask.worker.analysis.process import AnalysisProcess

PROCESSES = 2
"""Number of analysis processes; the second one starts when two clients ask at the same time."""

MAX_QUEUE_WAIT_S = 10.0
"""Longest time of a question in the queue: a client waits for the answer."""


class AnalysisQueue:
    """Answers questions about circuits in some processes, for the clients in turn.

    The time of each question is limited (see AnalysisProcess).
    """

    def __init__(self, settings: Settings) -> None:
        self._questions = FairQueue(PROCESSES)
        self._processes = [AnalysisProcess(settings) for _ in range(PROCESSES)]
        self._threads = [
            threading.Thread(target=self._run, args=(process,), name="analysis", daemon=True)
            for process in self._processes
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, request: AnalysisRequest, client: str) -> "Future[AnalysisResponse]":
        """Return the future of an answer; it ends with AnalysisQueueFull if the wait is too long.

        Cancel the future to withdraw a question that waits.

        Args:
            request: The question.
            client: The name under which a client shares the processes with others.

        Raises:
            AnalysisQueueFull: Too many questions wait.
        """
        question = Question(request, client)
        self._questions.put(question)
        return question.answer

    def stop(self) -> None:
        """Refuse all questions that wait and end the processes."""
        self._questions.close()
        for process in self._processes:
            process.stop()
        for thread in self._threads:
            thread.join()
        for process in self._processes:
            process.close()

    def _run(self, process: AnalysisProcess) -> None:
        while question := self._questions.take():
            try:
                if question.answer.set_running_or_notify_cancel():
                    question.answer.set_result(_answer(process, question))
            except Exception as error:  # raised to the client that asked
                question.answer.set_exception(error)
            finally:
                self._questions.finish(question)


def _answer(process: AnalysisProcess, question: Question) -> AnalysisResponse:
    waited_s = time.monotonic() - question.asked_at
    if waited_s > MAX_QUEUE_WAIT_S:
        raise AnalysisQueueFull(
            f"analysis queue full: this circuit waited {waited_s:.0f} seconds; "
            f"at most {MAX_QUEUE_WAIT_S:.0f}; try again"
        )
    return process.analyze(question.request)
