"""Which leases nobody renews any more, told without trusting a clock that can be set."""

from collections.abc import Iterable

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Lease


class Watch:
    """Looks at all leases again and again. One that is alive changes with every renewal.

    A lease is lost once it has stood still for its whole length, or is over by the database's clock
    and has stood still for two renewals: so a clock that jumps ahead takes nothing from a worker
    that lives, and one that jumps back keeps nothing for a worker that does not.
    """

    def __init__(self, settings: Settings) -> None:
        self._lease_s = settings.lease_s
        self._two_renewals_s = 2 * settings.renew_s
        self._still_s: dict[tuple[str, float], float] = {}
        self._looked_at = 0.0

    def lost(self, leases: Iterable[Lease], now: float) -> list[Lease]:
        """Those of the leases that are lost; `now` is in seconds of a clock that never jumps."""
        # If we were stopped ourselves, that time does not count against others.
        passed = min(now - self._looked_at, self._two_renewals_s)
        self._looked_at = now
        before, self._still_s = self._still_s, {}
        found = []
        for lease in leases:
            key = (lease.worker, lease.expires_at)
            still_s = self._still_s[key] = before[key] + passed if key in before else 0.0
            if still_s >= (self._two_renewals_s if lease.expired else self._lease_s):
                found.append(lease)
        return found
