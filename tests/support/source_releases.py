"""Tests of other projects, from their source releases: pip downloads them into the user's cache."""

import os
import subprocess
import sys
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class DownloadError(Exception):
    """pip could not download the release, or its hash differs."""


class Release(NamedTuple):
    """Source release with its hash, and the folders that the tests need."""

    name: str
    version: str
    hash: str
    folders: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Place of the folders in the cache; `fetch` fills it."""
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return caches / "quantumtask" / f"{self.name}-{self.version}"

    def fetch(self) -> Path:
        """Return the folder that holds the folders of the release; download it at the first call.

        Raises:
            DownloadError: pip could not download the release.
        """
        folder = self.folder
        if not (folder / self.folders[0]).is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
                release = self._unpack(self._download(Path(scratch)), Path(scratch) / "release")
                with suppress(OSError):  # another process was faster
                    release.rename(folder)
        return folder

    def _download(self, into: Path) -> Path:
        requirements = into / "requirements.txt"
        requirements.write_text(f"{self.name}=={self.version} --hash={self.hash}\n")
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
        options = ["--no-deps", "--no-binary", self.name, "--require-hashes", "--dest", str(into)]
        done = subprocess.run(
            [*pip, *options, "-r", str(requirements)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise DownloadError(done.stderr.strip()[-500:])
        return next(into.glob("*.tar.gz"))

    def _unpack(self, archive: Path, into: Path) -> Path:
        """Extract only the folders: the release of Qiskit also has a `qiskit` that is not built."""
        with tarfile.open(archive) as release:
            members = release.getmembers()
            top = members[0].name.partition("/")[0]
            prefixes = tuple(f"{top}/{folder}/" for folder in self.folders)
            selection = [each for each in members if each.name.startswith(prefixes)]
            release.extractall(into, members=selection, filter="data")
        return into / top


QISKIT = Release(
    "qiskit",
    "2.6.2",
    "sha256:b85b5f7b56700b864cc06dbfb33f01453a42024cf5ab954a0e0a275127ebd255",
    ("test",),
)

if __name__ == "__main__":
    try:
        print(QISKIT.fetch())
    except DownloadError as error:
        sys.exit(f"Qiskit's tests could not be downloaded: {error}")
