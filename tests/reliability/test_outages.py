"""Outages below the service: no task is lost, no 500, and the service is back soon.

Short forms of `python -m benchmarks.reliability.chaos lock`, `clock`, `disk` and `hosts`; `server`
is in test_crash.py.
"""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.reliability.chaos import scenarios
from tests.reliability.chaos.hosts import OWN_NETWORK
from tests.reliability.chaos.outages import DiskUnavailable
from tests.support.sizes import sized

pytestmark = pytest.mark.slow_first

ROOT = Path(__file__).parents[2]


def test_a_locked_database_delays_the_service_only_while_it_is_locked() -> None:
    report = scenarios.with_locked_database(
        "sqlite", tasks=sized(20, 40), times=sized(1, 3), seconds=sized(4, 10)
    )
    assert report.violations == []
    assert set(report.refusals) == {503}


@pytest.mark.skipif(not find_spec("libfaketime"), reason="libfaketime is for Linux on x86-64")
def test_a_clock_that_jumps_an_hour_forward_and_back_changes_nothing() -> None:
    report = scenarios.with_moved_clock("sqlite", tasks=sized(20, 40), times=sized(2, 4))
    assert report.violations == []
    assert not report.refusals


def test_a_full_disk_loses_no_task_and_the_service_recovers_with_free_space() -> None:
    try:
        report = scenarios.with_full_disk(
            "sqlite", tasks=sized(20, 40), times=sized(1, 3), seconds=sized(2, 5)
        )
    except DiskUnavailable as error:
        pytest.skip(f"no small disk: {error}")
    assert report.violations == []
    assert set(report.refusals) == {503}


def test_tasks_of_a_disconnected_host_run_again_and_have_one_result_each() -> None:
    command = [
        *OWN_NETWORK,
        sys.executable,
        "-m",
        "benchmarks.reliability.chaos",
        "hosts",
        "--short",
    ]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if "no network namespace" in process.stdout + process.stderr or process.stderr.startswith(
        "unshare:"
    ):
        pytest.skip(process.stdout + process.stderr)
    assert process.returncode == 0, process.stdout + process.stderr
    assert "0 violations" in process.stdout
