"""Lost workers are told from living ones, whatever the clocks do."""

from hypothesis import given
from hypothesis import strategies as st

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Lease
from quantumtask.worker.lease_monitor import LeaseMonitor

SETTINGS = Settings(lease_s=30, renew_s=5)
HOUR = 3600.0


def looks(monitor: LeaseMonitor, *leases: Lease, seconds: int, start: float = 0.0) -> list[float]:
    """After how many seconds any of the leases is lost, looked at once a second."""
    return [t for t in range(seconds) if monitor.find_lost(leases, start + t)]


def test_a_lease_that_is_over_is_lost_after_two_renewals_without_one() -> None:
    assert looks(LeaseMonitor(SETTINGS), Lease("w", 100.0, expired=True), seconds=12) == [10, 11]


def test_a_lease_that_nobody_renews_is_lost_after_its_length_though_the_clock_went_back() -> None:
    assert looks(LeaseMonitor(SETTINGS), Lease("w", 100.0, expired=False), seconds=31) == [30]


def test_a_clock_that_jumps_ahead_takes_nothing_from_a_worker_that_lives() -> None:
    monitor = LeaseMonitor(SETTINGS)
    for t in range(600):
        renewal = t // 5
        assert not monitor.find_lost([Lease("w", HOUR + renewal, expired=t > 100)], float(t))


def test_what_is_renewed_together_does_not_keep_what_is_not() -> None:
    monitor = LeaseMonitor(SETTINGS)
    forgotten = Lease("w", 30.0, expired=False)
    lost = []
    for t in range(1, 32):
        renewed = Lease("w", 30.0 + t // 5, expired=False)
        lost.append(monitor.find_lost([forgotten, renewed], t))
    assert lost[-1] == [forgotten]
    assert not any(lost[:-1])


def test_the_time_for_which_we_were_stopped_ourselves_does_not_count_against_others() -> None:
    monitor = LeaseMonitor(SETTINGS)
    lease = Lease("w", 100.0, expired=False)
    monitor.find_lost([lease], 0.0)
    assert not monitor.find_lost([lease], HOUR)
    assert looks(monitor, lease, seconds=21, start=HOUR + 1) == [19, 20]


@given(st.lists(st.tuples(st.floats(0, 4), st.booleans()), min_size=1, max_size=200))
def test_no_renewed_lease_is_ever_lost_and_every_other_is(
    steps: list[tuple[float, bool]],
) -> None:
    monitor, now = LeaseMonitor(SETTINGS), 0.0
    for number, (passed, over) in enumerate(steps):
        now += passed
        assert not monitor.find_lost([Lease("w", float(number // 2), over)], now)
    dead = Lease("w", -1.0, expired=False)
    assert any(monitor.find_lost([dead], now + t) for t in range(40))
