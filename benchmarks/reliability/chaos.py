"""The evidence for docs/guarantees.md at full size: blows to the service, and the books after.

usage: python -m benchmarks.reliability.chaos PART [OPTIONS]; -h tells the parts, PART -h its
    options.

Each part prints what it did and what became of the tasks, and exits with 1 if a promise was broken.
The books compare the client's own journal with the rows of the database. The suite runs the same
parts, shorter.
"""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import replace

from tests.reliability.chaos import havoc, trials
from tests.reliability.chaos.failpoints import POINTS
from tests.reliability.chaos.hosts import ALONE, WAYS, NoNetwork, alone
from tests.reliability.chaos.storm import Report
from tests.reliability.chaos.trouble import NoDisk


def storm(given: argparse.Namespace) -> Report:
    """200 SIGKILLs to API, workers and slots, and 50 SIGSTOPs longer than the lease, at random."""
    if given.executor == "ray":
        report = trials.on_ray_killed(given.database, given.tasks, given.seed, havoc.ON_RAY)
    else:
        report = trials.killed(given.database, given.tasks, given.seed, havoc.FULL)
    late = [] if report.fenced else ["no late write was fenced: the storm was too mild"]
    return replace(report, violations=report.violations + late)


def server(given: argparse.Namespace) -> Report:
    """PostgreSQL stopped with `-m immediate` ten times."""
    return trials.without_server(given.tasks, 10)


def disk(given: argparse.Namespace) -> Report:
    """A disk of 32 MiB that is full for five seconds, three times."""
    return trials.full(given.database, given.tasks, 3, 5)


def lock(given: argparse.Namespace) -> Report:
    """An exclusive lock of somebody else for ten seconds, three times."""
    return trials.locked(given.database, given.tasks, 3, 10)


def clock(given: argparse.Namespace) -> Report:
    """The wall clock moved by an hour, forward and back, twice each, as a worker dies."""
    return trials.moved(given.database, given.tasks, 4)


def failpoints(given: argparse.Namespace) -> list[Report]:
    """Processes that end by themselves at each named point, three times each, point by point."""
    points = [point for each in POINTS.values() for point in each]
    return [trials.at_points(given.database, given.tasks, 3, *with_cause(p)) for p in points]


def with_cause(point: str) -> tuple[str, ...]:
    """A point with what leads to it: a sweep finds something only if a worker has died."""
    return (point, "claim.after") if point.startswith("sweep") else (point,)


def hosts(given: argparse.Namespace) -> Report:
    """Two hosts cut apart for 5, 40 and 120 s, each direction alone and both."""
    if given.short:
        return trials.cut(40, [("both ways", 1), ("both ways", 6)], lease_s=2, renew_s=0.5)
    return trials.cut(given.tasks, [(way, s) for s in (5, 40, 120) for way in WAYS])


def ray(given: argparse.Namespace) -> Report:
    """Ray's store, a node's daemon and the worker's bridge killed, three times each."""
    return trials.without_ray(given.database, given.tasks, 9)


def told(report: Report) -> bool:
    """Prints a report; whether every promise was kept."""
    print(f"{report.accepted} tasks accepted in {report.seconds:.0f} s")
    print("done to it:", ", ".join(f"{blow} {times}" for blow, times in report.blows.items()))
    print("attempts needed:", report.attempts)
    print("answers other than 200:", dict(report.refusals))
    print("longest until one was accepted:", ", ".join(f"{s:.1f} s" for s in report.outages))
    if report.recoveries:
        print("back after:", ", ".join(f"{s:.1f} s" for s in report.recoveries))
    if report.again:
        print("ran again after:", ", ".join(f"{s:.1f} s" for s in sorted(report.again)))
    print("late writes fenced:", report.fenced)
    print(f"{len(report.violations)} violations", *report.violations[:20], sep="\n")
    return not report.violations


PARTS: dict[Callable[[argparse.Namespace], Report | list[Report]], int] = {
    storm: 10_000, failpoints: 100, server: 2_000, disk: 2_000, lock: 1_000, clock: 1_000,
    hosts: 2_000, ray: 1_000,
}  # fmt: skip
"""How many tasks each part submits unless told otherwise."""


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
        part.add_argument("--executor", choices=("local", "ray"), default="local")
        part.add_argument("--short", action="store_true", help=argparse.SUPPRESS)
        part.set_defaults(run=run)
    given = parser.parse_args()
    if given.run is hosts and not alone():
        os.execvp(
            ALONE[0], [*ALONE, sys.executable, "-m", "benchmarks.reliability.chaos", *sys.argv[1:]]
        )
    try:
        reports = given.run(given)
    except (NoDisk, NoNetwork) as error:
        print(f"cannot be done here, {error}")
        return 1
    kept = [told(each) for each in _several(reports)]
    return 0 if all(kept) else 1


def _several(reports: Report | list[Report]) -> list[Report]:
    return reports if isinstance(reports, list) else [reports]


if __name__ == "__main__":
    sys.exit(main())
