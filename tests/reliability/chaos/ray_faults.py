"""A Ray cluster whose processes die under load and are restarted as an operator would."""

import os
import random
import signal
from collections.abc import Callable
from contextlib import suppress

from tests.reliability.chaos.fault_injector import FaultInjector
from tests.support.ray_cluster import Cluster
from tests.support.services import Service, children, command, slot_pids

RECOVERY_LIMIT_S = 90.0
"""Seconds within which tasks must run again after a process of Ray was lost."""

CORES, MEMORY_MB = 1, 2048


class FaultyCluster:
    """A cluster of a head and one more node, whose processes can be killed."""

    def __init__(self) -> None:
        self.ray = Cluster(cores=CORES, memory_mb=MEMORY_MB).start()
        self._join()

    def _join(self) -> None:
        self.node = self.ray.join(cores=CORES, memory_mb=MEMORY_MB)

    @property
    def settings(self) -> dict[str, str]:
        return {"executor": "ray", "ray_address": self.ray.address}

    def kill_in_turns(self, service: Service) -> Callable[[int], None]:
        """Return a function that kills the cluster's store, a node's daemon or the driver."""
        kinds = (self.kill_gcs, self.kill_raylet, lambda: self.kill_driver(service))
        return lambda number: kinds[number % len(kinds)]()

    def kill_gcs(self) -> None:
        """Kill the store of the cluster, and restart the whole cluster."""
        self.ray.head.kill("gcs_server")
        self.ray.head.end()
        self.node.end()
        self.ray.start()
        self._join()

    def kill_raylet(self) -> None:
        self.node.kill("raylet")
        self.node.end()
        self._join()

    def kill_driver(self, service: Service) -> None:
        """Kill the worker's driver process, which holds the connection."""
        for pid in children(service.worker.pid):
            if "worker.ray.driver" in command(pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        self.ray.stop()


class RayFaultInjector(FaultInjector):
    """Causes faults in a service on Ray, and in Ray. The slots are processes of the nodes."""

    def __init__(self, service: Service, seed: int, cluster: FaultyCluster) -> None:
        super().__init__(service, seed)
        self._cluster, self._choices = cluster, random.Random(seed)

    def slots(self) -> list[int]:
        return [pid for member in self._cluster.ray.members for pid in slot_pids(member)]

    def kill_gcs(self) -> None:
        self._cluster.kill_gcs()

    def kill_raylet(self) -> None:
        self._cluster.kill_raylet()

    def kill_driver(self) -> None:
        drivers = [
            pid
            for worker in self.workers
            for pid in children(worker.pid)
            if "worker.ray.driver" in command(pid)
        ]
        with suppress(ProcessLookupError, IndexError):
            os.kill(self._choices.choice(drivers), signal.SIGKILL)
