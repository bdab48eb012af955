"""Who sits where on a cluster: slots that are warm, and large tasks that take several at once.

A slot is a core of a node and the memory that comes with it. A task that needs more memory than
that takes as many slots of one node as its state is worth, with their cores as its threads.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from quantumtask.shared.settings import MIB, Settings
from quantumtask.shared.task import Assignment
from quantumtask.worker.ray.cluster import Actor, Node


class Share(NamedTuple):
    """What a node gives us: so many slots of so many bytes."""

    node: Node
    slots: int
    memory: int

    @property
    def most(self) -> int:
        """Bytes that one task may take here."""
        return self.slots * self.memory


@dataclass(eq=False)
class Work:
    """A chunk under way. `need`: bytes that it has to have; 0: what a slot has will do.

    `killed`: why it is, if so. `end`: when it is given up, on the monotonic clock.
    """

    number: int
    chunk: list[Assignment]
    need: int = 0
    killed: str = ""
    end: float = float("inf")

    @property
    def alone(self) -> Assignment | None:
        """The task that is to blame for what happens."""
        return self.chunk[0] if len(self.chunk) == 1 else None


@dataclass(eq=False)
class Seat:
    """An actor on a node, with one core or with those that a large task was given."""

    share: Share
    cores: int
    actor: Actor
    ready: bool = False
    work: Work | None = None

    @property
    def idle(self) -> bool:
        return self.ready and self.work is None


@dataclass
class Plan:
    """Which seats a large task may have now; `held`: seats that others must leave to it."""

    begin: list[tuple[Work, list[Seat]]] = field(default_factory=list)
    held: list[Seat] = field(default_factory=list)


def shares(nodes: Iterable[Node], settings: Settings) -> dict[str, Share]:
    """How many slots each node has for us, by its id: all, or QUANTUMTASK_SLOTS dealt out.

    Those with most memory come first, so that what is large has a place.
    """
    whole = [_share(node, settings) for node in nodes]
    whole.sort(key=lambda share: (-share.memory, share.node.id))
    left = settings.slots or sum(share.slots for share in whole)
    given = dict.fromkeys((share.node.id for share in whole), 0)
    while left and (open_ := [s for s in whole if given[s.node.id] < s.slots]):
        for share in open_[:left]:
            given[share.node.id] += 1
        left = max(0, left - len(open_))
    return {s.node.id: s._replace(slots=given[s.node.id]) for s in whole if given[s.node.id]}


def _share(node: Node, settings: Settings) -> Share:
    memory = settings.slot_memory_mb * MIB or node.memory // max(1, node.cores)
    return Share(node, min(node.cores, node.memory // max(1, memory)), memory)


def plan(large: Iterable[Work], seats: list[Seat], known: dict[str, Share]) -> Plan:
    """Seats for large tasks, first come first served. Each waits for all that it needs."""
    found = Plan()
    for work in large:
        free = [seat for seat in seats if seat.idle and seat not in found.held]
        share = _best(work, free, known)
        if share is None:
            continue
        there = [seat for seat in free if seat.share.node.id == share.node.id]
        wanted = slots_for(work, share)
        found.held += there[:wanted]
        if len(there) >= wanted:
            found.begin.append((work, there[:wanted]))
    return found


def slots_for(work: Work, share: Share) -> int:
    return -(-work.need // share.memory)


def _best(work: Work, free: list[Seat], known: dict[str, Share]) -> Share | None:
    """Where a large task can run soonest: the node that lacks the fewest seats."""

    def lacking(share: Share) -> tuple[int, int, str]:
        there = sum(seat.share.node.id == share.node.id for seat in free)
        return max(0, slots_for(work, share) - there), share.most, share.node.id

    return min((s for s in known.values() if s.most >= work.need), key=lacking, default=None)
