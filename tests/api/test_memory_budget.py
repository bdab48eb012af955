"""The memory of large bodies and answers: bounded, shared by clients, and never lost."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from quantumtask.api import memory_budget
from quantumtask.api.memory_budget import MemoryBudget
from quantumtask.shared.errors import AnswersTooLarge


def new_budget() -> MemoryBudget:
    return MemoryBudget(100, AnswersTooLarge, "answers (SETTING)")


async def is_granted(memory: MemoryBudget, size: int, client: str) -> bool:
    """Return True if a reservation is granted without a wait."""
    async with AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(0):
                await stack.enter_async_context(memory.reserve(size, client))
        except TimeoutError:
            return False
        return True


def test_a_client_gets_half_and_others_the_rest() -> None:
    async def share() -> None:
        memory = new_budget()
        async with memory.reserve(50, "a"):
            assert not await is_granted(memory, 1, "a")
            assert await is_granted(memory, 50, "b")
            async with memory.reserve(50, "b"):
                assert not await is_granted(memory, 1, "c")
            assert await is_granted(memory, 50, "c")
        assert await is_granted(memory, 50, "a")

    asyncio.run(share())


def test_an_answer_that_is_larger_than_the_bound_is_sent_alone() -> None:
    async def share() -> None:
        memory = new_budget()
        async with memory.reserve(1000, "a") as reservation:
            assert not await is_granted(memory, 1, "b")
            memory.shrink(reservation, 10)
            assert await is_granted(memory, 50, "b")

    asyncio.run(share())


def test_a_client_that_waits_keeps_no_other_client_waiting() -> None:
    async def share() -> None:
        memory = new_budget()
        async with memory.reserve(50, "a"):
            waiting = asyncio.ensure_future(is_granted(memory, 50, "a"))
            await asyncio.sleep(0)
            assert await is_granted(memory, 50, "b")
            assert not await waiting

    asyncio.run(share())


def test_answers_are_refused_when_their_time_is_over_or_many_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory_budget, "MAX_WAIT_S", 0.01)
    monkeypatch.setattr(memory_budget, "MAX_WAITING", 2)

    async def refuse() -> None:
        memory = new_budget()

        async def reserve() -> None:
            async with memory.reserve(50, "a"):
                raise AssertionError("granted beyond the bound")

        async with memory.reserve(50, "a"):
            outcomes = await asyncio.gather(*(reserve() for _ in range(4)), return_exceptions=True)
            assert [type(each) for each in outcomes] == [AnswersTooLarge] * 4
            assert await is_granted(memory, 50, "b")
        assert await is_granted(memory, 50, "a")

    asyncio.run(refuse())
