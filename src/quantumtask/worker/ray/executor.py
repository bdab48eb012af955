"""Circuits on a Ray cluster: the same interface as the slots of this machine.

Ray itself is in a process of its own, the bridge: when that is lost, what it had did not finish,
and another is started until there is a cluster again.
"""

import json
import logging
import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib.util import find_spec
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from typing import Any

from quantumtask.shared.settings import PREFIX, Settings, SettingsError
from quantumtask.shared.task import Assignment
from quantumtask.worker.outcome import Outcome, decode
from quantumtask.worker.slots.slot import Report

log = logging.getLogger(__name__)

START_LIMIT_S = 60.0
SILENCE_S = 10.0
"""A bridge that says nothing for so long is as good as dead."""

HEAD_PATIENCE_S = 10
"""How long the head may be away before its bridge is lost; what runs goes on meanwhile."""

PAUSES_S = (0.5, 1.0, 2.0, 4.0)
"""Before the next bridge, after so many that reached no cluster."""

_Chunk = dict[tuple[str, int], Assignment]


class RayExecutor:
    """Slots on a cluster. It has none while the cluster is away: then nothing can be submitted.

    `report` is called from a thread with outcomes, one for every assignment that was submitted.
    """

    def __init__(
        self, settings: Settings, report: Report, _failed: Callable[[BaseException], None]
    ) -> None:
        if find_spec("ray") is None:
            raise SettingsError(
                f"{PREFIX}EXECUTOR=ray needs Ray. Install it: pip install 'quantumtask[ray]'"
            )
        self._settings = settings
        self._report = report
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._bridge: _Bridge | None = None
        self._chunks: dict[int, _Chunk] = {}  # what the bridge has
        self._number = 0
        self._size = 0
        self._room = 0
        self._reached = False
        self._complaint = ""
        self._thread = threading.Thread(target=self._supervise, name="bridge")

    def warm(self) -> None:
        """Begins to look for the cluster; does not wait for it."""
        forkserver.ensure_running()  # for questions: see `Executor.warm`
        self._thread.start()

    @property
    def size(self) -> int:
        """How many slots there are now; 0: the cluster is away."""
        return self._size

    @property
    def free(self) -> int:
        """How many chunks could be submitted now."""
        return max(0, self._room - len(self._chunks))

    def submit(self, chunk: list[Assignment]) -> None:
        """Gives a chunk to the cluster."""
        with self._lock:
            bridge = self._bridge
            if bridge:
                self._number += 1
                self._chunks[self._number] = {(a.id, a.attempt): a for a in chunk}
                bridge.send("submit", self._number, chunk)
        if not bridge:
            self._report([Outcome(a, None, for_another=True) for a in chunk])

    def kill(
        self, task_id: str | None = None, attempt: int | None = None, why: str = "stopped"
    ) -> None:
        """Kills what runs this attempt, if anything does; None: everything."""
        with self._lock:
            if self._bridge:
                self._bridge.send("kill", task_id, attempt, why)

    def stop(self) -> None:
        """Ends the bridge, and with it all that it had run."""
        self._stopped.set()
        with self._lock:
            if self._bridge:
                self._bridge.kill()
        if self._thread.is_alive():
            self._thread.join()

    def _supervise(self) -> None:
        """One bridge after the other."""
        fruitless = 0
        while not self._stopped.is_set():
            fruitless = 0 if self._live() else fruitless + 1
            self._stopped.wait(PAUSES_S[min(fruitless, len(PAUSES_S) - 1)])

    def _live(self) -> bool:
        """The life of a bridge; whether it has reached the cluster."""
        bridge = _Bridge(self._settings)
        with self._lock:
            self._bridge = bridge
            if self._stopped.is_set():
                bridge.kill()
        try:
            while True:
                self._hear(bridge.receive(SILENCE_S if self._reached else START_LIMIT_S))
        except (EOFError, OSError, ValueError, LookupError):
            return self._lose(bridge)

    def _hear(self, told: dict[str, Any]) -> None:
        if "log" in told:
            self._complain(*told["log"])
        elif "size" in told:
            if not self._reached:
                self._reached, self._complaint = True, ""
                log.info("connected to the Ray cluster")
            self._size, self._room = told["size"], told["room"]
        else:
            self._report(self._outcomes(**told))

    def _outcomes(
        self, of: int, verdicts: tuple[Any, ...] = (), ended: bool = False, but: str = ""
    ) -> list[Outcome]:
        """What came of some of a chunk; and of what is left, once it has ended but for one task."""
        with self._lock:
            chunk = self._chunks[of]
            outcomes = [
                Outcome(chunk.pop((task_id, attempt)), decode(kind, content))
                for task_id, attempt, kind, content in verdicts
            ]
            left = [key for key in chunk if ended and key[0] != but]
            outcomes += [Outcome(chunk.pop(key), None) for key in left]
            if ended and not chunk:
                del self._chunks[of]
        return outcomes

    def _complain(self, level: str, event: str, more: dict[str, Any]) -> None:
        """Logs what a bridge says, but not again what the one before it has said."""
        if event != self._complaint:
            self._complaint = event
            log.log(logging.getLevelNamesMapping()[level], event, extra=more)

    def _lose(self, bridge: "_Bridge") -> bool:
        """What the bridge had did not finish."""
        bridge.bury()
        reached, self._reached = self._reached, False
        with self._lock:
            self._bridge, self._size, self._room = None, 0, 0
            lost = [a for chunk in self._chunks.values() for a in chunk.values()]
            self._chunks = {}
        if reached and not self._stopped.is_set():
            log.warning("lost the Ray cluster: tasks wait for it", extra={"tasks": len(lost)})
        if lost:
            self._report([Outcome(a, None, for_another=True) for a in lost])
        return reached


class _Bridge:
    """A bridge process, and the two threads' worth of talk with it."""

    def __init__(self, settings: Settings) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "quantumtask.worker.ray.driver"),
                    *(str(theirs.fileno()), str(os.getpid())),
                ],
                pass_fds=[theirs.fileno()],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # Ray's own words are in its logs
            )
        self._connection = Connection(ours.detach())
        self._to_send: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._to_send.put(settings.without_secrets())
        self._sender = threading.Thread(target=self._send, name="bridge-sender", daemon=True)
        self._sender.start()

    def send(self, *message: Any) -> None:
        """Never waits: a bridge that is stuck must not hold up who renews the leases."""
        self._to_send.put(message)

    def receive(self, within_s: float) -> dict[str, Any]:
        """Raises EOFError if there is nothing in time."""
        if not self._connection.poll(within_s):
            raise EOFError
        told: dict[str, Any] = json.loads(self._connection.recv_bytes())
        return told

    def kill(self) -> None:
        self._process.kill()

    def bury(self) -> None:
        """Ends it, whatever it does."""
        self.kill()
        self._process.wait()
        self._to_send.put(None)
        self._sender.join()
        self._connection.close()

    def _send(self) -> None:
        try:
            while (message := self._to_send.get()) is not None:
                self._connection.send(message)
        except OSError:
            pass  # it is gone, which `receive` sees as well


def _environment() -> dict[str, str]:
    """Ours without our settings, which may name the database, and with Ray's."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    return {
        "RAY_AUTH_MODE": "token",
        **ours,
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_gcs_rpc_server_reconnect_timeout_s": str(HEAD_PATIENCE_S),
    }
