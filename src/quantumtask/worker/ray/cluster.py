"""A Ray cluster: its nodes, and actors on them. The only file that imports Ray.

Imported by the bridge alone: Ray ends the process that holds its connection when the head is lost.
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
from quantumtask.worker.ray.actor import Host


class Node(NamedTuple):
    """A machine of the cluster and what it offers; `memory` in bytes."""

    id: str
    name: str
    cores: int
    memory: int


class Loss(Enum):
    """Why a call has no answer."""

    PROCESS = auto()  # the actor's process died, alone
    MEMORY = auto()  # Ray ended it, because its node ran out of memory
    OTHER = auto()  # its node, the network, ourselves


Answer = Callable[[Any, Loss | None], None]
"""Called with what an actor answered, or with why it did not."""


KNOCK_S = 3.0


class NoCluster(Exception):
    """There is no cluster that can be used; the message says what to do."""


def connect(address: str) -> None:
    """Joins a cluster. Raises NoCluster."""
    try:
        _knock(address)
    except OSError as error:
        raise NoCluster(f"no Ray cluster at {address}: {_ABSENT}. {error}") from error
    try:
        ray.init(address, log_to_driver=False, configure_logging=False)
    except (exceptions.RayError, OSError, RuntimeError, ValueError) as error:
        said = " ".join(str(error).split())[:400]
        advice = next(do for word, do in _ADVICE.items() if word in said)
        raise NoCluster(f"no Ray cluster at {address}: {advice}. Ray says: {said}") from error


def _knock(address: str) -> None:
    """Raises OSError where nobody listens: Ray would go on trying for twenty seconds."""
    host, _, port = address.rpartition(":")
    if port.isdecimal():
        socket.create_connection((host, int(port)), KNOCK_S).close()


_ABSENT = "start it, make this machine one of its nodes, or mend QUANTUMTASK_RAY_ADDRESS"
_ADVICE = {
    "ersion mismatch": "install the Ray and the Python of the cluster here, or ours on its nodes",
    "token": "give this Worker the token of the cluster: ~/.ray/auth_token or RAY_AUTH_TOKEN_PATH",
    "Failed to connect": "its head answers, but not to us: is RAY_AUTH_TOKEN_PATH its token?",
    "": _ABSENT,
}
"""What to do, by a word of what Ray says; the first that is there."""


def nodes() -> list[Node]:
    """The nodes that are alive. Raises an Exception while the head is away."""
    return [_node(one) for one in ray.nodes() if one["Alive"]]


def _node(told: dict[str, Any]) -> Node:
    has = told["Resources"]
    cores, memory = int(has.get("CPU", 0)), int(has.get("memory", 0))
    return Node(told["NodeID"], told["NodeManagerAddress"], cores, memory)


class Actor:
    """A Host on a node. Its process is never started a second time: retries are the Worker's."""

    def __init__(self, node: Node, settings: Settings, cores: int, memory: int) -> None:
        self._actor = _HOST.options(
            num_cpus=cores,
            memory=memory,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node.id, soft=False),
        ).remote(settings, cores)

    def call(self, method: str, *arguments: Any, then: Answer) -> None:
        """Calls a method of Host; `then` is called from a thread of Ray's."""

        def answered(future: "Future[Any]") -> None:
            error = future.exception()
            then(None if error else future.result(), _loss(error))

        getattr(self._actor, method).remote(*arguments).future().add_done_callback(answered)

    def tell(self, method: str, *arguments: Any) -> None:
        """Calls a method of Host without waiting for an answer."""
        getattr(self._actor, method).remote(*arguments)

    def kill(self) -> None:
        """SIGKILL: everything that runs in it ends."""
        ray.kill(self._actor)


_HOST = ray.remote(max_restarts=0, max_task_retries=0, max_concurrency=2)(Host)


def _loss(error: BaseException | None) -> Loss | None:
    if error is None:
        return None
    if isinstance(error, exceptions.OutOfMemoryError):
        return Loss.MEMORY
    # Only the node itself tells of a process that died, so then the node is well.
    if isinstance(error, exceptions.ActorDiedError) and "worker process has died" in str(error):
        return Loss.PROCESS
    return Loss.OTHER
