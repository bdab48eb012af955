"""IBM's client at the door of a service."""

import pytest

from quantumtask.cli.client_variables import CLIENT_VARIABLES
from tests.support.services import Service


def set_ibm_variables(
    monkeypatch: pytest.MonkeyPatch, service: Service, token: str = "anything"
) -> None:
    """Lead the client to a service, as `quantumtask run --door ibm` does."""
    for name, value in CLIENT_VARIABLES["ibm"].of_service(service.url, token).items():
        monkeypatch.setenv(name, value)
