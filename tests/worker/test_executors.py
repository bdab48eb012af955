"""One suite for both executors: the promises on which the worker relies."""

import itertools
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from quantumtask.shared.settings import EXECUTORS, Settings
from quantumtask.shared.task import Assignment, Failure, Result, TaskSpec
from quantumtask.worker.executors import open_executor
from quantumtask.worker.outcome import AttemptOutcome, TaskSize, Value
from tests.support.ray_cluster import Cluster
from tests.support.services import (
    BELL,
    ENDLESS,
    TOO_LARGE,
    alive,
    entangle,
    memory_mib,
    parent,
    slot_pids,
    until,
)

# All that use a Ray cluster share one.
pytestmark = [pytest.mark.xdist_group("ray"), pytest.mark.slow_first]

KINDS = EXECUTORS
SLOTS = 2

STATE_MIB = 400
"""More than a slot has without a state, and less than with that of ENDLESS."""

# So it is seen at once that a state is too large, and not on the way.
REFUSED = {"engine": "aer", "method": "statevector"}


HISTORIES = (
    'OPENQASM 3.0; include "stdgates.inc"; qubit q; bit[2] c; h q; c[0] = measure q; '
    "if (c[0]) { h q; } c[1] = measure q;"
)
ONE_BY_ONE = {
    "shots": 1_000_000,
    "engine": "quantumtask",
    "method": "statevector",
    "options": '{"noise": {"depolarizing": {"one_qubit": 0.01}}}',
}
"""A run of minutes on any machine, one shot after the other."""


@dataclass
class Me:
    pid: int = os.getpid()


class Bench:
    """An executor, and the outcomes that it has reported."""

    def __init__(self, settings: Settings, home: Any) -> None:
        self._home = home
        self._is_local = settings.executor == "local"
        self._reported = threading.Condition()
        self._outcomes: dict[str, list[Value | None]] = {}
        self._names = map(str, itertools.count())
        self.size = TaskSize(1, all_threads=False)  # no task requests more
        self.broken: list[BaseException] = []
        self.executor = open_executor(settings, self._report, self.broken.append)
        self._slots = settings.slots
        self.executor.warm()
        until(lambda: self.executor.free == self._slots, 200)

    def _report(self, outcomes: list[AttemptOutcome]) -> None:
        with self._reported:
            for outcome in outcomes:
                self._outcomes[outcome.assignment.id].append(outcome.value)
            self._reported.notify_all()

    def submit(self, *circuits: str, **more: Any) -> list[Assignment]:
        """Submit one chunk as soon as a slot is free."""
        chunk = [
            Assignment(next(self._names), 1, "bench", 0, 1.0, TaskSpec(circuit, **more))
            for circuit in circuits
        ]
        self._outcomes.update({task.id: [] for task in chunk})
        until(lambda: self.executor.free, 60)
        self.executor.submit(chunk, self.size)
        return chunk

    def values(self, chunk: list[Assignment]) -> list[Value | None]:
        """Return the value of each outcome, after checking that there is one outcome for each
        task.
        """
        with self._reported:
            assert self._reported.wait_for(lambda: all(self._outcomes[t.id] for t in chunk), 150)
        until(lambda: self.executor.free == self._slots, 60)
        assert {len(self._outcomes[task.id]) for task in chunk} == {1}
        return [self._outcomes[task.id][0] for task in chunk]

    def run(self, *circuits: str, **more: Any) -> list[Value | None]:
        return self.values(self.submit(*circuits, **more))

    def at_work(self, slots: int = 1) -> list[int]:
        """Wait until this number of slots has the state of ENDLESS; return their process ids.

        A slot computes when it starts, too.
        """

        def at_work() -> list[int]:
            pids = [pid for pid in slot_pids(self._home) if memory_mib(pid) > STATE_MIB]
            if not self._is_local:
                return pids
            # Services of other tests are below this process, too, with fork servers of their own.
            return [pid for pid in pids if parent(parent(pid)) == self._home.pid]

        until(lambda: len(at_work()) >= slots, 120)
        return at_work()


Begin = Callable[..., Bench]


@pytest.fixture(scope="module")
def begin(request: pytest.FixtureRequest) -> Iterator[Begin]:
    """Return a function that starts an executor with slots of 2 GiB."""
    benches: list[Bench] = []

    def one(kind: str, slots: int) -> Bench:
        # Nobody has to be patient: this cluster loses no node, and gets none.
        settings = Settings(
            executor=kind, slots=slots, slot_memory_mb=2048, ray_patience_s=5, renew_s=1
        )
        if kind == "local":
            benches.append(Bench(settings, Me()))
        else:
            cluster: Cluster = request.getfixturevalue("cluster")
            benches.append(Bench(settings, cluster.head))
        return benches[-1]

    yield one
    for bench in benches:
        bench.executor.stop()
        assert bench.broken == []


@pytest.fixture(scope="module")
def benches() -> dict[str, Bench]:
    return {}


