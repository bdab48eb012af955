"""Messages of the Ray driver are decoded as they were encoded."""

import json

import pytest

from quantumtask.shared.task import Assignment, Failure, Result, TaskSpec
from quantumtask.worker.outcome import AttemptOutcome, decode_value
from quantumtask.worker.ray.messages import (
    Capacity,
    ChunkEnd,
    LogLine,
    Outcomes,
    decode_message,
    encode_message,
    encode_outcome_list,
    encode_outcomes,
)

RESULT = Result(
    '{"0": 1}', None, 7, "aer", "1", "statevector", 1.5, shape=(2,), registers=(("c", 1),)
)
FAILURE = Failure("timeout", "too long")


@pytest.mark.parametrize(
    "message", [LogLine("INFO", "event", {"node": "n"}), Capacity(4, 3), ChunkEnd(7, "t")]
)
def test_a_message_is_decoded_as_it_was_encoded(message: LogLine | Capacity | ChunkEnd) -> None:
    assert decode_message(encode_message(message)) == message


def test_outcomes_are_passed_on_as_json() -> None:
    values: dict[str, Result | Failure | None] = {"a": RESULT, "b": FAILURE, "c": None}
    outcomes = [
        AttemptOutcome(Assignment(name, 2, "w", 0, 1.0, TaskSpec("circuit")), value)
        for name, value in values.items()
    ]
    message = decode_message(encode_outcomes(5, encode_outcome_list(outcomes)))
    assert isinstance(message, Outcomes)
    assert message.number == 5
    assert [(task_id, attempt) for task_id, attempt, *_ in message.outcomes] == [("a", 2), ("b", 2)]
    assert [decode_value(*value) for _, _, *value in message.outcomes] == [RESULT, FAILURE]


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", json.dumps(["Unknown", 1]).encode()])
def test_other_data_are_refused(data: bytes) -> None:
    with pytest.raises((ValueError, TypeError, LookupError)):
        decode_message(data)
