"""Placement on a cluster: warm slots, and large tasks that need several slots of a node.

A slot is a core of a node with its share of the memory. A task that needs more memory takes as many
slots of one node as have that memory; their cores are its threads.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from quantumtask.shared.settings import MIB, Settings
from quantumtask.shared.task import Assignment
from quantumtask.worker.ray.cluster import ActorHandle, ClusterNode


class NodeCapacity(NamedTuple):
    """The slots of a node; `slot_memory` in bytes."""

    node: ClusterNode
    slots: int
    slot_memory: int

    @property
    def max_memory(self) -> int:
        """Bytes of memory that one task can have on this node."""
        return self.slots * self.slot_memory


@dataclass(eq=False)
class ChunkInFlight:
    """A chunk that the driver has.

    Attributes:
        number: The number that the worker has given to the chunk.
        chunk: The tasks.
        min_memory: Bytes of memory that the chunk needs; 0: those of a slot are enough.
        kill_reason: The reason if the chunk is being killed, or empty.
        deadline: The time on the monotonic clock at which the driver gives up the chunk.
        progress_at: The time at which the actor is asked for the progress.
    """

    number: int
    chunk: list[Assignment]
    min_memory: int = 0
    kill_reason: str = ""
    deadline: float = float("inf")
    progress_at: float = float("inf")

    @property
    def single(self) -> Assignment | None:
        """The task, if it is the only one and thus the cause of a failure."""
        return self.chunk[0] if len(self.chunk) == 1 else None


@dataclass(eq=False)
class ActorSlot:
    """An actor on a node, with one core or with the cores of a large task."""

    capacity: NodeCapacity
    cores: int
    actor: ActorHandle
    ready: bool = False
    work: ChunkInFlight | None = None

    @property
    def idle(self) -> bool:
        """True if the slot can run a chunk now."""
        return self.ready and self.work is None


@dataclass
class Allocation:
    """Slots for large tasks.

    Attributes:
        start: Large tasks that can start now, with their slots.
        reserved: All slots that no other chunk may use.
    """

    start: list[tuple[ChunkInFlight, list[ActorSlot]]] = field(default_factory=list)
    reserved: list[ActorSlot] = field(default_factory=list)


def node_capacities(nodes: Iterable[ClusterNode], settings: Settings) -> dict[str, NodeCapacity]:
    """Return the slots of each node by its id, QUANTUMTASK_SLOTS in total or all.

    Slots are dealt out evenly, to nodes with more memory first, so that large tasks fit.
    """
    full = [_full_capacity(node, settings) for node in nodes]
    full.sort(key=lambda capacity: (-capacity.slot_memory, capacity.node.id))
    remaining = settings.slots or sum(capacity.slots for capacity in full)
    slots = dict.fromkeys((capacity.node.id for capacity in full), 0)
    while remaining and (open_nodes := [c for c in full if slots[c.node.id] < c.slots]):
        for capacity in open_nodes[:remaining]:
            slots[capacity.node.id] += 1
        remaining = max(0, remaining - len(open_nodes))
    return {c.node.id: c._replace(slots=slots[c.node.id]) for c in full if slots[c.node.id]}


def _full_capacity(node: ClusterNode, settings: Settings) -> NodeCapacity:
    memory = settings.slot_memory_mb * MIB or node.memory // max(1, node.cores)
    return NodeCapacity(node, min(node.cores, node.memory // max(1, memory)), memory)


def allocate(
    large: Iterable[ChunkInFlight],
    slots: list[ActorSlot],
    capacities: dict[str, NodeCapacity],
) -> Allocation:
    """Allocate slots to large tasks in their order; each waits for all slots that it needs."""
    allocation = Allocation()
    for work in large:
        free = [slot for slot in slots if slot.idle and slot not in allocation.reserved]
        capacity = _best_node(work, free, capacities)
        if capacity is None:
            continue
        on_node = [slot for slot in free if slot.capacity.node.id == capacity.node.id]
        needed = slots_needed(work, capacity)
        allocation.reserved += on_node[:needed]
        if len(on_node) >= needed:
            allocation.start.append((work, on_node[:needed]))
    return allocation


def retry_memory(estimate: int, capacity: NodeCapacity) -> int:
    """Return the bytes of memory for a task that ran out of memory in a slot.

    More than the slot had, also if the estimate is that its memory is enough.
    """
    return max(estimate, capacity.slot_memory + 1)


def slots_needed(work: ChunkInFlight, capacity: NodeCapacity) -> int:
    """Return the number of slots of a node that have the memory for a large task."""
    return -(-work.min_memory // capacity.slot_memory)


def _best_node(
    work: ChunkInFlight, free: list[ActorSlot], capacities: dict[str, NodeCapacity]
) -> NodeCapacity | None:
    """Return the node that lacks the fewest free slots for a large task; None if none fits."""

    def missing_slots(capacity: NodeCapacity) -> tuple[int, int, str]:
        on_node = sum(slot.capacity.node.id == capacity.node.id for slot in free)
        missing = max(0, slots_needed(work, capacity) - on_node)
        return missing, capacity.max_memory, capacity.node.id

    large_enough = (c for c in capacities.values() if c.max_memory >= work.min_memory)
    return min(large_enough, key=missing_slots, default=None)
