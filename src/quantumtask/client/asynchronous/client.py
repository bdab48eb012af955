"""Client of a QuantumTask service for asyncio."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Self

from quantumtask.client.asynchronous.batch import awaited_batch
from quantumtask.client.asynchronous.connection import AsyncConnection
from quantumtask.client.asynchronous.greenlets import drive_iterator
from quantumtask.client.asynchronous.methods import awaited, iterated
from quantumtask.client.asynchronous.task import AsyncTask, awaited_task
from quantumtask.client.client import Client


class AsyncClient:
    """Client of one service, for the coroutines of one event loop.

    It has the methods of `Client` with the same arguments. Calls are awaited, and iterators are for
    `async for`. A waiting call holds no thread, and ends at once if its coroutine is cancelled.

    Args:
        url: Address of the service, as for `Client`.
        token: Token, as for `Client`.
        timeout: Time limit of a call, in seconds.
        progress: True shows a line while a call waits, False shows none, and None shows a line in a
            terminal or a notebook.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout: float = 30.0,
        progress: bool | None = None,
    ) -> None:
        self.synchronous: Client = _GreenletClient(url, token, timeout=timeout, progress=progress)

    @property
    def url(self) -> str:
        """Address of the service."""
        return self.synchronous.url

    submit = awaited_task(Client.submit)
    batch = awaited_batch(Client.batch)
    find_batch = awaited_batch(Client.find_batch)
    task = awaited_task(Client.task)
    map = iterated(Client.map)
    page = awaited(Client.page)
    batch_page = awaited(Client.batch_page)
    validate = awaited(Client.validate)
    estimate = awaited(Client.estimate)
    draw = awaited(Client.draw)
    backends = awaited(Client.backends)
    backend = awaited(Client.backend)
    engines = awaited(Client.engines)
    queue = awaited(Client.queue)
    usage = awaited(Client.usage)
    principal = awaited(Client.principal)
    login_provider = awaited(Client.login_provider)
    health = awaited(Client.health)
    ready = awaited(Client.ready)
    close = awaited(Client.close)

    async def tasks(
        self,
        *,
        status: str | None = None,
        name: str | None = None,
        tag: str | None = None,
        owner: str | None = None,
        since: datetime | None = None,
    ) -> AsyncIterator[AsyncTask]:
        """Yield all tasks page by page, the newest first; the arguments are those of `page`."""
        all_tasks = drive_iterator(
            lambda: self.synchronous.tasks(
                status=status, name=name, tag=tag, owner=owner, since=since
            )
        )
        async for task in all_tasks:
            yield AsyncTask(task)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self.url!r})"


class _GreenletClient(Client):
    """Client over an AsyncConnection: its methods run in greenlets."""

    _connection_type = AsyncConnection
