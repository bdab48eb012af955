"""Detection of leases that are no longer renewed, without trust in a clock that can be set."""

from collections.abc import Iterable

from quantumtask.shared.lease import Lease
from quantumtask.shared.settings import Settings


class LeaseMonitor:
    """Compares the leases of all workers at regular times; a live one changes with each renewal.

    A lease is lost if it has not changed for its whole duration, or if it has expired by the
    database's clock and has not changed for two renewal intervals. So a clock that jumps ahead
    takes no task from a live worker, and one that jumps back keeps no task for a dead worker.
    """

    def __init__(self, settings: Settings) -> None:
        self._lease_s = settings.lease_s
        self._two_renewals_s = 2 * settings.renew_s
        self._unchanged_s: dict[tuple[str, float], float] = {}
        self._compared_at = 0.0

    def find_lost(self, leases: Iterable[Lease], now: float) -> list[Lease]:
        """Return the lost leases; `now` is in seconds of the monotonic clock."""
        # A time in which this worker itself was stopped does not count against others.
        elapsed = min(now - self._compared_at, self._two_renewals_s)
        self._compared_at = now
        before, self._unchanged_s = self._unchanged_s, {}
        lost = []
        for lease in leases:
            key = (lease.worker, lease.expires_at)
            unchanged_s = before[key] + elapsed if key in before else 0.0
            self._unchanged_s[key] = unchanged_s
            if unchanged_s >= (self._two_renewals_s if lease.expired else self._lease_s):
                lost.append(lease)
        return lost
