"""Each guard of the Store is removed, one at a time: a named test then fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.mutants import MUTANTS
from tests.support.cases import check_each

pytestmark = pytest.mark.slow_first

ROOT = Path(__file__).parents[2]

FOUND_BY = {
    "no_attempt": "test_store.py::test_a_worker_that_lost_its_lease_cannot_write",
    "id_before_commit": "test_store.py::test_a_task_comes_back_as_it_was_stored",
    "no_sync": "test_direct_runs_store.py::"
    "test_an_answered_direct_run_survives_a_power_cut_with_sqlite",
    "no_sweep": "test_store.py::test_a_lease_that_its_worker_does_not_know_expires",
    "no_fair_tag": "test_fair_sharing.py::test_one_task_after_another_owners_thousands_is_next",
    "no_project": "test_projects.py::test_a_read_finds_what_its_project_has_and_nothing_of_another",
}


def test_every_mutant_has_a_test() -> None:
    assert set(FOUND_BY) == set(MUTANTS)


def test_a_missing_guard_fails_a_test(tmp_path: Path) -> None:
    tests = {mutant: f"tests/store/{test}" for mutant, test in FOUND_BY.items()}
    runs = [f"{mutant}={test}" for mutant, test in tests.items()]
    done = subprocess.run(
        [sys.executable, "-m", "tests.store.mutant_runs", str(tmp_path), *runs],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

    def check(mutant: str) -> None:
        output = (tmp_path / mutant).read_text()
        assert output.endswith(f"\n{int(pytest.ExitCode.TESTS_FAILED)}"), output
        assert f"FAILED {tests[mutant]}" in output, output

    check_each({mutant: mutant for mutant in tests}, check)
