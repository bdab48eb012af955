"""Owners whose tasks cost others time are stored before they run, for a while."""

from quantumtask.api.service.direct_run_limiter import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    REFUSED_PAUSE_S,
    DirectRunLimiter,
)

OWNER, OTHER = ("default", "alice"), ("default", "bob")


def test_an_owner_of_long_runs_is_paused_longer_each_time() -> None:
    pauses, now, lengths = DirectRunLimiter(), 100.0, list[float]()
    for _ in range(5):
        pauses.add_long_run(OWNER, now)
        assert not pauses.is_paused(OTHER, now)
        end = now
        while pauses.is_paused(OWNER, end):
            end += 0.25
        lengths.append(end - now)
        now = end
    assert lengths == [FIRST_PAUSE_S, 4.0, 16.0, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    now += LONGEST_PAUSE_S
    pauses.add_long_run(OWNER, now)
    assert not pauses.is_paused(OWNER, now + FIRST_PAUSE_S)


def test_a_refused_owner_is_paused_and_no_long_pause_gets_shorter() -> None:
    pauses = DirectRunLimiter()
    pauses.add_refusal(OWNER, 10.0)
    assert pauses.is_paused(OWNER, 10.0 + REFUSED_PAUSE_S / 2)
    assert not pauses.is_paused(OWNER, 10.0 + REFUSED_PAUSE_S)
    for now in (20.0, 20.0):
        pauses.add_long_run(OWNER, now)
    pauses.add_refusal(OWNER, 20.0)
    assert pauses.is_paused(OWNER, 23.9)


def test_the_last_keys_are_known() -> None:
    pauses = DirectRunLimiter()
    assert not pauses.is_repeated("default", "key")
    assert pauses.is_repeated("default", "key")
    assert not pauses.is_repeated("other", "key")
    assert not any(pauses.is_repeated("default", str(number)) for number in range(20_000))
    assert not pauses.is_repeated("default", "key")
