"""Notification delay of 1,000 clients with long polls and 1,000 clients with event streams.

usage: python -m benchmarks.service.watchers [--database sqlite] [--clients 1000] [--idle 30]
    [--slots 1]

The tasks are submitted as one batch. Each task has one client with long polls and one client that
follows its events, each on a separate connection. With all clients connected and without a worker,
the benchmark measures the processor time of the API for `--idle` seconds; long polls are repeated
every 30 s. Then a worker runs the tasks, and each client measures the time from the end of its task
(`finished_at`, by the clock of the database on this machine) to the notification. Clients, API,
worker and slot share the cores of the machine. The target is 95 % of both kinds of clients within
50 ms, and less than 2 % of a core at idle; otherwise the exit status is 1.
"""

import argparse
import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.postgres import Server
from tests.support.services import Service, cpu_ticks

from benchmarks.common.load_generator import Connection, layers

WANTED_MS, WANTED_SHARE = 50.0, 0.02


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--clients", type=int, default=1000, help="clients of each kind")
    parser.add_argument("--idle", type=float, default=30.0, help="seconds of the idle phase")
    parser.add_argument("--slots", type=int, default=1)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    server = Server().start() if options.database == "postgresql" else None
    try:
        with tempfile.TemporaryDirectory() as folder:
            url = server.url if server else ""
            service = Service(Path(folder), database=url, slots=options.slots)
            try:
                return 0 if asyncio.run(measure(service, options.clients, options.idle)) else 1
            finally:
                service.stop()
    finally:
        if server:
            server.remove()


async def measure(service: Service, clients: int, idle_s: float) -> bool:
    service.start_api()
    while service.try_get("/health") != 200:
        await asyncio.sleep(0.05)
    ids = submit(service, clients)
    waiting = [asyncio.create_task(wait(service.url, task_id)) for task_id in ids]
    following = [asyncio.create_task(follow(service.url, task_id)) for task_id in ids]
    await wait_until_connected(service, clients)
    share = await idle_share(service.api.pid, idle_s)
    print(f"{clients:,} wait, {clients:,} follow: {share:.2%} of a core at idle", flush=True)
    service.start_worker()
    good = share <= WANTED_SHARE
    titles = ("median", "90 %", "95 %", "99 %", "most")
    print(f"{'event after, in ms':20} " + " ".join(f"{title:>8}" for title in titles))
    for name, kind in (("by long-poll", waiting), ("by events", following)):
        late = sorted(await asyncio.gather(*kind))
        shown = [late[int(part * (len(late) - 1))] for part in (0.5, 0.9, 0.95, 0.99, 1.0)]
        print(f"{name:20} " + " ".join(f"{ms:8.1f}" for ms in shown), flush=True)
        good = good and shown[2] <= WANTED_MS
    return good


def submit(service: Service, tasks: int) -> Sequence[str]:
    """Submit different circuits of about 30 ms each, so that they end one by one."""
    ids: list[str] = []
    for start in range(0, tasks, 200):
        some = [{"circuit": layers(17, 20, n)} for n in range(start, min(start + 200, tasks))]
        answer = service.http.post("/batches", json={"tasks": some})
        ids += answer.json()["task_ids"]
    return ids


async def wait_until_connected(service: Service, clients: int) -> None:
    """Wait until the API counts all clients."""
    while f"quantumtask_streams {clients:.1f}" not in service.http.get("/metrics").text:
        await asyncio.sleep(0.2)
    await asyncio.sleep(2.0)


async def idle_share(pid: int, seconds: float) -> float:
    """Return the processor time of a process, as a share of one core."""
    before, began = cpu_ticks(pid), time.monotonic()
    await asyncio.sleep(seconds)
    processor_s = (cpu_ticks(pid) - before) / os.sysconf("SC_CLK_TCK")
    return processor_s / (time.monotonic() - began)


async def wait(url: str, task_id: str) -> float:
    """Return the delay of a client with long polls after the end of its task, in milliseconds."""
    connection = Connection(url)
    while True:
        status, task = await connection.request("GET", f"/tasks/{task_id}?wait=30")
        now = time.time()
        assert status == 200, task
        if task["status"] != "pending":
            connection.close()
            return since(task["finished_at"], now)


async def follow(url: str, task_id: str) -> float:
    """Return the delay of a client with an event stream, in milliseconds."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"GET /tasks/{task_id}/events HTTP/1.1\r\nhost: api\r\n\r\n".encode())
    while line := await reader.readline():
        if line.startswith(b"data: "):
            event: dict[str, Any] = json.loads(line[6:])
            if event["status"] != "pending":
                now = time.time()
                writer.close()
                return since(event["at"], now)
    raise ConnectionError(f"the events of {task_id} ended before it did")


def since(moment: str, now: float) -> float:
    return (now - datetime.fromisoformat(moment).timestamp()) * 1e3


if __name__ == "__main__":
    sys.exit(main())
