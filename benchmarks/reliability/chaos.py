"""Evidence for docs/guarantees.md at full size: faults in the service, and an audit of its tasks.

usage: python -m benchmarks.reliability.chaos PART [OPTIONS]; -h lists the parts, PART -h lists its
    options.

Each part prints its faults and the results of the tasks. The exit status is 1 if a guarantee was
violated. The audit compares the journal of the client with the rows of the database. The tests run
the same parts with fewer tasks.
"""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import replace

from tests.reliability.chaos import fault_injector, scenarios
from tests.reliability.chaos.client import CircuitCase, mixed_circuit, small_circuit
from tests.reliability.chaos.failpoints import POINTS
from tests.reliability.chaos.hosts import (
    DIRECTIONS,
    OWN_NETWORK,
    NetworkUnavailable,
    has_own_network,
)
from tests.reliability.chaos.outages import DiskUnavailable
from tests.reliability.chaos.trial import Report


def processes(options: argparse.Namespace) -> Report:
    """Send 200 SIGKILLs, and 50 SIGSTOPs longer than the lease, to API, workers and slots."""
    if options.executor == "ray":
        report = scenarios.with_kills_on_ray(
            options.database, options.tasks, options.seed, fault_injector.ON_RAY
        )
    else:
        report = scenarios.with_kills(
            options.database,
            options.tasks,
            options.seed,
            fault_injector.FULL,
            tokens=options.tokens,
        )
    late = [] if report.fenced_writes else ["no late write was refused: too few faults"]
    return replace(report, violations=report.violations + late)


def server(options: argparse.Namespace) -> Report:
    """Stop PostgreSQL with `-m immediate` ten times."""
    return scenarios.without_server(options.tasks, 10)


def disk(options: argparse.Namespace) -> Report:
    """Fill a disk of 32 MiB for five seconds, three times."""
    return scenarios.with_full_disk(options.database, options.tasks, 3, 5)


def lock(options: argparse.Namespace) -> Report:
    """Hold an exclusive lock of the database for ten seconds, three times."""
    return scenarios.with_locked_database(options.database, options.tasks, 3, 10)


def clock(options: argparse.Namespace) -> Report:
    """Move the wall clock by an hour, forward and back, twice each, while a worker is killed."""
    return scenarios.with_moved_clock(options.database, options.tasks, 4)


def failpoints(options: argparse.Namespace) -> list[Report]:
    """End processes at each failpoint, three times each, one failpoint after another."""
    points = [point for each in POINTS.values() for point in each]
    return [
        scenarios.with_failpoints(
            options.database, options.tasks, 3, *add_causes(point), case=case_of(point)
        )
        for point in points
    ]


def add_causes(point: str) -> tuple[str, ...]:
    """Return a failpoint with its causes: a lease is reclaimed only after a worker has died."""
    return (point, "claim.after", "complete.before") if point.startswith("sweep") else (point,)


def case_of(point: str) -> Callable[[int], CircuitCase]:
    """Return the circuits of a trial: all are small where a direct run has to be reached."""
    return small_circuit if point.startswith("direct") else mixed_circuit


def hosts(options: argparse.Namespace) -> Report:
    """Partition two hosts for 5, 40 and 120 s, in each direction and in both."""
    if options.short:
        return scenarios.with_partitions(
            40, [("both ways", 1), ("both ways", 6)], lease_s=2, renew_s=0.5
        )
    return scenarios.with_partitions(
        options.tasks, [(direction, s) for s in (5, 40, 120) for direction in DIRECTIONS]
    )


def ray(options: argparse.Namespace) -> Report:
    """Kill Ray's object store, the daemon of a node and the worker's driver, three times each."""
    return scenarios.without_ray(options.database, options.tasks, 9)


def print_report(report: Report) -> bool:
    """Print a report, and return True if every guarantee held."""
    print(f"{report.accepted} tasks accepted in {report.seconds:.0f} s")
    print("faults:", ", ".join(f"{fault} {times}" for fault, times in report.faults.items()))
    print("attempts needed:", report.attempts)
    print("answers other than 200:", dict(report.refusals))
    print("longest time without an accepted task:", ", ".join(f"{s:.1f} s" for s in report.outages))
    if report.recoveries:
        print("recovery times:", ", ".join(f"{s:.1f} s" for s in report.recoveries))
    if report.retry_times:
        print(
            "times until a repeated attempt:",
            ", ".join(f"{s:.1f} s" for s in sorted(report.retry_times)),
        )
    print("late writes refused:", report.fenced_writes)
    print(f"{len(report.violations)} violations", *report.violations[:20], sep="\n")
    return not report.violations


PARTS: dict[Callable[[argparse.Namespace], Report | list[Report]], int] = {
    processes: 10_000, failpoints: 100, server: 2_000, disk: 2_000, lock: 1_000, clock: 1_000,
    hosts: 2_000, ray: 1_000,
}  # fmt: skip
"""Default number of tasks of each part."""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parts = parser.add_subparsers(required=True, metavar="PART")
    for run, tasks in PARTS.items():
        part = parts.add_parser(run.__name__, help=run.__doc__)
        part.add_argument("--tasks", type=int, default=tasks)
        part.add_argument("--seed", type=int, default=1)
        part.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
        part.add_argument("--tokens", action="store_true", help="each request needs a token")
        part.add_argument("--executor", choices=("local", "ray"), default="local")
        part.add_argument("--short", action="store_true", help=argparse.SUPPRESS)
        part.set_defaults(run=run)
    options = parser.parse_args()
    if options.run is hosts and not has_own_network():
        os.execvp(
            OWN_NETWORK[0],
            [*OWN_NETWORK, sys.executable, "-m", "benchmarks.reliability.chaos", *sys.argv[1:]],
        )
    try:
        reports = options.run(options)
    except (DiskUnavailable, NetworkUnavailable) as error:
        print(f"not possible on this machine: {error}")
        return 1
    results = [print_report(each) for each in _several(reports)]
    return 0 if all(results) else 1


def _several(reports: Report | list[Report]) -> list[Report]:
    return reports if isinstance(reports, list) else [reports]


if __name__ == "__main__":
    sys.exit(main())
