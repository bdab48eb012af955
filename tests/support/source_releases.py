"""Tests of others, from their source releases: fetched with pip, kept outside of the tree."""

import os
import subprocess
import sys
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class NotFetched(Exception):
    """pip could not fetch the release, or it is not the one that is pinned."""


class Release(NamedTuple):
    """A source release, pinned, and the folders of it that are needed."""

    name: str
    version: str
    hash: str
    folders: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where they are; they may have to be fetched first."""
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return caches / "quantumtask" / f"{self.name}-{self.version}"

    def fetched(self) -> Path:
        """The folder that holds the release's `test`. Raises NotFetched."""
        found = self.folder
        if not (found / "test").is_dir():
            found.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=found.parent) as scratch:
                release = self._unpacked(self._downloaded(Path(scratch)), Path(scratch) / "release")
                with suppress(OSError):  # another process was faster
                    release.rename(found)
        return found

    def _downloaded(self, into: Path) -> Path:
        pinned = into / "requirements.txt"
        pinned.write_text(f"{self.name}=={self.version} --hash={self.hash}\n")
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
        which = ["--no-deps", "--no-binary", self.name, "--require-hashes", "--dest", str(into)]
        done = subprocess.run(
            [*pip, *which, "-r", str(pinned)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise NotFetched(done.stderr.strip()[-500:])
        return next(into.glob("*.tar.gz"))

    def _unpacked(self, archive: Path, into: Path) -> Path:
        """Its folders alone: beside Qiskit's tests lies a `qiskit` that is not built."""
        with tarfile.open(archive) as release:
            members = release.getmembers()
            top = members[0].name.partition("/")[0]
            wanted = tuple(f"{top}/{folder}/" for folder in self.folders)
            chosen = [each for each in members if each.name.startswith(wanted)]
            release.extractall(into, members=chosen, filter="data")
        return into / top


QISKIT = Release(
    "qiskit",
    "2.6.2",
    "sha256:b85b5f7b56700b864cc06dbfb33f01453a42024cf5ab954a0e0a275127ebd255",
    ("test",),
)
VERSION, fetched = QISKIT.version, QISKIT.fetched

if __name__ == "__main__":
    try:
        print(fetched())
    except NotFetched as error:
        sys.exit(f"Qiskit's tests could not be fetched: {error}")
