"""A Store with the methods of every role, for tests that play the API and the worker at once."""

from quantumtask.shared.api_store import ApiStore
from quantumtask.shared.retention_store import RetentionStore
from quantumtask.shared.worker_store import WorkerStore


class FullStore(ApiStore, WorkerStore, RetentionStore):
    """The Store of the API, of a worker and of its retention thread in one."""
