"""Make an environment and install locked packages and QuantumTask into it, with uv or with pip.

`make run` and `make test` call this file with the Python that the environment gets. It needs the
standard library alone.
"""

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

REQUIREMENTS = Path(__file__).parent.absolute()
PORTABLE_LOCK = REQUIREMENTS / "portable.lock"
PARSER = "qdk"
"""The package that the portable lock replaces: its wheels for Linux need GLIBC_OF_PARSER."""
GLIBC, GLIBC_OF_PARSER = (2, 28), (2, 35)
UV_SECONDS, PIP_SECONDS = 0.15, 0.7
"""Time for one package on two cores with a fast network, for the estimate that is printed."""

DOCKER = "Use the images instead: docker compose up --build"
NO_GLIBC = f"""\
This Linux has no glibc (Alpine has musl), for which the simulators have no packages.
{DOCKER}
Programs that only send circuits run here: pip install . (docs/start.md)"""
OLD_GLIBC = f"""\
This Linux has glibc {{version}}; QuantumTask needs {GLIBC[0]}.{GLIBC[1]} or newer.
{DOCKER}"""
NO_PARSER = """\
glibc {version} is older than {parser}: qdk has no package for it. The parser openqasm3 is
installed in its place; it reads large circuits more slowly (docs/dependencies.md)."""
INTEL_MAC = """\
PennyLane Lightning and qsim have no packages for Macs with Intel processors: state vectors run on
Qiskit Aer, which is slower."""
NO_PIP = """\
QuantumTask cannot make an environment: {python} has no module {module}.
Install it{command}, or install uv, and run make again."""


class Support(NamedTuple):
    """The packages that a machine can have.

    Attributes:
        error: Reason why the service cannot run; empty if it can.
        notice: Difference from other machines; empty if there is none.
        portable: True if the portable lock replaces the parser.
    """

    error: str = ""
    notice: str = ""
    portable: bool = False


def platform_support(system: str, processor: str, libc: str) -> Support:
    """Return the packages for a machine.

    Args:
        system: Name of the system, as `sys.platform` has it.
        processor: Name of the processor, as `os.uname` has it.
        libc: Name and version of the C library: `glibc 2.36`; empty without glibc.
    """
    if system == "darwin":
        return Support(notice=INTEL_MAC if processor == "x86_64" else "")
    if system != "linux":
        return Support()
    match = re.fullmatch(r"glibc (\d+)\.(\d+).*", libc)
    if not match:
        return Support(error=NO_GLIBC)
    version = (int(match[1]), int(match[2]))
    text = f"{version[0]}.{version[1]}"
    if version < GLIBC:
        return Support(error=OLD_GLIBC.format(version=text))
    if version < GLIBC_OF_PARSER:
        parser = f"{GLIBC_OF_PARSER[0]}.{GLIBC_OF_PARSER[1]}"
        return Support(notice=NO_PARSER.format(version=text, parser=parser), portable=True)
    return Support()


