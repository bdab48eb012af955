"""The worker's port: for the API, which has its secret; rings and bodies are limited."""

import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support import http_attacks
from tests.support.services import BELL, TLS, Service, memory_mib, until

TOO_LONG = b"x" * 2000


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("port"), slots=1)
    yield service.start()
    service.stop()


@pytest.fixture
def port(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.worker_url or "", timeout=60, verify=TLS) as client:
        yield client


QUESTIONS = ("POST /validate", "POST /draw", "GET /engines", "GET /backends", "GET /docs")


@pytest.mark.parametrize("secret", ["", "wrong"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_without_the_secret_is_refused(
    port: httpx.Client, question: str, secret: str
) -> None:
    method, _, path = question.partition(" ")
    answer = port.request(method, path, headers={"X-Worker-Secret": secret}, json={"circuit": BELL})
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_secret")
    assert "the port of a worker; the API, at port 8000" in answer.json()["detail"]


def test_the_api_has_the_secret_and_nobody_else_may_read_it(
    service: Service, port: httpx.Client
) -> None:
    assert service.http.post("/validate", json={"circuit": BELL}).json()["valid"]
    file = service.settings.data_dir / "worker-secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    secret = file.read_text()
    assert len(secret) > 40
    assert port.get("/engines", headers={"X-Worker-Secret": secret}).status_code == 200
    assert secret not in service.logs()
    assert [each.name for each in file.parent.glob("worker-secret*")] == ["worker-secret"]


def test_probes_and_rings_on_loopback_need_no_secret(port: httpx.Client) -> None:
    assert port.get("/health").status_code == 200
    assert port.get("/metrics").status_code == 200
    assert port.post("/execute", json={"task_id": "x"}).json() == {"accepted": True}


def test_bodies_are_limited_before_they_are_read(service: Service, port: httpx.Client) -> None:
    ring = port.post("/execute", content=TOO_LONG)
    assert (ring.status_code, ring.json()["code"]) == (413, "body_too_large")
    secret = (service.settings.data_dir / "worker-secret").read_text()
    parts = (b"x" * 2**20 for _ in range(300))
    before = memory_mib(service.worker.pid)
    try:
        large = port.post("/validate", content=parts, headers={"X-Worker-Secret": secret})
        assert (large.status_code, large.json()["code"]) == (413, "body_too_large")
    except httpx.WriteError:
        pass  # the worker closed while the client was sending
    assert memory_mib(service.worker.pid) < before + 200
    assert port.get("/health").status_code == 200


def test_a_flood_of_rings_delays_no_task(service: Service) -> None:
    before = memory_mib(service.worker.pid)
    with http_attacks.running(http_attacks.rings, service.worker_port):
        for _ in range(5):
            assert service.run()["status"] == "completed"
    assert memory_mib(service.worker.pid) < before + 100


def test_a_worker_that_listens_elsewhere_wants_the_secret_for_rings_too(tmp_path: Path) -> None:
    service = Service(tmp_path, worker_host="0.0.0.0", worker_secret="s" * 40, slots=1)
    ring = {"task_id": "x"}
    try:
        service.start_worker()
        with httpx.Client(base_url=f"http://127.0.0.1:{service.worker_port}") as port:
            until(lambda: answers(port), 60, service.logs)
            assert port.post("/execute", json=ring).status_code == 401
            secret = {"X-Worker-Secret": "s" * 40}
            assert port.post("/execute", json=ring, headers=secret).status_code == 200
        assert not (service.settings.data_dir / "worker-secret").exists()
    finally:
        service.stop()


def answers(port: httpx.Client) -> bool:
    try:
        return port.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def test_an_api_with_another_secret_is_told_the_remedy(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("another\n")
    other = Service(tmp_path, worker_port=service.worker_port)
    other.environment["QUANTUMTASK_WORKER_SECRET_FILE"] = str(file)
    try:
        other.start_api()
        until(lambda: other.try_get("/health") == 200, 60, other.logs)
        refused = other.http.post("/validate", json={"circuit": BELL})
        assert (refused.status_code, refused.json()["code"]) == (503, "worker_unavailable")
        assert "QUANTUMTASK_WORKER_SECRET" in refused.json()["detail"]
    finally:
        other.stop()
