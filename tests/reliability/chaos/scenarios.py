"""Scenarios of trials, from start to report.

The suite runs them short, and `benchmarks.reliability.chaos` at full size.

`database` is "sqlite" or "postgresql". Every trial has a service and a database of its own.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.reliability.chaos import outages
from tests.reliability.chaos.client import CircuitCase, mixed_circuit
from tests.reliability.chaos.clock import Clock
from tests.reliability.chaos.failpoint_supervisor import FailpointSupervisor
from tests.reliability.chaos.failpoints import POINTS
from tests.reliability.chaos.fault_injector import SETTINGS, FaultCounts
from tests.reliability.chaos.hosts import LOCAL_ADDRESS, REMOTE_ADDRESS, Hosts, PartitionInjector
from tests.reliability.chaos.outages import OutageInjector, small_disk
from tests.reliability.chaos.trial import (
    Report,
    run_trial,
    run_with_faults,
    run_with_kills,
    run_with_outages,
)
from tests.support.postgres import Server
from tests.support.secured_service import require_token
from tests.support.services import Service, until

if TYPE_CHECKING:
    from tests.reliability.chaos.ray_faults import FaultyCluster

MIB = {"sqlite": 32, "postgresql": 64}


@contextmanager
def prepared(
    database: str,
    disk: Path | None = None,
    environment: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Iterator[tuple[Service, Server | None]]:
    """Yield a service with short leases that is not started; `disk` is for its database."""
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
            **(settings or {}),
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
    """Yield such a service after its start."""
    with prepared(database, disk, environment) as (service, server):
        yield service.start(), server


def with_kills(
    database: str, tasks: int, seed: int, faults: FaultCounts, *, tokens: bool = False
) -> Report:
    """Run a trial with SIGKILL and SIGSTOP for API, workers, slots and PostgreSQL, at random.

    Args:
        database: "sqlite" or "postgresql".
        tasks: The number of tasks.
        seed: The seed of the order of the faults.
        faults: The number of faults of each kind.
        tokens: If True, each request needs a token.
    """
    with prepared(database, settings={"auth": "required"} if tokens else None) as prepared_trial:
        service, server = prepared_trial
        if tokens:
            require_token(service)
        return run_with_kills(service.start(), tasks, seed, faults, server)


def with_failpoints(
    database: str,
    tasks: int,
    times: int,
    *points: str,
    case: Callable[[int], CircuitCase] = mixed_circuit,
) -> Report:
    """Run a trial in which processes end at named failpoints."""
    selection = {name: tuple(p for p in all_ if p in points) for name, all_ in POINTS.items()}
    with prepared(database) as (service, _):
        service.environment["QUANTUMTASK_DRAIN_S"] = "0"  # a stopping worker releases tasks at once
        supervisor = FailpointSupervisor(service, selection, times)
        report = run_trial(service, tasks, supervisor.inject(), case)
        missed = [f"{point}: not reached {times} times" for point in supervisor.missed]
        return replace(
            report, faults=supervisor.fault_counts, violations=report.violations + missed
        )


def without_server(tasks: int, times: int) -> Report:
    """Run a trial in which PostgreSQL is stopped with `-m immediate`."""
    with running("postgresql") as (service, server):
        assert server
        return run_with_outages(
            service, tasks, OutageInjector(service, "stopped", outages.stop_server(server)), times
        )


def with_locked_database(database: str, tasks: int, times: int, seconds: float) -> Report:
    """Run a trial in which another connection locks the whole database."""
    with running(database) as (service, _):
        cause = outages.lock_database(service.settings, seconds)
        return run_with_outages(
            service, tasks, OutageInjector(service, f"locked {seconds:g} s", cause), times
        )


def with_moved_clock(database: str, tasks: int, times: int) -> Report:
    """Run a trial in which the wall clock jumps by an hour, each time while a worker is killed."""
    with Clock() as clock, running(database, environment=clock.environment) as (service, _):
        cause = outages.move_clock(clock, service)
        return run_with_outages(
            service, tasks, OutageInjector(service, "clock moved", cause), times
        )


def with_full_disk(database: str, tasks: int, times: int, seconds: float) -> Report:
    """Run a trial with a full disk of 32 MiB, or 64 for PostgreSQL, which starts with 40.

    Raises DiskUnavailable if none can be mounted.
    """
    with (
        small_disk(MIB[database]) as disk,
        running(database, disk) as (service, server),
    ):
        cause = outages.fill_disk(disk, seconds, after=_restart_if_ended(server))
        return run_with_outages(service, tasks, OutageInjector(service, "disk full", cause), times)


def _restart_if_ended(server: Server | None) -> Callable[[], None]:
    """Restart PostgreSQL if the full disk has ended it."""

    def restart() -> None:
        if server and not server.alive:
            server.start()

    return restart


@contextmanager
def on_ray(database: str) -> "Iterator[tuple[Service, FaultyCluster]]":
    """Yield a service that runs its tasks on a cluster of two nodes."""
    from tests.reliability.chaos.ray_faults import FaultyCluster  # there is no Ray for every Python

    cluster = FaultyCluster()
    try:
        with prepared(database, environment=cluster.ray.access) as (service, _):
            service.environment |= {
                f"QUANTUMTASK_{name.upper()}": value for name, value in cluster.settings.items()
            }
            yield service.start(), cluster
    finally:
        cluster.stop()


def with_kills_on_ray(database: str, tasks: int, seed: int, faults: FaultCounts) -> Report:
    """Run a trial in which Ray's processes are killed, too."""
    from tests.reliability.chaos.ray_faults import RayFaultInjector

    with on_ray(database) as (service, cluster):
        return run_with_faults(service, tasks, RayFaultInjector(service, seed, cluster), faults)


