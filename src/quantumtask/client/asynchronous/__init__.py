"""The client for asyncio: the code of the synchronous client, which waits without a thread."""

from quantumtask.client.asynchronous.batch import AsyncBatch
from quantumtask.client.asynchronous.client import AsyncClient
from quantumtask.client.asynchronous.task import AsyncTask

__all__ = ["AsyncBatch", "AsyncClient", "AsyncTask"]
