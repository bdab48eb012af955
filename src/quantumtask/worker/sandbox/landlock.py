"""Landlock: the files that a process may read. It may write none, and reach no other process.

The kernel's documentation: https://docs.kernel.org/userspace-api/landlock.html
"""

import os
import struct
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from quantumtask.shared.data_folder import home_folder
from quantumtask.worker.sandbox.kernel import call_kernel

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""Numbers of the system calls, the same on each kind of processor."""

_VERSION_FLAG = 1
_PATH_BENEATH = 1

_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""Rights to use files, by the version of Landlock that brought them."""
_NETWORK_RIGHTS = {4: 0b11}
"""Rights to bind and to connect TCP sockets."""
_SCOPES = {6: 0b11}
"""Abstract Unix sockets of other processes, and signals to them."""

SYSTEM_PATHS = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"),  # shared libraries
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"),  # and the places of those
    *("/etc/localtime", "/usr/share/zoneinfo"),
    *("/dev/null", "/dev/urandom", "/dev/random"),
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat"),
    "/proc/sys/vm/overcommit_memory",  # the allocator
    *("/sys/devices/system", "/sys/fs/cgroup"),  # cores, caches, and the limits of a container
)
"""Files and folders of the system that libraries read."""

_pinned: list[int] = []
"""Open files that keep the folder of this process in /proc the one that its rule names."""


def landlock_version() -> int:
    """Return the version of Landlock in this kernel; 0 if there is none."""
    with suppress(OSError):
        return call_kernel(CREATE_RULESET, 0, 0, _VERSION_FLAG)
    return 0


def forbid_files(private: Sequence[Path]) -> None:
    """Forbid this thread, and those that it starts, all files but those that libraries read.

    Args:
        private: Folders that no readable folder may contain, such as the data folder.
    """
    version = landlock_version()
    handled = [
        sum(right for since, right in rights.items() if since <= version)
        for rights in (_FILE_RIGHTS, _NETWORK_RIGHTS, _SCOPES)
    ]
    attributes = struct.pack("3Q", *handled)  # struct landlock_ruleset_attr
    ruleset = call_kernel(CREATE_RULESET, attributes, len(attributes), 0)
    for path in dict.fromkeys([*SYSTEM_PATHS, *map(str, library_folders(private))]):
        _allow_reading(ruleset, path)
    call_kernel(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def library_folders(private: Sequence[Path]) -> Iterator[Path]:
    """Yield the folders of Python's modules, without those that contain a private folder."""
    private = [folder.resolve() for folder in (*private, Path.cwd(), home_folder(os.environ))]
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    listed = [*(sysconfig.get_path(name) for name in names), *filter(None, sys.path)]
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    for folder in map(Path, (*listed, *filter(None, libraries))):
        resolved = folder.resolve()
        if not any(each.is_relative_to(resolved) for each in private):
            yield resolved
    yield Path(__file__).parents[2]  # of this package
    yield Path(sys.base_prefix, "lib")


def _allow_reading(ruleset: int, path: str) -> None:
    try:
        file = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # a machine has only some of the paths
    rights = _READ_FILE | (_READ_DIR if Path(path).is_dir() else 0)
    rule = struct.pack("=Qi", rights, file)  # struct landlock_path_beneath_attr
    call_kernel(ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    if path.startswith("/proc/self"):
        _pinned.append(file)  # the kernel could forget the folder, and make another one
    else:
        os.close(file)
