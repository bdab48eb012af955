"""A Ray cluster: its nodes, and actors on them. The only file that imports Ray.

Only the driver process imports this file: Ray ends a process that has lost the head node.
"""

import socket
from collections.abc import Callable
from concurrent.futures import Future
from enum import Enum, auto
from typing import Any, NamedTuple

import ray
from ray import exceptions
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, FailureCode
from quantumtask.worker.ray.actor import SlotActor

PROBE_TIMEOUT_S = 3.0


class ClusterNode(NamedTuple):
    """A machine of the cluster and its resources; `memory` in bytes."""

    id: str
    name: str
    cores: int
    memory: int


class ActorLoss(Enum):
    """Reasons for a call without an answer."""

    PROCESS = auto()  # only the process of the actor died
    MEMORY = auto()  # Ray killed the process, because its node ran out of memory
    OTHER = auto()  # the node or the network failed, or the driver killed the actor


Callback = Callable[[Any, ActorLoss | None], None]
"""Called with the answer of an actor, or with the reason for a missing one."""


class ClusterUnavailable(Exception):
    """A cluster that cannot be used; the message has the remedy."""


def connect_cluster(address: str) -> None:
    """Join a cluster. Raises ClusterUnavailable."""
    try:
        _probe_port(address)
    except OSError as error:
        message = f"no Ray cluster at {address}: {_UNREACHABLE}. {error}"
        raise ClusterUnavailable(message) from error
    try:
        ray.init(address, log_to_driver=False, configure_logging=False)
    except (exceptions.RayError, OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:400]
        remedy = next(remedy for words, remedy in _REMEDIES.items() if words in reason)
        message = f"no Ray cluster at {address}: {remedy}. Ray's message: {reason}"
        raise ClusterUnavailable(message) from error


def _probe_port(address: str) -> None:
    """Raise OSError if no process listens at the address; Ray would retry for 20 s."""
    host, _, port = address.rpartition(":")
    if port.isdecimal():
        socket.create_connection((host, int(port)), PROBE_TIMEOUT_S).close()


_UNREACHABLE = "start it, make this machine one of its nodes, or correct QUANTUMTASK_RAY_ADDRESS"
_REMEDIES = {
    "ersion mismatch": "install the cluster's Ray and Python here, or ours on its nodes",
    "token": "give this worker the cluster's token: ~/.ray/auth_token or RAY_AUTH_TOKEN_PATH",
    "Failed to connect": "its head refuses this worker: is RAY_AUTH_TOKEN_PATH its token?",
    "": _UNREACHABLE,
}
"""Remedies by words of Ray's message; the first match counts."""


def list_nodes() -> list[ClusterNode]:
    """Return the live nodes. Raises an exception of Ray while the head is unreachable."""
    return [_node(info) for info in ray.nodes() if info["Alive"]]


def _node(info: dict[str, Any]) -> ClusterNode:
    resources = info["Resources"]
    cores, memory = int(resources.get("CPU", 0)), int(resources.get("memory", 0))
    return ClusterNode(info["NodeID"], info["NodeManagerAddress"], cores, memory)


class ActorHandle:
    """A SlotActor on a node. Ray never restarts its process: the worker retries tasks."""

    def __init__(self, node: ClusterNode, settings: Settings, cores: int, memory: int) -> None:
        self._actor = _REMOTE_ACTOR.options(
            num_cpus=cores,
            memory=memory,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node.id, soft=False),
        ).remote(settings, cores)

    def call(self, method: str, *arguments: Any, then: Callback) -> None:
        """Call a method of SlotActor; a thread of Ray calls `then` with the answer."""

        def on_done(future: "Future[Any]") -> None:
            error = future.exception()
            then(None if error else future.result(), _loss(error))

        getattr(self._actor, method).remote(*arguments).future().add_done_callback(on_done)

    def notify(self, method: str, *arguments: Any) -> None:
        """Call a method of SlotActor without waiting for an answer."""
        getattr(self._actor, method).remote(*arguments)

    def kill(self) -> None:
        """Kill the process of the actor with its child."""
        ray.kill(self._actor)


_REMOTE_ACTOR = ray.remote(max_restarts=0, max_task_retries=0, max_concurrency=2)(SlotActor)


def _loss(error: BaseException | None) -> ActorLoss | None:
    if error is None:
        return None
    if isinstance(error, exceptions.OutOfMemoryError):
        return ActorLoss.MEMORY
    # This message comes from the node of the actor, so the node itself is alive.
    if isinstance(error, exceptions.ActorDiedError) and "worker process has died" in str(error):
        return ActorLoss.PROCESS
    return ActorLoss.OTHER


def loss_failure(loss: ActorLoss, node: ClusterNode) -> Failure | None:
    """Return the failure of a task that was alone in a lost slot; None if it may run again."""
    if loss is ActorLoss.PROCESS:
        message = f"the process of the slot on {node.name} died"
        return Failure(FailureCode.WORKER_CRASHED, message)
    if loss is ActorLoss.MEMORY:
        message = f"Ray killed the slot because {node.name} ran out of memory"
        return Failure(FailureCode.OUT_OF_MEMORY, message)
    return None