@pytest.fixture(params=KINDS)
def bench(request: pytest.FixtureRequest, benches: dict[str, Bench], begin: Begin) -> Bench:
    """Return the executor of a kind, shared by all tests: each leaves it as it was."""
    kind: str = request.param
    if kind not in benches:
        benches[kind] = begin(kind, SLOTS)
    return benches[kind]


def test_a_chunk_has_one_outcome_for_each_of_its_tasks(bench: Bench) -> None:
    values = bench.run(*[BELL] * 50, "qubit[2] q; nonsense q;", shots=100, seed=7)
    *results, failure = values
    assert {r.counts for r in results if isinstance(r, Result)} == {results[0].counts}  # type: ignore[union-attr]
    assert isinstance(failure, Failure)
    assert failure.problems


def test_chunks_fill_every_slot_and_no_more(bench: Bench) -> None:
    chunks = [bench.submit(ENDLESS) for _ in range(SLOTS)]
    assert bench.executor.free == 0
    assert bench.executor.size == SLOTS
    bench.at_work(SLOTS)
    bench.executor.kill()
    assert [bench.values(chunk) for chunk in chunks] == [[None]] * SLOTS


def test_the_progress_of_a_long_task_is_known_while_it_runs(bench: Bench) -> None:
    [task] = bench.submit(HISTORIES, **ONE_BY_ONE)
    key = task.id, task.attempt

    def fraction() -> float:
        progress = bench.executor.progress.get(key)
        return (progress and progress.fraction) or 0.0

    until(fraction, 60)
    first = fraction()
    until(lambda: fraction() > first, 60)
    assert 0 < first < fraction() < 1
    bench.executor.kill(*key)
    assert bench.values([task]) == [None]
    assert key not in bench.executor.progress


def test_a_task_that_is_killed_ends_at_once_and_its_slot_goes_on(bench: Bench) -> None:
    [task] = chunk = bench.submit(ENDLESS)
    [pid] = bench.at_work()
    bench.executor.kill(task.id, task.attempt)
    assert bench.values(chunk) == [None]
    until(lambda: not alive(pid), 20)
    assert isinstance(bench.run(BELL)[0], Result)


def test_a_task_that_is_killed_before_it_runs_has_one_outcome(bench: Bench) -> None:
    for _ in range(10):
        [task] = chunk = bench.submit(ENDLESS)
        bench.executor.kill(task.id, task.attempt)
        assert bench.values(chunk) == [None]
    assert isinstance(bench.run(BELL)[0], Result)


def test_a_kill_of_one_task_ends_its_whole_chunk(bench: Bench) -> None:
    chunk = bench.submit(ENDLESS, BELL, BELL)
    bench.executor.kill(chunk[2].id, 1)
    assert bench.values(chunk) == [None] * 3


def test_another_attempt_is_not_killed(bench: Bench) -> None:
    [task] = chunk = bench.submit(entangle(150))
    bench.executor.kill(task.id, task.attempt + 1)
    bench.executor.kill("another", task.attempt)
    assert isinstance(bench.values(chunk)[0], Result)


def test_a_task_that_runs_too_long_fails_with_its_limit(bench: Bench) -> None:
    [failure] = bench.run(ENDLESS, timeout_s=1)
    assert isinstance(failure, Failure)
    assert (failure.code, "1 seconds" in failure.message) == ("timeout", True)


def test_a_slow_task_ends_its_chunk_without_outcomes(bench: Bench) -> None:
    assert bench.run(ENDLESS, BELL) == [None, None]


def test_a_task_that_is_too_large_fails_with_both_numbers(bench: Bench) -> None:
    [failure] = bench.run(TOO_LARGE, **REFUSED)
    assert isinstance(failure, Failure)
    assert failure.code == "out_of_memory"
    assert "16.0 TiB" in failure.message
    assert "1.8 GiB" in failure.message
    assert isinstance(bench.run(BELL)[0], Result)


def test_a_task_that_is_too_large_harms_no_other_of_its_chunk(bench: Bench) -> None:
    before, failure, after = bench.run(BELL, TOO_LARGE, BELL, **REFUSED)
    assert isinstance(before, Result)
    assert isinstance(failure, Failure)
    assert after is None


def test_a_task_whose_process_dies_fails_if_it_was_alone(bench: Bench) -> None:
    chunk = bench.submit(ENDLESS)
    os.kill(bench.at_work()[0], signal.SIGKILL)
    [failure] = bench.values(chunk)
    assert isinstance(failure, Failure)
    assert failure.code == "worker_crashed"
    assert isinstance(bench.run(BELL)[0], Result)


@pytest.mark.parametrize("kind", KINDS)
def test_stopping_an_executor_ends_running_tasks_without_a_value(kind: str, begin: Begin) -> None:
    bench = begin(kind, slots=1)
    [task] = bench.submit(ENDLESS)
    [pid] = bench.at_work()
    bench.executor.stop()
    assert bench._outcomes[task.id] == [None]
    until(lambda: not alive(pid), 20)
