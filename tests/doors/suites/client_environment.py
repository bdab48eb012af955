"""Environments of the clients: `.venv-doors` has one for each list of packages."""

import hashlib
import shutil
import subprocess
import venv
from pathlib import Path

from tests.doors.suites.suite import ROOT, Suite

HOME = ROOT / ".venv-doors"
PYTEST = ("pytest>=9.1,<9.2", "pytest-timeout>=2.3", "pytest-xdist>=3.8,<4")


def create_environment(suite: Suite) -> Path:
    """Return the folder of programs of the client's environment, created at the first call."""
    packages = sorted({*suite.packages, *PYTEST})
    digest = hashlib.sha256("\n".join(packages).encode()).hexdigest()
    folder = HOME / f"{suite.name}-{digest[:8]}"
    stamp = folder / "done"
    if not stamp.is_file():
        print(f"Installing {suite.client} into {folder.relative_to(ROOT)}", flush=True)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([*_install_command(folder), *packages], check=True)
        stamp.touch()
    return folder / "bin"


def _install_command(folder: Path) -> list[str]:
    python = str(folder / "bin" / "python")
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--python", python]
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    return [*pip, "--no-compile"]
