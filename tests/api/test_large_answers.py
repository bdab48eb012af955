"""Large answers and bodies: other clients notice nothing of them, and memory is bounded."""

import base64
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.support.services import BELL, Service, busy, memory_mib, until

MIB = 1024 * 1024
QUBITS = 17
STATE_BYTES = 16 * 2**QUBITS
BOUND = 12 * MIB
"""Bound of the large answers of the service, and of the large bodies: one client has room for two
states.
"""

STATE = 'OPENQASM 3.0; include "stdgates.inc"; qubit[17] q; ' + "".join(
    f"rx(0.{k + 1}) q[{k}]; rz(0.{k + 3}) q[{k}];" for k in range(QUBITS)
)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("large")
    running = Service(folder, slots=1, max_answer_bytes=BOUND, max_bodies_bytes=BOUND).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def path(large: Service) -> str:
    """Return the path of the result of a state vector."""
    task = large.run(STATE, shots=1, **{"return": ["statevector"]})
    assert task["status"] == "completed", task
    assert task["result_bytes"] > STATE_BYTES
    return str(task["result_url"])


def stalled_reader(service: Service, path: str) -> socket.socket:
    """Return a client that asks for an answer, and reads nothing but its first bytes."""
    client = socket.create_connection(("127.0.0.1", service.port), timeout=60)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\n\r\n".encode())
    return client


def assert_others_are_served(service: Service) -> None:
    assert service.http.get("/health").status_code == 200
    assert service.run(BELL)["status"] == "completed"


def test_the_numbers_and_the_bytes_of_a_state_agree(large: Service, path: str) -> None:
    encoded = {"accept": "application/vnd.quantumtask+json"}
    plain, raw = large.http.get(path), large.http.get(path, headers=encoded)
    assert plain.headers["content-encoding"] == raw.headers["content-encoding"] == "gzip"
    [values] = plain.json()["data"].values()
    data = base64.b64decode(raw.json()["data"]["statevector"]["data"])
    assert len(values) == 2**QUBITS
    assert memoryview(data).cast("d").tolist() == [part for pair in values for part in pair]
    identity = large.http.get(path, headers={"accept-encoding": "identity"})
    assert (identity.content, "content-encoding" in identity.headers) == (plain.content, False)


def test_many_large_answers_at_once_delay_nobody_and_take_bounded_memory(
    large: Service, path: str
) -> None:
    before = memory_mib(large.api.pid)

    def read(_: int) -> int:
        return httpx.get(large.url + path, timeout=120).status_code

    with ThreadPoolExecutor(5) as pool:
        reads = [pool.submit(read, n) for n in range(5)]
        while not all(each.done() for each in reads):
            assert_others_are_served(large)
            assert memory_mib(large.api.pid) < before + 4 * BOUND / MIB
    assert {each.result() for each in reads} <= {200, 503}
    assert 200 in {each.result() for each in reads}


def test_readers_that_stall_hold_their_own_half_and_nobody_else(large: Service, path: str) -> None:
    before = memory_mib(large.api.pid)
    with ExitStack() as stack:
        readers = [stack.enter_context(stalled_reader(large, path)) for _ in range(20)]
        assert_others_are_served(large)
        refused = large.http.get(path)
        assert (refused.status_code, refused.json()["code"]) == (503, "answers_too_large")
        assert int(refused.headers["retry-after"]) > 0
        # The service may read their requests in another order.
        assert {reader.recv(12) for reader in readers} == {b"HTTP/1.1 200", b"HTTP/1.1 503"}
        assert_others_are_served(large)
        assert memory_mib(large.api.pid) < before + 4 * BOUND / MIB
    assert large.http.get(path).status_code == 200  # their memory is free again


def unfinished_body(service: Service) -> socket.socket:
    """Return a client that sends the beginning of a body of 4 MiB."""
    client = socket.create_connection(("127.0.0.1", service.port))
    head = f"POST /tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {4 * MIB}\r\n\r\n"
    client.sendall(head.encode() + b" " * 150_000)
    return client


def test_unfinished_bodies_hold_the_half_of_their_client_and_nobody_elses(large: Service) -> None:
    text = json.dumps({"circuit": BELL + " " * 4 * MIB})
    elsewhere = httpx.HTTPTransport(local_address="127.0.0.2")
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(unfinished_body(large))
        assert_others_are_served(large)  # of the same address, with small bodies
        pool = stack.enter_context(ThreadPoolExecutor())
        waiting = pool.submit(large.http.post, "/tasks", content=text)
        with httpx.Client(base_url=large.url, transport=elsewhere, timeout=60) as other:
            while not waiting.done():
                assert other.post("/tasks", content=text, params={"wait": 30}).is_success
                assert_others_are_served(large)
        refused = waiting.result()
        assert (refused.status_code, refused.json().get("code")) == (503, "bodies_too_large")
        assert int(refused.headers["retry-after"]) > 0
    assert large.http.post("/tasks", content=text).status_code == 200  # their memory is free again


def test_rendering_ends_when_the_client_leaves(large: Service, path: str) -> None:
    for _ in range(8):
        with stalled_reader(large, path) as client:
            client.recv(1000)
    until(lambda: not busy(large.api.pid), 20)
    assert large.http.get(path).status_code == 200


def test_lines_of_a_batch_have_whole_results_and_wait_for_memory(large: Service) -> None:
    task = {"circuit": STATE, "shots": 1, "return": ["statevector"]}
    batch = large.http.post("/batches", json={"tasks": [task] * 2}).json()
    url = f"/batches/{batch['batch_id']}/results"
    with ThreadPoolExecutor(2) as pool:
        texts = list(pool.map(lambda _: large.http.get(url).text, range(2)))
    for text in texts:
        lines = [json.loads(line) for line in text.splitlines()]
        assert [line["offset"] for line in lines] == [0, 1]
        assert [len(line["data"]["statevector"]) for line in lines] == [2**QUBITS] * 2


def test_a_large_circuit_is_sent_as_it_came(large: Service) -> None:
    text = BELL + "// π" * 500_000
    task_id = large.submit(text)
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(stalled_reader(large, f"/tasks/{task_id}/circuit"))
        assert_others_are_served(large)
    assert large.http.get(f"/tasks/{task_id}/circuit").text == text
