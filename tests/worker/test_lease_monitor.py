"""Lost workers are distinguished from live ones, for all movements of the clocks."""

from hypothesis import given
from hypothesis import strategies as st

from quantumtask.shared.lease import Lease
from quantumtask.shared.settings import Settings
from quantumtask.worker.lease_monitor import LeaseMonitor

SETTINGS = Settings(lease_s=30, renew_s=5)
HOUR = 3600.0


def looks(monitor: LeaseMonitor, *leases: Lease, seconds: int, start: float = 0.0) -> list[float]:
    """Return the seconds after which any of the leases is lost, compared once a second."""
    return [t for t in range(seconds) if monitor.find_lost(leases, start + t)]


def test_an_expired_lease_is_lost_after_two_missing_renewals() -> None:
    assert looks(LeaseMonitor(SETTINGS), Lease("w", 100.0, expired=True), seconds=12) == [10, 11]


def test_an_unrenewed_lease_is_lost_after_its_duration_though_the_clock_went_back() -> None:
    assert looks(LeaseMonitor(SETTINGS), Lease("w", 100.0, expired=False), seconds=31) == [30]


def test_a_clock_that_jumps_ahead_takes_no_lease_from_a_live_worker() -> None:
    monitor = LeaseMonitor(SETTINGS)
    for t in range(600):
        renewal = t // 5
        assert not monitor.find_lost([Lease("w", HOUR + renewal, expired=t > 100)], float(t))


def test_a_renewed_lease_does_not_keep_another_lease_of_its_worker() -> None:
    monitor = LeaseMonitor(SETTINGS)
    forgotten = Lease("w", 30.0, expired=False)
    lost = []
    for t in range(1, 32):
        renewed = Lease("w", 30.0 + t // 5, expired=False)
        lost.append(monitor.find_lost([forgotten, renewed], t))
    assert lost[-1] == [forgotten]
    assert not any(lost[:-1])


def test_time_in_which_the_monitor_was_stopped_does_not_count_against_others() -> None:
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
    unrenewed = Lease("w", -1.0, expired=False)
    assert any(monitor.find_lost([unrenewed], now + t) for t in range(40))
