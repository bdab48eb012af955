"""The queue of questions: clients take turns, and none has all the threads."""

import threading
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantumtask.shared.errors import AnalysisQueueFull
from quantumtask.shared.task import TaskSpec
from quantumtask.worker.analysis import fair_queue
from quantumtask.worker.analysis.fair_queue import FairQueue, Question
from quantumtask.worker.analysis.messages import AnalysisKind, AnalysisRequest

REQUEST = AnalysisRequest(AnalysisKind.VALIDATE, TaskSpec("x" * 100))


def put(queue: FairQueue, client: str) -> Question:
    question = Question(REQUEST, client)
    queue.put(question)
    return question


def next_question(queue: FairQueue) -> Question:
    question = queue.take()
    assert question is not None
    return question


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=40))
def test_clients_take_turns_and_each_question_is_taken_once(clients: list[str]) -> None:
    queue = FairQueue(1)
    put_in = {put(queue, client) for client in clients}
    order = []
    for _ in clients:
        question = next_question(queue)
        order.append(question)
        queue.finish(question)
    assert set(order) == put_in
    waiting = Counter(clients)
    for before, question in zip([None, *order], order, strict=False):
        if before and before.client == question.client:
            assert waiting[question.client] == waiting.total()  # all others have been answered
        waiting[question.client] -= 1


def test_no_client_has_the_last_free_thread() -> None:
    queue = FairQueue(2)
    first, _ = put(queue, "a"), put(queue, "a")
    assert next_question(queue) is first
    other = put(queue, "b")
    assert next_question(queue) is other
    waiting: list[Question | None] = []
    thread = threading.Thread(target=lambda: waiting.append(queue.take()))
    thread.start()
    queue.finish(other)
    assert thread.is_alive()
    queue.finish(first)
    thread.join()
    assert [each and each.client for each in waiting] == ["a"]


def test_a_question_that_is_withdrawn_is_not_taken_and_leaves_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fair_queue, "MAX_OF_CLIENT", 2)
    queue = FairQueue(1)
    first, second = put(queue, "a"), put(queue, "a")
    with pytest.raises(AnalysisQueueFull, match="at most 2"):
        put(queue, "a")
    other = put(queue, "b")
    assert first.answer.cancel()
    third = put(queue, "a")
    assert [next_question(queue) for _ in range(1)] == [second]
    queue.finish(second)
    assert next_question(queue) is other
    queue.finish(other)
    assert next_question(queue) is third


def test_the_bytes_of_the_questions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_queue, "MAX_BYTES_OF_CLIENT", 250)
    queue = FairQueue(1)
    put(queue, "a"), put(queue, "a")
    with pytest.raises(AnalysisQueueFull):
        put(queue, "a")
    put(queue, "b")


def test_a_queue_that_is_closed_refuses_all_questions_and_ends_its_threads() -> None:
    queue = FairQueue(1)
    question = put(queue, "a")
    queue.close()
    assert queue.take() is None
    with pytest.raises(AnalysisQueueFull, match="stopping"):
        question.answer.result(0)
    with pytest.raises(AnalysisQueueFull, match="stopping"):
        put(queue, "b")
