"""A Ray cluster on this machine for the tests: a head, more nodes, and ways to lose them."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.support.services import children, command, free_port, until

RAY = Path(sys.executable).with_name("ray")
STORE = 80_000_000
ONE_TRY = ("RAY_NUM_REDIS_GET_RETRIES", "1")
"""For who is not let in: Ray asks a head that refuses it twenty times, a second apart."""


LEAN = {
    "RAY_worker_niceness": "0",  # as urgent as we are: what is started here is waited for
    "RAY_enable_worker_prestart": "0",
    "RAY_prestart_worker_first_driver": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_health_check_period_ms": "1000",  # a dead node is noticed after five of them
}
"""Settings of Ray without the processes and reports that no test uses."""


class Member:
    """A node: `ray start --block` and everything below it."""

    def __init__(self, cluster: "Cluster", *options: str) -> None:
        self._log = cluster.folder / f"node-{secrets.token_hex(4)}.log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(str(RAY), "start", "--block", *options, f"--temp-dir={cluster.folder}"),
                    *("--include-log-monitor=false", f"--object-store-memory={STORE}"),
                ],
                env=cluster.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def wait_ready(self) -> "Member":
        until(lambda: "Ray runtime started" in self._log.read_text(), 60, self._log.read_text)
        return self

    def kill(self, program: str) -> None:
        """SIGKILL to the one process of it that runs this program."""
        [pid] = [
            pid for pid in children(self.pid) if Path(command(pid).split("\0")[0]).name == program
        ]
        os.kill(pid, signal.SIGKILL)

    def end(self) -> None:
        """SIGKILL to all of it, as when a machine loses its power."""
        for pid in (self.pid, *children(self.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(30)


class Cluster:
    """A head, listening with a token of its own."""

    def __init__(self, cores: int = 4, memory_mb: int = 8192) -> None:
        # Not in pytest's folder: the names of sockets may have a hundred characters.
        self.folder = Path(tempfile.mkdtemp(prefix="ray-"))
        self._options = (f"--num-cpus={cores}", f"--memory={memory_mb * 2**20}")
        self._port = free_port()
        self.address = f"127.0.0.1:{self._port}"
        token = self.folder / "token"
        token.write_text(secrets.token_hex(32))
        self.access = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}
        ours = {k: v for k, v in os.environ.items() if not k.startswith("QUANTUMTASK_")}
        self.environment = {**ours, **self.access, **LEAN}
        self.members: list[Member] = []

    def start(self) -> "Cluster":
        """The head; again, where it was lost."""
        self.head = Member(
            self,
            *("--head", "--node-ip-address=127.0.0.1", f"--port={self._port}"),
            *("--include-dashboard=false", "--no-monitor", *self._options),
        )
        self.members.append(self.head)
        self.head.wait_ready()
        return self

    def join(self, cores: int, memory_mb: int) -> Member:
        """One more node."""
        options = (f"--num-cpus={cores}", f"--memory={memory_mb * 2**20}")
        self.members.append(Member(self, f"--address={self.address}", *options))
        return self.members[-1].wait_ready()

    def stop(self) -> None:
        for member in self.members:
            member.end()
        shutil.rmtree(self.folder, ignore_errors=True)
