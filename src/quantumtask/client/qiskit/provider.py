"""The backends of a QuantumTask service."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Self

from qiskit.providers import JobStatus
from qiskit.providers.exceptions import QiskitBackendNotFoundError

from quantumtask.client.qiskit.backend import QuantumTaskBackend
from quantumtask.client.qiskit.job import Job, job_of
from quantumtask.client.qiskit.listing import Listing
from quantumtask.client.qiskit.service import Json, Service

Filter = Callable[[QuantumTaskBackend], bool]


class QuantumTaskProvider:
    """The service at `url`, or what QUANTUMTASK_URL names, or the one on this machine.

    `token` (or QUANTUMTASK_TOKEN) is sent as `Authorization: Bearer`.
    """

    def __init__(self, url: str | None = None, token: str | None = None) -> None:
        self._service = Service(url, token)

    def backend(self, name: str = "simulator") -> QuantumTaskBackend:
        """One backend: the ideal simulator, or the noisy twin of a device.

        ServiceError `backend_not_found` if there is none of that name.
        """
        return self._made(self._service.backend(name))

    def backends(
        self,
        name: str | None = None,
        min_num_qubits: int | None = None,
        filters: Filter | None = None,
        *,
        simulator: bool | None = None,
        operational: bool | None = None,
    ) -> list[QuantumTaskBackend]:
        """The backends of the service that match all arguments.

        Args:
            name: The name of a backend.
            min_num_qubits: The smallest number of qubits.
            filters: A function that returns True for a backend.
            simulator: True for the ideal simulator, False for the twins of devices.
            operational: True for all backends, False for none.
        """
        if operational is False:
            return []
        made = [
            self._made(told)
            for told in self._service.backends()
            if name in (None, told["name"])
            and told["qubits"] >= (min_num_qubits or 0)
            and simulator in (None, told["name"] == "simulator")
        ]
        return [backend for backend in made if filters is None or filters(backend)]

    def least_busy(
        self,
        min_num_qubits: int | None = None,
        filters: Filter | None = None,
        **properties: Any,
    ) -> QuantumTaskBackend:
        """The first backend that `backends` returns, because all backends share one queue.

        Raises QiskitBackendNotFoundError if no backend matches.
        """
        found = self.backends(min_num_qubits=min_num_qubits, filters=filters, **properties)
        if not found:
            raise QiskitBackendNotFoundError("No backend matches the criteria.")
        return found[0]

    def retrieve_job(self, job_id: str) -> Job:
        """A job by its id, with its original backend and result."""
        return job_of(self._made({"name": "simulator"}), job_id)

    def jobs(
        self,
        limit: int | None = 10,
        skip: int = 0,
        backend_name: str | None = None,
        pending: bool | None = None,
        *,
        status: JobStatus | Sequence[JobStatus] | None = None,
        job_tags: Sequence[str] | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        descending: bool = True,
    ) -> list[Job]:
        """Lists the jobs of the service, of this client and of all others.

        Args:
            limit: The most jobs to return; None: all.
            skip: The number of jobs to leave out first.
            backend_name: Only jobs on that backend.
            pending: True: only jobs that have not ended; False: only jobs that have ended.
            status: Only jobs in this state, or in one of these states.
            job_tags: Only jobs with all of these tags.
            created_after: Only jobs from that time on; local time without a time zone.
            created_before: Only jobs up to that time; local time without a time zone.
            descending: True: the newest first; False: the oldest first.
        """
        tags, connection = tuple(job_tags or ()), self._service.connection
        listing = Listing(connection, pending, tags, created_after, created_before)
        names = listing.ids() if descending else reversed(list(listing.ids()))
        states = [status] if isinstance(status, JobStatus) else status
        chosen = (
            job
            for job in map(self.retrieve_job, names)
            if not job.part
            and (backend_name is None or job.backend().name == backend_name)
            and (states is None or job.status() in states)
        )
        return list(islice(chosen, skip, None if limit is None else skip + limit))

    def close(self) -> None:
        """Closes its connections; its backends are of no use then."""
        self._service.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _made(self, info: Json) -> QuantumTaskBackend:
        return QuantumTaskBackend(self, self._service, info)
