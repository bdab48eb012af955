"""Trials from start to report: short in the suite, at full size in `benchmarks.reliability.chaos`.

`database` is "sqlite" or "postgresql". Every trial has a service and a database of its own.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.reliability.chaos import trouble
from tests.reliability.chaos.client import mixed
from tests.reliability.chaos.clock import Clock
from tests.reliability.chaos.failpoints import POINTS
from tests.reliability.chaos.havoc import SETTINGS, Blows
from tests.reliability.chaos.hosts import HERE, THERE, Cuts, Hosts
from tests.reliability.chaos.keeper import Keeper
from tests.reliability.chaos.storm import Report, dealt, storm, troubled, under
from tests.reliability.chaos.trouble import Trouble, small_disk
from tests.support.postgres import Server
from tests.support.services import Service, until

if TYPE_CHECKING:
    from tests.reliability.chaos.rays import Site

MIB = {"sqlite": 32, "postgresql": 64}


@contextmanager
def prepared(
    database: str, disk: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[Service, Server | None]]:
    """Return a service with short leases, not started yet; `disk` is the place of its database."""
    with tempfile.TemporaryDirectory() as folder:
        server = None
        if database == "postgresql":
            server = Server(data=disk and disk / "data", environment=environment).start()
        more: dict[str, Any] = {"data_dir": disk} if disk else {}
        service = Service(
            Path(folder),
            **SETTINGS,
            database=server.url if server else "",
            **more,
        )
        service.environment |= environment or {}
        try:
            yield service, server
        finally:
            service.stop()
            if server:
                server.remove()


@contextmanager
def running(
    database: str, disk: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[Service, Server | None]]:
    """Return the same service, started."""
    with prepared(database, disk, environment) as (service, server):
        yield service.start(), server


def killed(database: str, tasks: int, seed: int, blows: Blows) -> Report:
    """Run a trial with SIGKILL and SIGSTOP for API, workers, slots and PostgreSQL, at random."""
    with running(database) as (service, server):
        return storm(service, tasks, seed, blows, server)


def at_points(database: str, tasks: int, times: int, *points: str) -> Report:
    """Run a trial in which processes end at named failpoints."""
    of = {name: tuple(p for p in known if p in points) for name, known in POINTS.items()}
    with prepared(database) as (service, _):
        service.environment["QUANTUMTASK_DRAIN_S"] = "0"  # who is told to stop gives back at once
        keeper = Keeper(service, of, times)
        report = under(service, tasks, keeper.wreak(), mixed)
        missed = [f"{point}: not reached {times} times" for point in keeper.missed]
        return replace(report, blows=keeper.dealt, violations=report.violations + missed)


def without_server(tasks: int, times: int) -> Report:
    """Run a trial in which PostgreSQL is stopped with `-m immediate`."""
    with running("postgresql") as (service, server):
        assert server
        return troubled(
            service, tasks, Trouble(service, "stopped", trouble.stopping(server)), times
        )


def locked(database: str, tasks: int, times: int, seconds: float) -> Report:
    """Run a trial in which another connection locks the whole database."""
    with running(database) as (service, _):
        deal = trouble.locking(service.settings, seconds)
        return troubled(service, tasks, Trouble(service, f"locked {seconds:g} s", deal), times)


def moved(database: str, tasks: int, times: int) -> Report:
    """Run a trial in which the wall clock jumps by an hour, each time as a worker dies."""
    with Clock() as clock, running(database, environment=clock.environment) as (service, _):
        deal = trouble.jumping(clock, service)
        return troubled(service, tasks, Trouble(service, "clock moved", deal), times)


def full(database: str, tasks: int, times: int, seconds: float) -> Report:
    """Run a trial with a full disk of 32 MiB, or 64 for PostgreSQL, which starts with 40.

    Raises NoDisk if none can be mounted.
    """
    with (
        small_disk(MIB[database]) as disk,
        running(database, disk) as (service, server),
    ):
        deal = trouble.filling(disk, seconds, after=_revived(server))
        return troubled(service, tasks, Trouble(service, "disk full", deal), times)


def _revived(server: Server | None) -> Callable[[], None]:
    """Restart PostgreSQL if the full disk has ended it."""

    def revive() -> None:
        if server and not server.alive:
            server.start()

    return revive


@contextmanager
def on_ray(database: str) -> "Iterator[tuple[Service, Site]]":
    """Return a service that runs its tasks on a cluster of two nodes."""
    from tests.reliability.chaos.rays import Site  # there is no Ray for every Python

    site = Site()
    try:
        with prepared(database, environment=site.cluster.access) as (service, _):
            service.environment |= {
                f"QUANTUMTASK_{name.upper()}": value for name, value in site.settings.items()
            }
            yield service.start(), site
    finally:
        site.stop()


def on_ray_killed(database: str, tasks: int, seed: int, blows: Blows) -> Report:
    """Run a trial in which Ray's processes are killed, too."""
    from tests.reliability.chaos.rays import RayHavoc

    with on_ray(database) as (service, site):
        return dealt(service, tasks, RayHavoc(service, seed, site), blows)


def without_ray(database: str, tasks: int, times: int) -> Report:
    """Run a trial in which the cluster's store, a node's daemon and the driver die in turns."""
    from tests.reliability.chaos.rays import BACK_S

    with on_ray(database) as (service, site):
        trouble_ = Trouble(service, "lost of Ray", site.losing(service), whole=True)
        return troubled(service, tasks, trouble_, times, BACK_S)


def cut(tasks: int, cuts: Sequence[tuple[str, float]], **leases: float) -> Report:
    """Run a trial of two hosts with one PostgreSQL that lose each other.

    Raises NoNetwork without a network namespace; run it in a namespace of its own, see hosts.py.
    """
    settings: dict[str, Any] = {**SETTINGS, "lease_s": 30, "renew_s": 5, **leases}
    again_s = settings["lease_s"] + settings["renew_s"]
    with Hosts() as hosts, tempfile.TemporaryDirectory() as folder:
        server = Server(addresses=("127.0.0.1", HERE)).start()
        service = Service(Path(folder), database=server.url, **settings)
        service.environment["QUANTUMTASK_WORKER_URL"] = f"http://{THERE}:{service.worker_port}"
        try:
            service.start_api()
            there = service.start_worker(
                hosts.there, worker_host=THERE, database=server.url.replace("127.0.0.1", HERE)
            )
            until(lambda: trouble.heard(service) == 1, 60, service.logs)
            service.start_worker(worker_port=0)
            until(lambda: trouble.heard(service) == 2, 60, service.logs)
            service.wait_ready()
            cuts_ = Cuts(hosts, service, there, again_s)
            report = under(service, tasks, cuts_.wreak(cuts))
            return replace(
                report,
                blows=cuts_.dealt,
                again=cuts_.again,
                violations=report.violations + cuts_.late,
            )
        finally:
            service.stop()
            server.remove()
