"""Objects that several clients read at the same time are in memory once."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from quantumtask.api.memory_budget import MemoryBudget
from quantumtask.api.watch.shared_objects import SharedObjects
from quantumtask.shared.errors import AnswersTooLarge, ResultDamaged
from quantumtask.shared.task import Blob

DATA = b"x" * 60
BLOB = Blob("task-1", len(DATA), "")
OTHER = Blob("task-2", len(DATA), "")


class Source:
    """A store of one object; `reads` has the name of each that was read."""

    def __init__(self) -> None:
        self.reads: list[str] = []

    async def fetch(self, task_id: str, blob: Blob) -> bytes:
        await asyncio.sleep(0)
        self.reads.append(blob.name)
        if blob == OTHER:
            raise ResultDamaged(f"{task_id} is damaged")
        return DATA


def new_objects(source: Source) -> tuple[SharedObjects, MemoryBudget]:
    memory = MemoryBudget(200, AnswersTooLarge, "objects")  # 100 for one client
    return SharedObjects(source.fetch, memory), memory


def test_sixty_readers_hold_an_object_once_and_read_it_once() -> None:
    async def read_all() -> None:
        source = Source()
        objects, memory = new_objects(source)
        async with AsyncExitStack() as others:
            async with AsyncExitStack() as first:
                opens = [objects.open("1", BLOB, "ada", patient=False) for _ in range(60)]
                assert await first.enter_async_context(opens[0]) == DATA
                for each in opens[1:]:
                    assert await others.enter_async_context(each) == DATA
            assert source.reads == ["task-1"]
            async with asyncio.timeout(5), memory.reserve(40, "ada"):
                pass  # the rest of the half that one client may hold
        async with asyncio.timeout(5), memory.reserve(100, "ada"):
            pass  # all of the memory, because the last reader has left
        async with objects.open("1", BLOB, "ada", patient=False) as data:
            assert (data, len(source.reads)) == (DATA, 2)

    asyncio.run(read_all())


def test_a_reader_that_leaves_early_takes_the_object_from_nobody() -> None:
    async def leave() -> None:
        source = Source()
        objects, memory = new_objects(source)

        async def read() -> bytes:
            async with objects.open("1", BLOB, "ada", patient=False) as data:
                return data

        first, second = asyncio.create_task(read()), asyncio.create_task(read())
        await asyncio.sleep(0)
        first.cancel()
        assert await second == DATA
        assert source.reads == ["task-1"]
        async with asyncio.timeout(5), memory.reserve(100, "ada"):
            pass

    asyncio.run(leave())


def test_all_readers_get_the_error_and_the_memory_is_free_again() -> None:
    async def fail() -> None:
        source = Source()
        objects, memory = new_objects(source)

        async def read() -> None:
            with pytest.raises(ResultDamaged):
                async with objects.open("2", OTHER, "ada", patient=False):
                    pass

        await asyncio.gather(read(), read())
        assert source.reads == ["task-2"]
        async with asyncio.timeout(5), memory.reserve(100, "ada"):
            pass

    asyncio.run(fail())
