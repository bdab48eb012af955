"""A Ray cluster whose processes die under load and are restarted as an operator would."""

import os
import random
import signal
from collections.abc import Callable
from contextlib import suppress

from tests.reliability.chaos.havoc import Havoc
from tests.support.ray_cluster import Cluster
from tests.support.services import Service, children, command, slot_pids

BACK_S = 90.0
"""How soon tasks must run again after a process of Ray was lost."""

CORES, MEMORY_MB = 1, 2048


class Site:
    """A cluster of a head and one more node, with the parts that can be lost."""

    def __init__(self) -> None:
        self.cluster = Cluster(cores=CORES, memory_mb=MEMORY_MB).start()
        self._join()

    def _join(self) -> None:
        self.node = self.cluster.join(cores=CORES, memory_mb=MEMORY_MB)

    @property
    def settings(self) -> dict[str, str]:
        return {"executor": "ray", "ray_address": self.cluster.address}

    def losing(self, service: Service) -> Callable[[int], None]:
        """Return functions that lose the cluster's store, a node's daemon and the driver, in
        turns.
        """
        kinds = (self.lose_gcs, self.lose_raylet, lambda: self.lose_bridge(service))
        return lambda number: kinds[number % len(kinds)]()

    def lose_gcs(self) -> None:
        """Kill the store of the cluster, and restart the whole cluster."""
        self.cluster.head.kill("gcs_server")
        self.cluster.head.end()
        self.node.end()
        self.cluster.start()
        self._join()

    def lose_raylet(self) -> None:
        self.node.kill("raylet")
        self.node.end()
        self._join()

    def lose_bridge(self, service: Service) -> None:
        """Kill the worker's driver process, which holds the connection."""
        for pid in children(service.worker.pid):
            if "worker.ray.driver" in command(pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        self.cluster.stop()


class RayHavoc(Havoc):
    """Causes faults in a service on Ray, and in Ray. The slots are processes of the nodes."""

    def __init__(self, service: Service, seed: int, site: Site) -> None:
        super().__init__(service, seed)
        self._site, self._chance = site, random.Random(seed)

    def slots(self) -> list[int]:
        return [pid for member in self._site.cluster.members for pid in slot_pids(member)]

    def kill_gcs(self) -> None:
        self._site.lose_gcs()

    def kill_raylet(self) -> None:
        self._site.lose_raylet()

    def kill_bridge(self) -> None:
        bridges = [
            pid
            for worker in self.workers
            for pid in children(worker.pid)
            if "worker.ray.driver" in command(pid)
        ]
        with suppress(ProcessLookupError, IndexError):
            os.kill(self._chance.choice(bridges), signal.SIGKILL)
