"""Backends as IonQ's clients ask for them."""

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


def test_a_backend_has_no_characterization_in_ionqs_terms(service: Service) -> None:
    path = "/v0.4/backends/{}/characterizations"
    for name in ("simulator", "qpu.fake_manila"):
        assert service.http.get(path.format(name)).json() == {"characterizations": []}
    assert service.http.get(path.format("qpu.aria-1")).status_code == 404
