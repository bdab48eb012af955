"""Web pages of others may not use the service, and programs notice nothing of that."""

import json
import socket
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.support.services import BELL, Service

PAGE, LISTED = "https://evil.example", "https://lab.example.org"
TASK = json.dumps({"circuit": BELL, "shots": 1})


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("access")
    service = Service(
        folder,
        slots=1,
        allowed_hosts="quantum.example.org, .lab.example.org",
        allowed_origins=f"{LISTED}/,http://127.0.0.1:8888",
    )
    yield service.start()
    service.stop()


def ask(
    port: int, method: str, path: str, headers: dict[str, str], body: str = ""
) -> tuple[int, dict[str, str], Any]:
    """Return the status, the headers and the body of an answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, {k.lower(): v for k, v in answer.getheaders()}, text


@pytest.mark.parametrize("method", ["POST /tasks", "POST /batches", "GET /tasks", "GET /health",
                                    "OPTIONS /tasks", "GET /docs", "HEAD /queue"])  # fmt: skip
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": PAGE, "Sec-Fetch-Site": "cross-site"},
        {"Origin": PAGE},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
    ids=["page", "old browser", "sandbox", "other port", "image", "same site", "frame"],
)
def test_a_page_of_another_origin_gets_403_for_everything(
    service: Service, method: str, headers: dict[str, str]
) -> None:
    verb, _, path = method.partition(" ")
    headers = {"Content-Type": "text/plain", **headers}
    body = TASK if verb == "POST" else ""
    status, answered, text = ask(service.port, verb, path, headers, body)
    assert status == 403
    assert "access-control-allow-origin" not in answered
    if verb != "HEAD":
        assert json.loads(text)["code"] == "origin_not_allowed"


def test_a_refused_page_has_stored_nothing(service: Service) -> None:
    name = "of-a-page"
    body = json.dumps({"circuit": BELL, "name": name})
    assert ask(service.port, "POST", "/tasks", {"Origin": PAGE}, body)[0] == 403
    assert service.http.get("/tasks", params={"name": name}).json()["tasks"] == []


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "quantum.example.orgs",
             "evil.example.org", "localhost.evil.example"],
)  # fmt: skip
def test_a_name_that_is_not_the_services_gets_403(service: Service, host: str) -> None:
    for method, path in (("GET", "/tasks?limit=1"), ("POST", "/tasks")):
        status, _, text = ask(service.port, method, path, {"Host": host}, TASK)
        document = json.loads(text)
        assert (status, document["code"]) == (403, "host_not_allowed")
        assert "QUANTUMTASK_ALLOWED_HOSTS" in document["detail"]


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:9", "LOCALHOST.", "a.localhost", "127.0.0.1", "[::1]:8000",
             "192.0.2.7:80", "quantum.example.org", "QUANTUM.example.org:443", "lab.example.org",
             "a.b.lab.example.org", socket.gethostname()],
)  # fmt: skip
def test_names_of_the_service_and_addresses_are_served(service: Service, host: str) -> None:
    assert ask(service.port, "GET", "/health", {"Host": host})[0] == 200


def test_two_hosts_are_refused(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n")
        assert b" 403 " in connection.recv(1000)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
        {"Origin": "https://quantum.example.org", "Host": "quantum.example.org"},
        {"Origin": LISTED, "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://127.0.0.1:8888", "Sec-Fetch-Site": "same-site"},
    ],
    ids=["program", "own page", "address bar", "own page of an old browser", "listed", "notebook"],
)
def test_programs_and_pages_that_are_allowed_are_served(
    service: Service, headers: dict[str, str]
) -> None:
    assert ask(service.port, "GET", "/health", headers)[0] == 200
    status, _, text = ask(service.port, "POST", "/tasks", headers, TASK)
    assert status == 200, text


def test_a_link_of_another_page_leads_to_the_documentation(service: Service) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document"}  # fmt: skip
    assert ask(service.port, "GET", "/docs", link)[0] == 200
    assert ask(service.port, "POST", "/tasks", link, TASK)[0] == 403


def test_a_listed_origin_may_ask_first_and_read_the_answer(service: Service) -> None:
    preflight = {"Origin": LISTED, "Sec-Fetch-Site": "cross-site",
             "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "authorization,idempotency-key"}  # fmt: skip
    status, headers, _ = ask(service.port, "OPTIONS", "/tasks", preflight)
    assert (status, headers["access-control-allow-origin"]) == (200, LISTED)
    assert "POST" in headers["access-control-allow-methods"]
    assert "idempotency-key" in headers["access-control-allow-headers"]
    page = {"Origin": LISTED, "Sec-Fetch-Site": "cross-site"}
    status, headers, text = ask(service.port, "POST", "/tasks", page, TASK)
    assert (status, headers["access-control-allow-origin"]) == (200, LISTED)
    _, headers, _ = ask(service.port, "GET", f"/tasks/{json.loads(text)['task_id']}", page)
    assert headers["access-control-allow-origin"] == LISTED
    assert "access-control-allow-origin" not in ask(service.port, "GET", "/health", {})[1]


def test_curl_without_a_content_type_works(service: Service) -> None:
    command = ["curl", "--silent", "--data", TASK, f"{service.url}/tasks"]
    answer = subprocess.run(command, capture_output=True, check=True, timeout=30)
    assert json.loads(answer.stdout)["status"] == "submitted"


def test_the_worker_has_the_same_rules(service: Service) -> None:
    ring = '{"task_id": "x"}'
    for headers in ({"Origin": PAGE}, {"Host": "evil.example"}):
        assert ask(service.worker_port, "POST", "/execute", headers, ring)[0] == 403
        assert ask(service.worker_port, "GET", "/health", headers)[0] == 403
