"""Qiskit's own tests, from its source release: fetched with pip, kept outside of the tree."""

import os
import subprocess
import sys
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path

VERSION = "2.6.2"
HASH = "sha256:b85b5f7b56700b864cc06dbfb33f01453a42024cf5ab954a0e0a275127ebd255"


class NotFetched(Exception):
    """pip could not fetch the release, or it is not the one that is pinned."""


def folder() -> Path:
    """Where the tests of the pinned release are; they may have to be fetched first."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "quantumtask" / f"qiskit-{VERSION}"


def fetched() -> Path:
    """The folder that holds the release's `test`. Raises NotFetched."""
    found = folder()
    if not (found / "test").is_dir():
        found.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=found.parent) as scratch:
            release = _unpacked(_downloaded(Path(scratch)), Path(scratch) / "release")
            with suppress(OSError):  # another process was faster
                release.rename(found)
    return found


def _downloaded(into: Path) -> Path:
    pinned = into / "requirements.txt"
    pinned.write_text(f"qiskit=={VERSION} --hash={HASH}\n")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    which = ["--no-deps", "--no-binary", "qiskit", "--require-hashes", "--dest", str(into)]
    done = subprocess.run(
        [*pip, *which, "-r", str(pinned)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotFetched(done.stderr.strip()[-500:])
    return next(into.glob("*.tar.gz"))


def _unpacked(archive: Path, into: Path) -> Path:
    """Its tests alone: beside them lies a `qiskit` that is not built."""
    with tarfile.open(archive) as release:
        top = f"qiskit-{VERSION}/test/"
        wanted = [each for each in release.getmembers() if each.name.startswith(top)]
        release.extractall(into, members=wanted, filter="data")
    return into / f"qiskit-{VERSION}"


if __name__ == "__main__":
    try:
        print(fetched())
    except NotFetched as error:
        sys.exit(f"Qiskit's tests could not be fetched: {error}")
