"""The backends of a QuantumTask service."""

from typing import Self

from quantumtask.client.qiskit.backend import QuantumTaskBackend
from quantumtask.client.qiskit.job import QuantumTaskJob
from quantumtask.client.qiskit.service import Json, Service


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

    def backends(self, name: str | None = None) -> list[QuantumTaskBackend]:
        """All of them, or those of that name."""
        told = self._service.backends()
        return [self._made(each) for each in told if name in (None, each["name"])]

    def retrieve_job(self, job_id: str, backend: str = "simulator") -> QuantumTaskJob:
        """A job by its id. Names of registers and metadata of circuits are not kept."""
        return self.backend(backend).retrieve_job(job_id)

    def close(self) -> None:
        """Closes its connections; its backends are of no use then."""
        self._service.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _made(self, info: Json) -> QuantumTaskBackend:
        return QuantumTaskBackend(self, self._service, info)
