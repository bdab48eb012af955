"""A wall clock that can be moved while processes use it; monotonic clocks are not moved."""

import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType


class Clock:
    """The wall clock of every process that is started with this `environment`."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="clock-"))
        self._folder.chmod(0o755)
        library = shutil.copy(_library(), self._folder)
        self._file = self._folder / "offset"
        self.move(0)
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def __enter__(self) -> "Clock":
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder)

    def move(self, seconds: int) -> None:
        """Set the difference from the true time."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}")
        new.replace(self._file)

    def now(self) -> float:
        """Return the time of the moved clock."""
        process = subprocess.run(
            ["date", "+%s"], env=self.environment, capture_output=True, check=True
        )
        return float(process.stdout)


def _library() -> Path:
    package = find_spec("libfaketime")  # not imported, because the import searches for a shell
    assert package and package.origin
    return Path(package.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"
