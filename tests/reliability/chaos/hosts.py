"""Two hosts with a network partition: network namespaces with a router between them.

The local host has the API, PostgreSQL, a worker and the clients; the remote host has another
worker. This process must run in its own network namespace: see OWN_NETWORK.
"""

import os
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tests.support import databases
from tests.support.services import Process, Service, slot_pids, until

LOCAL_ADDRESS, REMOTE_ADDRESS = "10.77.1.1", "10.77.2.1"
OWN_NETWORK = ("unshare", "--net")
"""The command that runs another one in its own network namespace."""

DIRECTIONS = {
    "both ways": (LOCAL_ADDRESS, REMOTE_ADDRESS),
    "towards it": (REMOTE_ADDRESS,),
    "from it": (LOCAL_ADDRESS,),
}
"""The addresses to which the router drops packets, by direction of the partition."""


BUSY_MACHINE_S = 2.0
"""Time that a worker may take for its turn, on a machine that does much else."""


class NetworkUnavailable(Exception):
    """A network namespace that cannot be made; the message has the reason."""


_NONE = "no network namespace"


def has_own_network() -> bool:
    """Return True if this network has no interface except loopback."""
    return [name for _, name in socket.if_nameindex()] == ["lo"]


class Hosts:
    """This namespace, that of the other host, and that of the router."""

    def __enter__(self) -> "Hosts":
        self._router = subprocess.Popen([*OWN_NETWORK, "sleep", "infinity"])
        self._other = subprocess.Popen([*OWN_NETWORK, "sleep", "infinity"])
        mine = _network(os.getpid())
        for each in (self._router, self._other):
            until(lambda each=each: _network(each.pid) not in ("", mine), 10)
        try:
            self._connect()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        for each in (self._router, self._other):
            each.kill()
            each.wait()

    @property
    def remote_command(self) -> list[str]:
        """Return the command that runs another one on the other host."""
        return _inside(self._other)

    def partition(self, direction: str) -> None:
        """Have the router drop all packets without an answer."""
        for address in DIRECTIONS[direction]:
            _run(*_inside(self._router), "ip", "route", "add", "blackhole", f"{address}/32")

    def reconnect(self, direction: str) -> None:
        for address in DIRECTIONS[direction]:
            _run(*_inside(self._router), "ip", "route", "del", "blackhole", f"{address}/32")

    def _connect(self) -> None:
        _run("ip", "link", "set", "lo", "up")
        for host, address in ((None, LOCAL_ADDRESS), (self._other, REMOTE_ADDRESS)):
            net = address.rpartition(".")[0]
            name, at = f"to{net[-1]}", _inside(host) if host else []
            _run("ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}r")
            _run("ip", "link", "set", f"{name}r", "netns", str(self._router.pid))
            if host:
                _run("ip", "link", "set", name, "netns", str(host.pid))
            _up(at, name, address)
            _up(_inside(self._router), f"{name}r", f"{net}.2")
            _run(*at, "ip", "route", "add", "default", "via", f"{net}.2")
        _run(*_inside(self._router), "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")


def _up(at: Sequence[str], name: str, address: str) -> None:
    _run(*at, "ip", "address", "add", f"{address}/24", "dev", name)
    _run(*at, "ip", "link", "set", name, "up")


def _inside(host: "subprocess.Popen[bytes]") -> list[str]:
    return ["nsenter", f"--target={host.pid}", "--net"]


def _network(pid: int) -> str:
    with suppress(OSError):
        return str(Path(f"/proc/{pid}/ns/net").readlink())
    return ""


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise NetworkUnavailable(f"{_NONE}: there is no program `{command[0]}`") from None
    except subprocess.CalledProcessError as error:
        raise NetworkUnavailable(
            f"no network namespace: {' '.join(command)}: {error.stderr.strip()}"
        ) from None


class PartitionInjector:
    """Causes network partitions, each while the worker on the remote host runs a task."""

    def __init__(
        self, hosts: Hosts, service: Service, remote: Process, retry_limit_s: float
    ) -> None:
        self._hosts, self._service, self._remote = hosts, service, remote
        self._retry_limit_s = retry_limit_s
        self.fault_counts: Counter[str] = Counter()
        self.retry_times: list[float] = []
        self.late: list[str] = []

    def inject(self, partitions: Sequence[tuple[str, float]]) -> Iterator[float]:
        """Cause partitions (direction, seconds); yield the part that is over after each."""
        for number, (direction, seconds) in enumerate(partitions):
            yield (number + 1) / len(partitions)
            slot, attempts = self._hold_tasks()
            began = time.time()
            self._hosts.partition(direction)
            time.sleep(seconds)
            self._hosts.reconnect(direction)
            with suppress(ProcessLookupError):  # the worker may have killed the slot
                os.kill(slot, signal.SIGCONT)
            self.fault_counts[f"partition {direction} for {seconds:g} s"] += 1
            if seconds > self._retry_limit_s:
                self._record_retries(attempts, began)
            self._wait_for_heartbeat()

    def _hold_tasks(self) -> tuple[int, list[tuple[int, int]]]:
        """Stop a slot on the other host; return its (sequence, attempt) pairs."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            for slot in slot_pids(self._remote):
                with suppress(ProcessLookupError):  # the worker may have replaced the slot
                    os.kill(slot, signal.SIGSTOP)
                    time.sleep(0.3)  # until then, earlier outcomes are recorded
                    if attempts := self._remote_attempts():
                        return slot, attempts
                    os.kill(slot, signal.SIGCONT)
            time.sleep(0.1)
        raise AssertionError(f"the remote host runs no task\n{self._service.logs()}")

    def _remote_attempts(self) -> list[tuple[int, int]]:
        rows = databases.ask(self._service.settings, _RUNNING)
        remote = self._id()
        return [(sequence, attempt) for sequence, attempt, worker in rows if worker == remote]

    def _id(self) -> str:
        """Return the id of the worker on the other host, from its log."""
        return self._remote.log.read_text().partition('"worker": "')[2].partition('"')[0]

    def _record_retries(self, attempts: list[tuple[int, int]], began: float) -> None:
        """Record the time from the partition to the next attempt of each task."""
        for sequence, attempt in attempts:
            query = _NEXT_CLAIM.format(sequence, attempt)
            until(lambda query=query: databases.ask(self._service.settings, query), 60)
            [(at,)] = databases.ask(self._service.settings, query)
            self.retry_times.append(at - began)
            if at - began > self._retry_limit_s + BUSY_MACHINE_S:
                self.late.append(
                    f"task {sequence}: ran again {at - began:.1f} s after the partition"
                )

    def _wait_for_heartbeat(self) -> None:
        """Wait until the worker on the other host has sent a heartbeat again."""
        query = _HEARTBEAT.format(self._id(), time.time())
        until(lambda: databases.ask(self._service.settings, query), 60, self._service.logs)


_RUNNING = "SELECT sequence, attempt, worker FROM tasks WHERE state = 'running'"
_NEXT_CLAIM = "SELECT at FROM changes WHERE sequence = {} AND move = 'claim' AND attempt = {} + 1"
_HEARTBEAT = "SELECT 1 FROM workers WHERE id = '{}' AND seen_at > {}"
