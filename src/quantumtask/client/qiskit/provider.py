"""Provider of the backends of a QuantumTask service."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Self

from qiskit.providers import JobStatus
from qiskit.providers.exceptions import QiskitBackendNotFoundError

from quantumtask.client.connection import Json
from quantumtask.client.qiskit.backend import QuantumTaskBackend
from quantumtask.client.qiskit.job import Job, find_job
from quantumtask.client.qiskit.listing import Listing
from quantumtask.client.qiskit.service import SharedConnection

Filter = Callable[[QuantumTaskBackend], bool]


class QuantumTaskProvider:
    """Provider of the backends of one service.

    Args:
        url: Address of the service. The default is QUANTUMTASK_URL, and then http://127.0.0.1:8000.
        token: Token for the header `Authorization: Bearer`. The default is QUANTUMTASK_TOKEN, and
            then the token that `quantumtask login` has stored for this address.
    """

    def __init__(self, url: str | None = None, token: str | None = None) -> None:
        self._service = SharedConnection(url, token)

    def backend(self, name: str = "simulator") -> QuantumTaskBackend:
        """Return one backend: the ideal simulator, or a device with its noise.

        Raises:
            ServiceError: `backend_not_found` if there is no such backend.
        """
        return self._create(self._service.backend(name))

    def get_backend(self, name: str = "simulator") -> QuantumTaskBackend:
        """Return one backend; the name of `backend` in many other providers."""
        return self.backend(name)

    def backends(
        self,
        name: str | None = None,
        min_num_qubits: int | None = None,
        filters: Filter | None = None,
        *,
        simulator: bool | None = None,
        operational: bool | None = None,
    ) -> list[QuantumTaskBackend]:
        """Return the backends of the service that match all arguments.

        Args:
            name: Name of a backend.
            min_num_qubits: Smallest number of qubits.
            filters: Function that returns True for a backend.
            simulator: True for the ideal simulator, False for devices.
            operational: True for all backends, False for none.
        """
        if operational is False:
            return []
        backends = [
            self._create(entry)
            for entry in self._service.backends()
            if name in (None, entry["name"])
            and entry["qubits"] >= (min_num_qubits or 0)
            and simulator in (None, entry["name"] == "simulator")
        ]
        return [backend for backend in backends if filters is None or filters(backend)]

    def least_busy(
        self,
        min_num_qubits: int | None = None,
        filters: Filter | None = None,
        **properties: Any,
    ) -> QuantumTaskBackend:
        """Return the first backend that `backends` returns, because all backends share one queue.

        Raises:
            QiskitBackendNotFoundError: No backend matches.
        """
        matches = self.backends(min_num_qubits=min_num_qubits, filters=filters, **properties)
        if not matches:
            raise QiskitBackendNotFoundError("No backend matches the criteria.")
        return matches[0]

    def retrieve_job(self, job_id: str) -> Job:
        """Return a job by its id, with its original backend and result.

        Raises:
            ServiceError: The service has no such job.
        """
        return find_job(self._create({"name": "simulator"}), job_id)

    def job(self, job_id: str) -> Job:
        """Return a job by its id; the name of `retrieve_job` in the service of IBM."""
        return self.retrieve_job(job_id)

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
        """Return the jobs of the service, of all clients.

        Args:
            limit: Largest number of jobs to return; None: all.
            skip: Number of jobs to leave out first.
            backend_name: Only jobs on this backend.
            pending: True: only jobs that have not ended; False: only jobs that have ended.
            status: Only jobs in this state, or in one of these states.
            job_tags: Only jobs with all of these tags.
            created_after: Only jobs from this time on; local time without a time zone.
            created_before: Only jobs up to this time; local time without a time zone.
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
        """Close the connections; the backends of the provider cannot be used afterwards."""
        self._service.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _create(self, info: Json) -> QuantumTaskBackend:
        return QuantumTaskBackend(self, self._service, info)
