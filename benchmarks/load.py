"""Closed-loop load over the HTTP contract: each client submits a circuit, waits for it, repeats.

Raw HTTP/1.1 on kept-alive sockets and nothing but the standard library: on a small machine a heavy
client would measure itself.
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
    """Random rotations and a random matching of CNOTs, `depth` times."""
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
    """What a load saw; times in milliseconds."""

    tasks: int
    failed: int
    per_second: float
    median_ms: float
    p99_ms: float


class Connection:
    """One kept-alive connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname, parts.port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: {self._host}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        at = answer.index(b"content-length:") + 15
        data = await reader.readexactly(int(answer[at : answer.index(b"\r", at)]))
        if b"connection: close" in answer:
            self.close()
        return int(answer[9:12]), json.loads(data)

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
            self._streams = None


async def run(
    url: str, circuit: Callable[[int], str], tasks: int, clients: int, wait: bool, poll_s: float
) -> Figures:
    """Drives a service with `tasks` circuits from `clients` at once."""
    numbers = iter(range(tasks))
    times: list[float] = []
    failed = 0

    async def client() -> None:
        nonlocal failed
        connection = Connection(url)
        for number in numbers:
            body = json.dumps({"circuit": circuit(number)}).encode()
            start = time.perf_counter()
            status, answer = await connection.request("POST", "/tasks", body)
            assert status == 200, answer
            path = f"/tasks/{answer['task_id']}" + ("?wait=30" if wait else "")
            while (answer := (await connection.request("GET", path))[1])["status"] == "pending":
                if not wait:
                    await asyncio.sleep(poll_s)
            failed += answer["status"] != "completed"
            times.append(time.perf_counter() - start)
        connection.close()

    start = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    spent = time.perf_counter() - start
    times.sort()
    return Figures(
        len(times),
        failed,
        len(times) / spent,
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
) -> Figures:
    """`run`, from ordinary code."""
    return asyncio.run(run(url, circuit, tasks, clients, wait, poll_s))
