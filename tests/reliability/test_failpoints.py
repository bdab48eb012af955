"""Processes that end at failpoints: before and after each commit, reply and ring.

The short form of `python -m benchmarks.reliability.chaos failpoints`, which at full size also has
the rarer failpoints.
"""

import pytest

from tests.reliability.chaos import scenarios
from tests.reliability.chaos.client import small_circuit
from tests.reliability.chaos.failpoints import POINTS, SIDES
from tests.support.sizes import sized

pytestmark = pytest.mark.slow_first

REACHED = ["claim", "complete", "renew", "blob", *sized([], ["fail", "release", "sweep"])]
DIRECT = [f"direct.{side}" for side in SIDES]
POINTS_OF_RUN = [
    *(point for point in POINTS["api"] if point not in DIRECT),
    *(f"{place}.{side}" for place in REACHED for side in SIDES),
]
TASKS = 5 * len(POINTS_OF_RUN)


@pytest.mark.timeout(600)
def test_no_task_is_lost_when_processes_end_around_each_commit_reply_and_ring() -> None:
    assert len(POINTS_OF_RUN) >= 12
    report = scenarios.with_failpoints("sqlite", TASKS, 1, *POINTS_OF_RUN)
    assert report.violations == []
    assert set(report.faults) == set(POINTS_OF_RUN)


@pytest.mark.timeout(600)
def test_no_task_is_lost_when_an_api_ends_around_the_commit_of_a_direct_run() -> None:
    report = scenarios.with_failpoints("sqlite", sized(40, 400), 1, *DIRECT, case=small_circuit)
    assert report.violations == []
    assert set(report.faults) == set(DIRECT)
