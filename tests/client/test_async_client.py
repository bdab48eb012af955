"""The client for asyncio: the methods and the answers of the synchronous one."""

import asyncio
import inspect
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from quantumtask import AsyncClient, Batch, Client, ServiceError, Task, TaskCancelled, Unreachable
from quantumtask.client import AsyncBatch, AsyncTask
from quantumtask.client.asynchronous.greenlets import drive, wait_for
from tests.support.fake_service import error_reply, fake_service, json_reply, no_reply
from tests.support.services import BELL, ENDLESS, Service

ROTATION = """include "stdgates.inc"; input float theta; qubit q; bit c; rx(theta) q;
c = measure q;"""
PAIRS = ((Client, AsyncClient), (Task, AsyncTask), (Batch, AsyncBatch))


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 120))


def public(kind: type) -> dict[str, Any]:
    return {name: each for name, each in vars(kind).items() if not name.startswith("_")}


def test_every_method_has_the_signature_of_the_synchronous_one() -> None:
    for synchronous, asynchronous in PAIRS:
        methods = public(asynchronous)
        assert public(synchronous).keys() <= methods.keys()
        for name, method in public(synchronous).items():
            if isinstance(method, property):
                assert isinstance(methods[name], property)
                continue
            expected = inspect.signature(method).parameters
            assert inspect.signature(methods[name]).parameters == expected, name
            assert methods[name].__doc__.split()[0] == method.__doc__.split()[0], name
    assert inspect.signature(Client).parameters == inspect.signature(AsyncClient).parameters


