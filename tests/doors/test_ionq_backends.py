"""Backends and their characterizations as IonQ's clients ask for them."""

import pytest

from tests.support.services import Service


def test_the_simulator_and_the_devices_are_backends(service: Service) -> None:
    listed = service.http.get("/v0.4/backends").json()
    names = [each["backend"] for each in listed]
    assert names[0] == "simulator"
    assert "qpu.fake_manila" in names
    one = service.http.get("/v0.4/backends/qpu.fake_manila").json()
    assert (one["backend"], one["qubits"], one["status"]) == ("qpu.fake_manila", 5, "available")
    assert one == next(each for each in listed if each["backend"] == "qpu.fake_manila")


def test_hardware_of_ionq_is_refused_in_the_form_of_ionq(service: Service) -> None:
    for name in ("qpu.aria-1", "aria-1", "qpu", "qpu.", "qpu.simulator"):
        answer = service.http.get(f"/v0.4/backends/{name}")
        body = answer.json()
        assert answer.status_code == body["statusCode"] == 404, name
        assert body["error"] == "Not Found"
        assert name.removeprefix("qpu.") in body["message"]


def test_a_device_snapshot_has_a_characterization_of_its_errors_and_times(
    service: Service,
) -> None:
    path = "/v0.4/backends/{}/characterizations"
    [shown] = service.http.get(path.format("qpu.fake_manila")).json()["characterizations"]
    device = service.http.get("/backends/fake_manila").json()
    assert (shown["backend"], shown["qubits"]) == ("qpu.fake_manila", 5)
    assert shown["date"] == f"{device['calibrated']}T00:00:00.000Z"
    assert shown["connectivity"] == device["coupling_map"]
    errors = device["median_errors"]
    assert shown["fidelity"]["2q"]["median"] == pytest.approx(1 - errors["two_qubit"])
    assert shown["fidelity"]["spam"]["median"] == pytest.approx(1 - errors["readout"])
    assert 1e-9 < shown["timing"]["1q"] < shown["timing"]["2q"] < shown["timing"]["t1"] < 1
    one = f"{path.format('qpu.fake_manila')}/{shown['id']}"
    assert service.http.get(one).json() == shown
    assert service.http.get(one + "0").status_code == 404


def test_the_simulator_has_no_characterization_and_hardware_is_refused(service: Service) -> None:
    path = "/v0.4/backends/{}/characterizations"
    assert service.http.get(path.format("simulator")).json() == {"characterizations": []}
    assert service.http.get(path.format("qpu.aria-1")).status_code == 404