def without_ray(database: str, tasks: int, times: int) -> Report:
    """Run a trial in which the cluster's store, a node's daemon and the driver die in turns."""
    from tests.reliability.chaos.ray_faults import RECOVERY_LIMIT_S

    with on_ray(database) as (service, cluster):
        injector = OutageInjector(
            service, "Ray process killed", cluster.kill_in_turns(service), from_start=True
        )
        return run_with_outages(service, tasks, injector, times, RECOVERY_LIMIT_S)


def with_partitions(tasks: int, partitions: Sequence[tuple[str, float]], **leases: float) -> Report:
    """Run a trial of two hosts with network partitions and one PostgreSQL.

    Raises NetworkUnavailable without a network namespace; see OWN_NETWORK in hosts.py.
    """
    settings: dict[str, Any] = {**SETTINGS, "lease_s": 30, "renew_s": 5, **leases}
    retry_limit_s = settings["lease_s"] + settings["renew_s"]
    with Hosts() as hosts, tempfile.TemporaryDirectory() as folder:
        server = Server(addresses=("127.0.0.1", LOCAL_ADDRESS)).start()
        service = Service(Path(folder), database=server.url, **settings)
        service.environment["QUANTUMTASK_WORKER_URL"] = (
            f"http://{REMOTE_ADDRESS}:{service.worker_port}"
        )
        try:
            service.start_api()
            remote = service.start_worker(
                hosts.remote_command,
                worker_host=REMOTE_ADDRESS,
                database=server.url.replace("127.0.0.1", LOCAL_ADDRESS),
            )
            until(lambda: outages.ready_workers(service) == 1, 60, service.logs)
            service.start_worker(worker_port=0)
            until(lambda: outages.ready_workers(service) == 2, 60, service.logs)
            service.wait_ready()
            injector = PartitionInjector(hosts, service, remote, retry_limit_s)
            report = run_trial(service, tasks, injector.inject(partitions))
            return replace(
                report,
                faults=injector.fault_counts,
                retry_times=injector.retry_times,
                violations=report.violations + injector.late,
            )
        finally:
            service.stop()
            server.remove()