async def listed(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


def stable(answer: Any) -> Any:
    """Return an answer without the numbers that differ from one question to the next."""
    if isinstance(answer, dict):
        changing = (
            "oldest_submitted_at",
            "queue",
            "seconds",
            "waiting",
            "running",
            "owners",
            "usage",
        )
        return {name: name in changing or stable(each) for name, each in answer.items()}
    return [stable(each) for each in answer] if isinstance(answer, list) else answer


def test_the_answers_are_those_of_the_synchronous_client(service: Service) -> None:
    calls: dict[str, tuple[Any, ...]] = {
        "page": (), "batch_page": (), "validate": (BELL,), "estimate": (BELL,), "draw": (BELL,),
        "backends": (),
        "backend": ("simulator",), "engines": (), "queue": (), "usage": (), "principal": (),
        "login_provider": (), "health": (), "ready": (),
    }  # fmt: skip

    async def test() -> None:
        with Client(service.url) as client:
            async with AsyncClient(service.url) as other:
                task = await other.submit(BELL, shots=100, seed=7, name="async", tags=["async"])
                expected = client.submit(BELL, shots=100, seed=7)
                assert (await task.result()).counts == expected.result().counts
                same = client.task(task.id)
                assert await task.info() == same.info()
                assert await task.status() == same.status() == "completed"
                assert await task.circuit() == same.circuit() == BELL
                assert await listed(task.events()) == list(same.events())
                assert (await task.wait())["result"] == same.wait()["result"]
                assert (await other.task(task.id)).known == client.task(task.id).known
                first = [each.id async for each in other.tasks(tag="async")]
                assert first == [each.id for each in client.tasks(tag="async")]
                for name, arguments in calls.items():
                    assert stable(await getattr(other, name)(*arguments)) == stable(
                        getattr(client, name)(*arguments)
                    ), name
                assert repr(task) == f"AsyncTask({task.id!r}, completed)"
                assert task._repr_html_() == task.synchronous._repr_html_()
                await task.delete()
                with pytest.raises(ServiceError, match="task not found"):
                    await other.task(task.id)

    run(test)


def test_batches_and_sweeps_are_iterated(service: Service) -> None:
    async def test() -> None:
        async with AsyncClient(service.url) as client:
            batch = await client.batch([BELL, "qubit q; oops q;"], shots=10, name="b")
            outcomes = sorted([each async for each in batch], key=lambda each: each.index)
            assert [each.error is None for each in outcomes] == [True, False]
            assert len(batch) == 2
            again = await client.find_batch(batch.id)
            assert (await again.status())["failed"] == 1
            assert [each.state for each in await listed(again.events())].count("failed") == 1
            assert len(await listed(again.lines())) == 2
            assert "2 of 2 ended" in again._repr_html_()
            await again.cancel()
            await again.delete()
            results = client.map(ROTATION, {"theta": [0, 1, 2]}, observables="Z")
            values = {each.index[0]: each.expectation_values async for each in results}
            assert sorted(values) == [0, 1, 2]

    run(test)


def test_many_tasks_are_awaited_together_on_one_loop(service: Service) -> None:
    async def test() -> None:
        async with AsyncClient(service.url) as client:
            tasks = await asyncio.gather(*(client.submit(BELL, shots=10) for _ in range(40)))
            results = await asyncio.gather(*(task.result() for task in tasks))
            assert [sum(result.counts.values()) for result in results] == [10] * 40

    run(test)


def test_a_cancelled_wait_ends_at_once_and_the_task_goes_on(service: Service) -> None:
    async def test() -> None:
        async with AsyncClient(service.url) as client:
            task = await client.submit(ENDLESS)
            for wait in (task.result, lambda: listed(task.events())):
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(wait(), 0.2)
            assert await task.status() in ("submitted", "running")
            with pytest.raises(TimeoutError, match="has not ended after"):
                await task.result(0.1)
            waiting = asyncio.create_task(task.result())
            await asyncio.sleep(0)
            await task.cancel()
            with pytest.raises(TaskCancelled):
                await waiting

    run(test)


def test_an_iteration_that_is_left_closes_its_stream(service: Service) -> None:
    async def test() -> None:
        async with AsyncClient(service.url) as client:
            batch = await client.batch([BELL, ENDLESS])
            outcomes = batch.outcomes()
            assert (await anext(outcomes)).index == 0
            await outcomes.aclose()  # type: ignore[attr-defined]
            await batch.cancel()

    run(test)


def test_a_busy_service_is_asked_again_without_blocking_the_loop() -> None:
    busy = error_reply(503, "store_unavailable", "the database is locked")
    first, last = json_reply({"waiting": 0}), json_reply({"waiting": 1})

    async def test() -> None:
        with fake_service(first, busy, last) as (synchronous, _):
            async with AsyncClient(synchronous.url) as client:
                assert await client.queue() == {"waiting": 0}
                question = asyncio.create_task(client.queue())
                turns = 0
                while not question.done():
                    await asyncio.sleep(0.001)
                    turns += 1
                assert await question == {"waiting": 1}
                assert turns > 3

    run(test)


def test_a_call_is_cancelled_although_the_service_never_answers() -> None:
    async def test() -> None:
        with fake_service(json_reply({"waiting": 0}), no_reply) as (synchronous, _):
            async with AsyncClient(synchronous.url, timeout=1000) as client:
                await client.queue()
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(client.queue(), 0.1)

    run(test)


def test_without_a_service_and_outside_of_await_the_error_says_so() -> None:
    async def test() -> None:
        client = AsyncClient("http://127.0.0.1:9")
        with pytest.raises(Unreachable):
            await client.queue()
        assert not await client.health()
        with pytest.raises(RuntimeError, match="outside of `await`"):
            client.synchronous.queue()
        await client.close()

    run(test)


def test_a_driven_function_awaits_and_gets_exceptions() -> None:
    def work(fail: bool) -> str:
        try:
            wait_for(asyncio.wait_for(asyncio.Event().wait(), 0.001 if fail else None))
        except TimeoutError:
            return str(wait_for(asyncio.sleep(0, "after")))
        return "never"

    async def test() -> None:
        assert await drive(work, True) == "after"
        with pytest.raises(ZeroDivisionError):
            await drive(lambda: 1 // 0)

    run(test)


@pytest.mark.parametrize("library", ["greenlet", "httpx"])
def test_without_a_library_the_remedy_is_named(library: str) -> None:
    script = (
        f"import sys; sys.modules['{library}'] = None; import quantumtask.client as c\n"
        "try: c.AsyncClient\nexcept ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.startswith(f"AsyncClient needs {library}: ")
    assert done.stdout.endswith("[async]'\n")
