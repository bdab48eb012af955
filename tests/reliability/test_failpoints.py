"""Processes that end by themselves before and after each commit, reply and ring.

The short form of `python -m benchmarks.reliability.chaos failpoints`, which has the rarer points
as well.
"""

import pytest

from tests.reliability.chaos import trials
from tests.reliability.chaos.failpoints import POINTS, SIDES

OFTEN = [
    *POINTS["api"],
    *(f"{p}.{s}" for p in ("claim", "complete", "renew", "blob") for s in SIDES),
]


@pytest.mark.timeout(600)
def test_nothing_is_lost_where_processes_end_around_each_commit_reply_and_ring() -> None:
    assert len(OFTEN) >= 12
    report = trials.at_points("sqlite", 5 * len(OFTEN), 1, *OFTEN)
    assert report.violations == []
    assert set(report.blows) == set(OFTEN)
