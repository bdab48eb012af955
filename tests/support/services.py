"""Real QuantumTask processes for the tests: started on free ports, ended by process id."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import httpx

from quantumtask.shared.settings import load_settings
from tests.support import launcher

MEASURED = "COVERAGE_PROCESS_CONFIG" in os.environ
"""True while `make coverage` runs: a process that is killed writes no data."""

NO_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None)

TLS = httpx.create_ssl_context()
"""Shared by the clients of the tests: each would read all certificates of the system otherwise."""

BELL = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\n'
    "h q[0];\ncx q[0], q[1];\nc = measure q;\n"
)

# Runs for minutes in the engine on any machine, in half a GiB: 26 qubits, thousands of gates.
ENDLESS = (
    'OPENQASM 3.0; include "stdgates.inc"; qubit[26] q; bit[26] c; '
    + "".join(f"rx(0.{k + 1}) q[{k}];" for k in range(26))
    + "".join(f"rx(0.3) q[{k % 26}]; cx q[{k % 26}], q[{(k + 1) % 26}];" for k in range(3000))
    + "c = measure q;"
)


def entangle(pairs: int) -> str:
    """Return a circuit with so many pairs of gates on 22 qubits, each 4 ms or so in the engine."""
    gates = "".join(
        f"rx(0.3) q[{k * 5 % 22}]; cx q[{k * 5 % 22}], q[{(k * 5 + 1 + k * 7 % 21) % 22}];"
        for k in range(pairs)
    )
    return f'OPENQASM 3.0; include "stdgates.inc"; qubit[22] q; bit[22] c; {gates} c = measure q;'


# Two seconds or so in the engine: long enough to act while it runs.
SECONDS = entangle(500)

# 40 qubits, entangled with each other: no slot holds their state in any form.
TOO_LARGE = (
    'OPENQASM 3.0; include "stdgates.inc"; qubit[40] q; bit[40] c; h q; '
    + "".join(
        f"cx q[{k}], q[{(k + step) % 40}]; t q[{k}]; h q[{k}];"
        for step in (20, 13, 7, 17, 3)
        for k in range(40)
    )
    + "c = measure q;"
)


def free_port() -> int:
    """Return a port without a listener, outside the ranges that the kernel and Ray assign.

    A client that connects again and again to a stopped service could get the port of that service
    as its own source port: then it would be connected to itself, and the service could not start
    again. No port is returned twice, because the service of a free port may only be stopped, or not
    yet started. For the same reason each worker of pytest-xdist has its own ports.
    """
    mine = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    of = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    while True:
        port = random.SystemRandom().randrange(20_000 + mine, 32_000, of)
        if port in _assigned_ports:
            continue
        _assigned_ports.add(port)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


_assigned_ports: set[int] = set()


class Process:
    """One of our processes, and everything below it, which is why it gets a session of its own.

    `within` is a command that becomes it, `nsenter` say.
    """

    def __init__(
        self,
        arguments: list[str],
        environment: dict[str, str],
        log: Path,
        within: Sequence[str] = (),
    ) -> None:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("QUANTUMTASK_")}
        whole = {**clean, **environment}
        self.log = log
        log.touch()  # a test may read the log before the process has opened it
        self.popen: launcher.ChildProcess
        kind = None if within else launcher.kind_of(arguments, whole)
        if kind:
            files = (os.devnull, str(log), str(log))
            self.popen = launcher.launch(kind, arguments, whole, *files)
            return
        with log.open("ab") as out:
            self.popen = subprocess.Popen(
                [*within, sys.executable, *arguments],
                env=whole,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.popen.pid

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def stop(self) -> int:
        """SIGTERM, and the exit status once it is gone."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            return self.popen.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """SIGKILL to the process alone: what it started has to notice by itself."""
        self.signal(signal.SIGKILL)
        self.popen.wait(30)


class Service:
    """An API and a Worker on one database, with settings of their own."""

    def __init__(self, folder: Path, runner: list[str] | None = None, **settings: Any) -> None:
        self.folder = folder
        self.runner = runner or ["-m", "quantumtask"]
        self.port, self.worker_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.worker_url: str | None = f"http://127.0.0.1:{self.worker_port}"
        values = {
            "data_dir": folder / "data",
            "port": self.port,
            "worker_port": self.worker_port,
            **settings,
        }
        self.environment = {f"QUANTUMTASK_{k.upper()}": str(v) for k, v in values.items()}
        self.settings = load_settings(self.environment)
        self.http = httpx.Client(base_url=self.url, timeout=60, limits=NO_LIMITS, verify=TLS)
        self.worker_http = httpx.Client(base_url=self.worker_url, timeout=60, verify=TLS)
        self.processes: list[Process] = []
        self._has_worker_port = False

    def start(self) -> "Service":
        self.api = self.start_api()
        self.worker = self.start_worker()
        self.wait_ready()
        return self

    def start_api(self) -> Process:
        self.api = self._start("api")
        return self.api

    def start_worker(self, within: Sequence[str] = (), **more: Any) -> Process:
        environment = {f"QUANTUMTASK_{k.upper()}": str(v) for k, v in more.items()}
        self.worker = self._start("worker", environment, within)
        self._has_worker_port |= not {"worker_host", "worker_port"} & more.keys()
        return self.worker

    def _start(
        self, name: str, environment: dict[str, str] | None = None, within: Sequence[str] = ()
    ) -> Process:
        log = self.folder / f"{name}.log"
        variables = {**self.environment, **(environment or {})}
        process = Process([*self.runner, name], variables, log, within)
        self.processes.append(process)
        return process

    def wait_ready(self) -> None:
        """Wait for the API, and for the worker: its heartbeat may come before it listens."""
        until(lambda: self.try_get("/ready") == 200, 60, self.logs)
        if self._has_worker_port:
            until(self._worker_listens, 60, self.logs)

    def _worker_listens(self) -> bool:
        with suppress(httpx.TransportError):
            return self.worker_http.get("/health").status_code > 0
        return False

    def try_get(self, path: str) -> int:
        try:
            return self.http.get(path).status_code
        except httpx.TransportError:
            return 0

    def worker_health(self) -> dict[str, Any]:
        """Return the answer of the worker to GET /health."""
        health: dict[str, Any] = self.worker_http.get("/health").json()
        return health

    def logs(self) -> str:
        return "\n".join(p.read_text()[-2000:] for p in self.folder.glob("*.log"))

    def stop(self) -> None:
        self.http.close()
        self.worker_http.close()
        for process in self.processes:
            if process.popen.poll() is None:
                process.signal(signal.SIGCONT)
                process.stop() if MEASURED else process.kill()

    # What a client does

    def submit(self, circuit: str = BELL, **more: Any) -> str:
        answer = self.http.post("/tasks", json={"circuit": circuit, **more})
        assert answer.status_code == 200, answer.text
        return str(uuid.UUID(answer.json()["task_id"]))

    def get(self, task_id: str, wait: float = 0) -> dict[str, Any]:
        answer = self.http.get(f"/tasks/{task_id}", params={"wait": wait} if wait else {})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def finished(self, task_id: str, limit: float = 60) -> dict[str, Any]:
        end = time.monotonic() + limit
        while (remaining_s := end - time.monotonic()) > 0:
            body = self.get(task_id, wait=min(30.0, max(0.01, remaining_s)))
            if body["status"] != "pending":
                return body
        raise AssertionError(f"{task_id} did not end in {limit} s: {body}\n{self.logs()}")

    def run(self, circuit: str = BELL, **more: Any) -> dict[str, Any]:
        return self.finished(self.submit(circuit, **more))

    def running(self, task_id: str, limit: float = 30) -> None:
        """Returns when a slot has had the task for a moment."""
        until(lambda: self.get(task_id)["state"] == "running", limit, self.logs)

    def dispatched(self, task_id: str) -> None:
        """Return when a slot has the message with the task, which may come long after the claim."""
        self.running(task_id)
        until(lambda: "\nquantumtask_slots_busy 0" not in self._worker_metrics(), 30, self.logs)
        time.sleep(0.1)  # the thread of the slot sends the message now

    def _worker_metrics(self) -> str:
        return self.worker_http.get("/metrics").text


def until(condition: Any, limit: float, why: Any = lambda: "") -> None:
    """Returns when the condition holds; fails, with what `why` says, if it does not in time."""
    began = time.monotonic()
    while not condition():
        elapsed = time.monotonic() - began
        assert elapsed < limit, f"not so within {limit} s\n{why()}"
        time.sleep(min(0.25, max(0.02, elapsed / 20)))  # a long wait may end a little later


def children(pid: int) -> list[int]:
    """All living descendants of a process."""
    parents: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208, Path takes twice as long
        with suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:  # noqa: PTH123
            state, parent = stat.read().rpartition(b")")[2].split(maxsplit=2)[:2]
            if state != b"Z":
                parents.setdefault(int(parent), []).append(int(name))
    descendants, todo = [], [pid]
    while todo:
        below = parents.get(todo.pop(), [])
        descendants += below
        todo += below
    return descendants


class Running(Protocol):
    """A process that is known by its id."""

    @property
    def pid(self) -> int: ...


def slot_pids(worker: Running) -> list[int]:
    """The slots below a process: the children of its fork servers."""
    return [pid for pid in children(worker.pid) if is_forked(pid) and is_forked(parent(pid))]


def is_forked(pid: int) -> bool:
    """Return True if a process is a fork server or a child of one."""
    with suppress(OSError):
        return "forkserver" in command(pid) + Path(f"/proc/{pid}/comm").read_text()
    return False


def memory_mib(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


def cpu_ticks(pid: int) -> int:
    """Processor time a process has used, in the kernel's ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def at_work(pids: Callable[[], list[int]], count: int = 1) -> list[int]:
    """Waits until so many processes have been seen to compute, and tells which."""
    first_ticks: dict[int, int] = {}
    busy: list[int] = []

    def enough() -> bool:
        for pid in pids():
            with suppress(OSError):
                ticks = cpu_ticks(pid)
                if ticks - first_ticks.setdefault(pid, ticks) > 10 and pid not in busy:
                    busy.append(pid)
        return len(busy) >= count

    until(enough, 120)
    return busy


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def parent(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def busy(pid: int) -> bool:
    """Return True if a process is computing now."""
    try:
        before = cpu_ticks(pid)
        time.sleep(0.2)
        return cpu_ticks(pid) > before + 3
    except OSError:
        return False
