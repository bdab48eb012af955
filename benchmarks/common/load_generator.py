"""Closed-loop load over HTTP: each client submits a circuit, waits for its result, and repeats.

The clients write raw HTTP/1.1 on persistent connections with the standard library only, because a
slower client would limit the throughput on a small machine.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

BELL = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q; bit[2] c;\n'
    "h q[0]; cx q[0], q[1];\nc = measure q;\n"
)


def layers(qubits: int, depth: int, seed: int) -> str:
    """Return a random circuit: `depth` layers of rotations and of a random matching of CNOTs."""
    rng = random.Random(seed)
    lines = [f'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[{qubits}] q; bit[{qubits}] c;']
    for _ in range(depth):
        lines += [
            f"rx({rng.random():.6f}) q[{k}]; rz({rng.random():.6f}) q[{k}];" for k in range(qubits)
        ]
        order = rng.sample(range(qubits), qubits)
        lines += [f"cx q[{a}], q[{b}];" for a, b in zip(order[::2], order[1::2], strict=False)]
    return "\n".join([*lines, "c = measure q;"])


@dataclass(frozen=True)
class Figures:
    """Throughput and latency of a load."""

    tasks: int
    failed: int
    per_second: float
    median_ms: float
    p99_ms: float


class Connection(asyncio.Protocol):
    """Persistent connection with one request at a time."""

    def __init__(self, url: str, token: str | None = None) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "localhost", parts.port or 80
        self._token = f"authorization: Bearer {token}\r\n" if token else ""
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._answer: asyncio.Future[tuple[int, Any]] | None = None

    async def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
        loop = asyncio.get_running_loop()
        if self._transport is None:
            await loop.create_connection(lambda: self, self._host, self._port)
        assert self._transport is not None
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: {self._host}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n{self._token}\r\n"
        )
        self._answer = loop.create_future()
        self._transport.write(head.encode() + body)
        return await self._answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        fields = head.lower()
        length = fields.partition(b"content-length:")[2].partition(b"\r")[0]
        if len(body) < int(length):
            return
        self._received = b""
        if b"connection: close" in fields:
            self.close()
        assert self._answer is not None
        self._answer.set_result((int(fields[9:12]), json.loads(body)))

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        if self._answer and not self._answer.done():
            self._answer.set_exception(ConnectionError("closed by the service"))

    def close(self) -> None:
        if self._transport:
            self._transport.close()
            self._transport = None


async def run_task(
    connection: Connection, body: bytes, wait: bool = True, poll_s: float = 0.005
) -> Any:
    """Submit a task, wait for its end, and return its JSON."""
    question = "?wait=30" if wait else ""
    status, answer = await connection.request("POST", "/tasks" + question, body)
    assert status == 200, answer
    path = f"/tasks/{answer['task_id']}" + question
    while answer["status"] in ("submitted", "pending"):
        if not wait:
            await asyncio.sleep(poll_s)
        status, answer = await connection.request("GET", path)
    return answer


async def run(
    url: str,
    circuit: Callable[[int], str],
    tasks: int,
    clients: int,
    wait: bool,
    poll_s: float,
    token: str | None,
) -> Figures:
    """Submit `tasks` circuits from `clients` concurrent clients."""
    numbers = iter(range(tasks))
    times: list[float] = []
    failed = 0

    async def client() -> None:
        nonlocal failed
        connection = Connection(url, token)
        for number in numbers:
            body = json.dumps({"circuit": circuit(number)}).encode()
            start = time.perf_counter()
            answer = await run_task(connection, body, wait, poll_s)
            failed += answer["status"] != "completed"
            times.append(time.perf_counter() - start)
        connection.close()

    start = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    elapsed = time.perf_counter() - start
    times.sort()
    return Figures(
        len(times),
        failed,
        len(times) / elapsed,
        1e3 * times[len(times) // 2],
        1e3 * times[int(len(times) * 0.99)],
    )


def drive(
    url: str,
    circuit: Callable[[int], str],
    *,
    tasks: int,
    clients: int = 16,
    wait: bool = True,
    poll_s: float = 0.005,
    token: str | None = None,
) -> Figures:
    """Run `run` from synchronous code."""
    return asyncio.run(run(url, circuit, tasks, clients, wait, poll_s, token))
