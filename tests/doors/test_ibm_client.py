"""IBM's client, unmodified, on this service."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from quantumtask.cli.client_variables import CLIENT_VARIABLES
from tests.support.lazy_import import lazy_import
from tests.support.services import Service

runtime = lazy_import("qiskit_ibm_runtime")


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[Any]:
    before = dict(os.environ)
    os.environ.update(CLIENT_VARIABLES["ibm"].of_service(service.url, "any"))
    yield runtime.QiskitRuntimeService()
    os.environ.clear()
    os.environ.update(before)


def test_a_device_has_the_gates_and_the_calibration_of_its_snapshot(client: Any) -> None:
    from qiskit_ibm_runtime.fake_provider import FakeManilaV2

    backend, snapshot = client.backend("fake_manila"), FakeManilaV2()
    assert backend.num_qubits == backend.physical_qubits == snapshot.num_qubits
    assert set(backend.coupling_map) == set(snapshot.coupling_map)
    assert backend.dt == pytest.approx(snapshot.dt)
    for name in ("cx", "sx", "x", "id", "measure"):
        for qubits, expected in snapshot.target[name].items():
            calibration = backend.target[name][qubits]
            assert calibration.error == pytest.approx(expected.error), (name, qubits)
            assert calibration.duration == pytest.approx(expected.duration), (name, qubits)
    for qubit in range(backend.num_qubits):
        expected, calibration = snapshot.qubit_properties(qubit), backend.qubit_properties(qubit)
        assert (calibration.t1, calibration.t2) == pytest.approx((expected.t1, expected.t2))
        assert calibration.frequency == pytest.approx(expected.frequency)
    assert {"if_else", "for_loop", "switch_case", "reset", "delay"} <= set(backend.operation_names)
    assert backend.status().operational


def test_the_simulator_has_no_couplings_and_all_its_gates(client: Any) -> None:
    backend = client.backend("simulator", use_fractional_gates=None)
    assert backend.simulator
    assert backend.coupling_map is None
    assert {"h", "cx", "rx", "rzz", "ccx", "measure", "reset"} <= set(backend.operation_names)
    assert backend.properties() is None


def test_a_calibration_that_does_not_exist_leads_to_no_backend(client: Any) -> None:
    from qiskit.providers.exceptions import QiskitBackendNotFoundError

    for arguments in (("fake_moon",), ("fake_manila", None, False, "2020-02-30")):
        with pytest.raises(QiskitBackendNotFoundError):
            client.backend(*arguments)
    assert client.backend("fake_manila", calibration_id="2024-05-27").calibration_id


def test_sessions_and_batches_begin_and_end(client: Any) -> None:
    backend = client.backend("fake_manila")
    for kind, mode in ((runtime.Session, "dedicated"), (runtime.Batch, "batch")):
        with kind(backend, max_time="10m") as session:
            details = session.details()
            assert (details["mode"], details["max_time"]) == (mode, 600)
            assert session.status() == "Pending"
        assert kind.from_id(session.session_id, client).session_id == session.session_id


def test_the_instance_is_the_one_of_the_variables(client: Any) -> None:
    [instance] = client.instances()
    assert instance["crn"] == client.active_instance()
    assert (instance["plan"], instance["pricing_type"]) == ("internal", "free")
    assert client.usage()["usage_limit_reached"] is False
    assert client.jobs(limit=None, backend_name="fake_moon") == []