def c_library() -> str:
    """Return the name and the version of glibc; an empty text without glibc."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return ""


def venv_command(os_release: str, python: str) -> str:
    """Return the end of the sentence "Install it": the command for a distribution.

    Args:
        os_release: Content of /etc/os-release.
        python: Path of the interpreter.
    """
    names = " ".join(re.findall(r'^ID(?:_LIKE)?="?([^"\n]*)', os_release, re.MULTILINE)).split()
    if not {"debian", "ubuntu"} & set(names):
        return " (the package of your system is often named python3-venv)"
    is_default = Path(python).resolve() == Path("/usr/bin/python3").resolve()
    package = "python3-venv" if is_default else f"python3.{sys.version_info.minor}-venv"
    return f": sudo apt install {package}"


def entries(locks: Sequence[Path]) -> dict[str, str]:
    """Return the locked packages: name -> its lines."""
    found = {}
    for lock in locks:
        for text in re.split(r"\n(?=[A-Za-z0-9])", lock.read_text()):
            name, has_version, _ = text.partition("==")
            if has_version and not name.startswith("#"):
                found[name] = text
    return found


class Installer:
    """The installation of one environment."""

    def __init__(self, folder: Path, uv: str, compile_modules: bool) -> None:
        self.folder, self.uv, self.compile_modules = folder, uv, compile_modules
        self.python = folder / "bin/python"

    def prepare(self) -> None:
        """Make the environment, unless there is a complete one; leave none that is not complete."""
        if self.folder.exists() and not self._usable():
            say(f"Removing {self.folder}, which is not complete.")
            shutil.rmtree(self.folder)
        if self.folder.exists():
            return
        version = ".".join(map(str, sys.version_info[:3]))
        say(f"Making the environment {self.folder} with Python {version}, in a few seconds.")
        if not self.uv:
            self._check_venv()
        try:
            subprocess.run(self._creation(), check=True)
        except BaseException as error:  # and an interrupt by Ctrl-C
            shutil.rmtree(self.folder, ignore_errors=True)
            if isinstance(error, (subprocess.CalledProcessError, OSError)):
                refuse(f"The environment {self.folder} cannot be made: {error}")
            raise

    def _usable(self) -> bool:
        """Return True if the environment has a Python that is new enough, and pip."""
        check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
        try:
            return subprocess.run([self.python, "-c", check], capture_output=True).returncode == 0
        except OSError:
            return False

    def _check_venv(self) -> None:
        for module in ("venv", "ensurepip"):
            found = importlib.util.find_spec(module)
            if found is None or found.origin is None:
                release = Path("/etc/os-release")
                text = release.read_text() if release.exists() else ""
                command = venv_command(text, sys.executable)
                refuse(NO_PIP.format(python=sys.executable, module=module, command=command))

    def _creation(self) -> list[str]:
        if self.uv:
            return [
                self.uv,
                "venv",
                "--quiet",
                "--seed",
                "--python",
                sys.executable,
                str(self.folder),
            ]
        return [sys.executable, "-m", "venv", str(self.folder)]

    def install_packages(self, locks: Sequence[Path], portable: bool) -> None:
        """Install all packages of the locks, which lack none: nothing is resolved."""
        packages = entries(locks)
        if portable:
            packages.pop(PARSER, None)
            packages |= entries([PORTABLE_LOCK])
            locks = [self.folder / "portable.txt"]
            locks[0].write_text("\n".join(packages.values()))
        count = len(packages)
        seconds = count * (UV_SECONDS if self.uv else PIP_SECONDS)
        tool = "uv" if self.uv else "pip"
        say(f"Installing {count} packages with {tool}: about {seconds:.0f} s with a fast network.")
        arguments = ["--no-deps", "--require-hashes"]
        for lock in locks:
            arguments += ["-r", str(lock)]
        self._install(arguments, count)

    def install_project(self) -> None:
        """Install QuantumTask itself, as a link to its sources."""
        say("Installing QuantumTask itself.")
        self._install(["--no-deps", "--no-build-isolation", "-e", str(REQUIREMENTS.parent)], 0)

    def _install(self, arguments: list[str], count: int) -> None:
        if self.uv:
            quiet = [] if sys.stderr.isatty() and count else ["--quiet"]
            compilation = ["--compile-bytecode"] if self.compile_modules else []
            command = [self.uv, "pip", "install", *quiet, "--python", str(self.python)]
            if subprocess.run([*command, *compilation, *arguments]).returncode == 0:
                return
            say("uv cannot install the packages: see above. Trying pip, which has other settings.")
        compilation = [] if self.compile_modules else ["--no-compile"]
        command = [str(self.python), "-m", "pip", "--disable-pip-version-check", "install"]
        if run_pip([*command, *compilation, *arguments], count) != 0:
            refuse("The packages cannot be installed: see above. Then run make again.")


def run_pip(command: list[str], count: int) -> int:
    """Run pip and show the number of packages that it has; return its exit status."""
    done, shown = 0, time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as pip:
        assert pip.stdout
        for line in pip.stdout:
            if line.startswith("Collecting "):
                done += 1
                if done == count or time.monotonic() - shown > 3:
                    shown = time.monotonic()
                    say(f"  {done} of {count}: {line.split()[1].partition('=')[0]}")
            elif line.startswith("Installing collected packages") and count:
                say("  all packages are here; unpacking them")
    return pip.returncode


def say(text: str) -> None:
    """Print a text at once."""
    print(text, flush=True)


def refuse(text: str) -> NoReturn:
    """End with a text on standard error and exit status 1."""
    print(text, file=sys.stderr)
    sys.exit(1)


def main() -> None:
    """Install what the arguments name; exit status 1: it cannot be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of the environment")
    parser.add_argument("locks", type=Path, nargs="+", help="files of requirements/")
    parser.add_argument("--uv", default="", help="path of uv; empty: install with pip")
    parser.add_argument("--packages-only", action="store_true", help="leave QuantumTask as it is")
    parser.add_argument("--compile", action="store_true", help="compile all modules now")
    arguments = parser.parse_args()
    support = platform_support(sys.platform, os.uname().machine, c_library())
    if support.error:
        refuse(support.error)
    if support.notice:
        say(support.notice)
    start = time.monotonic()
    installer = Installer(arguments.folder, arguments.uv, arguments.compile)
    installer.prepare()
    installer.install_packages(arguments.locks, support.portable)
    if not arguments.packages_only:
        installer.install_project()
    say(f"Installed in {time.monotonic() - start:.0f} s.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
