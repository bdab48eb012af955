"""Placement on a cluster: slots of each node, and the slots that large tasks take."""

from dataclasses import replace
from typing import Any, cast

import pytest

from quantumtask.shared.settings import MIB, Settings
from quantumtask.shared.task import Assignment, TaskSpec

pytest.importorskip("ray")

from quantumtask.worker.ray.cluster import ClusterNode
from quantumtask.worker.ray.placement import (
    ActorSlot,
    ChunkInFlight,
    NodeCapacity,
    allocate,
    node_capacities,
    retry_memory,
    slots_needed,
)

SMALL = ClusterNode("small", "a", 2, 2048 * MIB)
LARGE = ClusterNode("large", "b", 4, 16384 * MIB)
TASK = Assignment("t", 1, "w", 0, 1.0, TaskSpec("x"))


def counts(nodes: list[ClusterNode], **settings: Any) -> dict[str, tuple[int, int]]:
    """Return the slots of each node, and the MiB of each slot."""
    capacities = node_capacities(nodes, replace(Settings(), **settings))
    return {name: (each.slots, each.slot_memory // MIB) for name, each in capacities.items()}


def test_a_slot_is_a_core_with_its_share_of_the_memory() -> None:
    assert counts([SMALL, LARGE], slots=0) == {"large": (4, 4096), "small": (2, 1024)}


def test_a_set_memory_limits_the_slots_of_a_node() -> None:
    assert counts([SMALL, LARGE], slots=0, slot_memory_mb=1500) == {
        "large": (4, 1500),
        "small": (1, 1500),
    }
    assert counts([SMALL], slots=0, slot_memory_mb=4096) == {}
    assert counts([ClusterNode("none", "c", 0, MIB)], slots=0) == {}
    assert counts([], slots=3) == {}


@pytest.mark.parametrize(
    ("slots", "expected"),
    [(1, {"large": 1}), (2, {"large": 1, "small": 1}), (3, {"large": 2, "small": 1}),
     (5, {"large": 3, "small": 2}), (6, {"large": 4, "small": 2}), (99, {"large": 4, "small": 2})],
)  # fmt: skip
def test_few_slots_are_dealt_out_evenly_with_more_memory_first(
    slots: int, expected: dict[str, int]
) -> None:
    allocation = counts([SMALL, LARGE], slots=slots)
    assert {name: number for name, (number, _) in allocation.items()} == expected


def capacity(name: str, slots: int, memory: int = 100) -> NodeCapacity:
    return NodeCapacity(ClusterNode(name, name, slots, slots * memory), slots, memory)


def slots_of(node: NodeCapacity, busy: int = 0) -> list[ActorSlot]:
    """Return all slots of a node, the first of which are busy."""
    work = ChunkInFlight(0, [TASK])
    return [
        ActorSlot(node, 1, cast(Any, None), True, work if k < busy else None)
        for k in range(node.slots)
    ]


def large(memory: int) -> ChunkInFlight:
    return ChunkInFlight(1, [TASK], min_memory=memory)


@pytest.mark.parametrize(("memory", "needed"), [(1, 1), (100, 1), (101, 2), (400, 4)])
def test_a_large_task_takes_the_slots_that_have_its_memory(memory: int, needed: int) -> None:
    node = capacity("a", 4)
    assert slots_needed(large(memory), node) == needed
    task = large(memory)
    allocation = allocate([task], slots_of(node), {"a": node})
    [(started, slots)] = allocation.start
    assert started is task
    assert len(slots) == needed
    assert allocation.reserved == slots


def test_a_task_reserves_free_slots_while_it_waits_for_the_others() -> None:
    node = capacity("a", 4)
    slots = slots_of(node, busy=2)
    allocation = allocate([large(300), large(100)], slots, {"a": node})
    assert allocation.start == []
    assert allocation.reserved == slots[2:]


def test_a_task_goes_to_the_node_that_lacks_the_fewest_slots_and_then_to_the_smallest() -> None:
    one, two = capacity("a", 4), capacity("b", 8)
    capacities = {"a": one, "b": two}
    busy_first = [*slots_of(one, busy=3), *slots_of(two)]
    [(_, assigned)] = allocate([large(200)], busy_first, capacities).start
    assert {slot.capacity.node.id for slot in assigned} == {"b"}
    [(_, assigned)] = allocate([large(200)], slots_of(one) + slots_of(two), capacities).start
    assert {slot.capacity.node.id for slot in assigned} == {"a"}


def test_two_large_tasks_never_share_a_slot() -> None:
    node = capacity("a", 4)
    allocation = allocate([large(200), large(200), large(100)], slots_of(node), {"a": node})
    assigned = [id(slot) for _, slots in allocation.start for slot in slots]
    assert len(allocation.start) == 2
    assert len(set(assigned)) == len(assigned) == 4


def test_a_task_that_no_node_has_the_memory_for_holds_up_nobody() -> None:
    node = capacity("a", 2)
    small = large(100)
    allocation = allocate([large(201), small], slots_of(node), {"a": node})
    assert [work for work, _ in allocation.start] == [small]
    assert len(allocation.reserved) == 1


@pytest.mark.parametrize("estimate", [1, 100, 101, 250])
def test_a_task_that_ran_out_of_memory_gets_more_than_its_slot_had(estimate: int) -> None:
    """Also if its state is estimated to fit that slot exactly."""
    node = capacity("a", 4)
    memory = retry_memory(estimate, node)
    assert memory >= estimate
    assert slots_needed(large(memory), node) == max(2, slots_needed(large(estimate), node))


def test_a_slot_is_idle_only_when_it_is_ready_and_has_no_work() -> None:
    [slot] = slots_of(capacity("a", 1))
    assert slot.idle
    slot.ready = False
    assert not slot.idle
    assert allocate([large(100)], [slot], {"a": slot.capacity}).start == []


def test_only_a_chunk_of_one_task_has_a_culprit() -> None:
    assert ChunkInFlight(0, [TASK]).single is TASK
    assert ChunkInFlight(0, [TASK, TASK]).single is None
