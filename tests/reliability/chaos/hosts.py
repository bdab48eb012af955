"""Two hosts that lose each other: network namespaces with a router between them.

Here are API, PostgreSQL, a worker and the clients; over there is another worker. This process must
be in a network namespace of its own: `alone()` is the command that puts it there.
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

HERE, THERE = "10.77.1.1", "10.77.2.1"
ALONE = ("unshare", "--net")
"""The command that puts another into a network of its own."""

WAYS = {"both ways": (HERE, THERE), "towards it": (THERE,), "from it": (HERE,)}
"""What a router may stop passing on: packets to these."""


class NoNetwork(Exception):
    """A network namespace that cannot be made; the message has the reason."""


_NONE = "no network of our own"


def alone() -> bool:
    """Return True if this network has no interface except loopback."""
    return [name for _, name in socket.if_nameindex()] == ["lo"]


class Hosts:
    """This namespace, that of the other host, and that of the router."""

    def __enter__(self) -> "Hosts":
        self._router = subprocess.Popen([*ALONE, "sleep", "infinity"])
        self._other = subprocess.Popen([*ALONE, "sleep", "infinity"])
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
    def there(self) -> list[str]:
        """Return the command that runs another one on the other host."""
        return _inside(self._other)

    def cut(self, way: str) -> None:
        """Have the router drop all packets without an answer."""
        for address in WAYS[way]:
            _run(*_inside(self._router), "ip", "route", "add", "blackhole", f"{address}/32")

    def heal(self, way: str) -> None:
        for address in WAYS[way]:
            _run(*_inside(self._router), "ip", "route", "del", "blackhole", f"{address}/32")

    def _connect(self) -> None:
        _run("ip", "link", "set", "lo", "up")
        for host, address in ((None, HERE), (self._other, THERE)):
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
        raise NoNetwork(f"{_NONE}: there is no program `{command[0]}`") from None
    except subprocess.CalledProcessError as error:
        raise NoNetwork(
            f"no network of our own: {' '.join(command)}: {error.stderr.strip()}"
        ) from None


class Cuts:
    """Cuts the hosts apart, each time while the worker on the other host runs a task."""

    def __init__(self, hosts: Hosts, service: Service, there: Process, again_s: float) -> None:
        self._hosts, self._service, self._there, self._again_s = hosts, service, there, again_s
        self.dealt: Counter[str] = Counter()
        self.again: list[float] = []
        self.late: list[str] = []

    def wreak(self, cuts: Sequence[tuple[str, float]]) -> Iterator[float]:
        """Each is a way and for how many seconds; yields the share that is over with the next."""
        for number, (way, seconds) in enumerate(cuts):
            yield (number + 1) / len(cuts)
            slot, held = self._hold()
            began = time.time()
            self._hosts.cut(way)
            time.sleep(seconds)
            self._hosts.heal(way)
            with suppress(ProcessLookupError):  # its worker may have given it up
                os.kill(slot, signal.SIGCONT)
            self.dealt[f"cut {way} for {seconds:g} s"] += 1
            if seconds > self._again_s:
                self._expect(held, began)
            self._reunite()

    def _hold(self) -> tuple[int, list[tuple[int, int]]]:
        """Stop a slot on the other host; return its (sequence, attempt) pairs."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            for slot in slot_pids(self._there):
                os.kill(slot, signal.SIGSTOP)
                time.sleep(0.3)  # what it had said before is recorded by then
                if held := self._held():
                    return slot, held
                os.kill(slot, signal.SIGCONT)
            time.sleep(0.1)
        raise AssertionError(f"the other host runs nothing\n{self._service.logs()}")

    def _held(self) -> list[tuple[int, int]]:
        rows = databases.ask(self._service.settings, _RUNNING)
        mine = self._id()
        return [(sequence, attempt) for sequence, attempt, worker in rows if worker == mine]

    def _id(self) -> str:
        """Return the id of the worker on the other host, from its log."""
        return self._there.log.read_text().partition('"worker": "')[2].partition('"')[0]

    def _expect(self, held: list[tuple[int, int]], began: float) -> None:
        """Record the time from the cut to the next attempt of each task that was held."""
        for sequence, attempt in held:
            query = _AGAIN.format(sequence, attempt)
            until(lambda query=query: databases.ask(self._service.settings, query), 60)
            [(at,)] = databases.ask(self._service.settings, query)
            self.again.append(at - began)
            if at - began > self._again_s:
                self.late.append(f"task {sequence}: ran again {at - began:.1f} s after the cut")

    def _reunite(self) -> None:
        """Wait until the worker on the other host has sent a heartbeat again."""
        query = _SEEN.format(self._id(), time.time())
        until(lambda: databases.ask(self._service.settings, query), 60, self._service.logs)


_RUNNING = "SELECT sequence, attempt, worker FROM tasks WHERE state = 'running'"
_AGAIN = "SELECT at FROM changes WHERE sequence = {} AND move = 'claim' AND attempt = {} + 1"
_SEEN = "SELECT 1 FROM workers WHERE id = '{}' AND seen_at > {}"
