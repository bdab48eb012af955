"""This machine: Python, memory for the slots, and the disk below the data folder."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from quantumtask.cli.doctor.line import Line, ok, problem, warning
from quantumtask.shared.settings import MIB, PREFIX, Settings, core_count, machine_memory_bytes
from quantumtask.version import __version__

SMALLEST_SLOT = 512 * MIB
"""A slot with its simulators loaded takes half of it."""
LITTLE_DISK, NO_DISK = 1024 * MIB, 64 * MIB
SHARED = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs"}
    | {"glusterfs", "vboxsf", "prl_fs", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone"}
)
"""File systems whose files other machines write too, or whose locks and maps are not shared."""
PASSING = {"tmpfs": "memory, and is gone after a restart", "overlay": "the container alone"}


def check(settings: Settings) -> Iterator[Line]:
    system = f"{platform.system()} {platform.machine()}"
    yield ok("version", f"QuantumTask {__version__}, Python {platform.python_version()}, {system}")
    yield from _slots(settings)
    yield from _data(settings)


def _slots(settings: Settings) -> Iterator[Line]:
    count, each, memory = settings.slot_count, settings.slot_memory_bytes, machine_memory_bytes()
    saw = f"{count} of {_size(each)} each; {core_count()} cores and {_size(memory)} of memory"
    if count * each > memory:
        advice = (
            f"Lower {PREFIX}SLOTS or {PREFIX}SLOT_MEMORY_MB: the kernel kills what is too much."
        )
        yield warning("slots", f"{saw}: more than there is", advice)
    elif each < SMALLEST_SLOT:
        yield warning("slots", saw, f"Lower {PREFIX}SLOTS: simulators alone fill half of that.")
    elif count > core_count():
        yield warning(
            "slots", saw, f"More slots than cores only wait for each other: {PREFIX}SLOTS."
        )
    else:
        yield ok("slots", saw)


def _data(settings: Settings) -> Iterator[Line]:
    """The folder, or the one it will be made in."""
    folder = settings.data_dir.absolute()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    files = [f for f in (there, *_files(settings)) if not os.access(f, os.R_OK | os.W_OK)]
    if not there.is_dir():
        yield problem("disk", f"{there} is not a folder", f"Set {PREFIX}DATA_DIR to one.")
        return
    for file in files:
        advice = f"chown it to the user of the services, or set {PREFIX}DATA_DIR."
        yield problem("disk", f"{file} cannot be read and written by this user", advice)
    yield from _room(there)
    if not settings.database:
        yield from _file_system(there)


def _files(settings: Settings) -> Iterator[Path]:
    file = settings.database_file
    for each in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
        with suppress(OSError):
            if each.exists():
                yield each


def _room(folder: Path) -> Iterator[Line]:
    free = shutil.disk_usage(folder).free
    saw, advice = f"{_size(free)} free at {folder}", "Make room: a full disk answers 503."
    if free < NO_DISK:
        yield problem("disk", saw, advice)
    elif free < LITTLE_DISK:
        yield warning("disk", saw, advice)
    else:
        yield ok("disk", saw)


def _file_system(folder: Path) -> Iterator[Line]:
    kind = file_system(folder, _mounts())
    move = f"Set {PREFIX}DATA_DIR to a folder on a disk of this machine"
    if kind in SHARED:
        saw = f"{folder} is on {kind}: SQLite's files get damaged there"
        yield problem("disk", saw, f"{move}, or use PostgreSQL: docs/how-to/cluster.md")
    elif kind in PASSING:
        yield warning("disk", f"{folder} is on {kind}: {PASSING[kind]}", f"{move}.")
    elif kind:
        yield ok("disk", f"{folder} is on {kind}")


def file_system(folder: Path, mounts: str) -> str:
    """The type of the file system that holds a folder, by the kernel's list; "" if unknown."""
    found, deepest = "", -1
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after:
            continue
        place = Path(fields[4].encode().decode("unicode_escape"))
        if folder.resolve().is_relative_to(place) and len(place.parts) >= deepest:
            found, deepest = after.split()[0], len(place.parts)
    return found


def _mounts() -> str:
    """Linux tells; elsewhere nobody is asked."""
    if sys.platform != "linux":
        return ""
    with suppress(OSError):
        return Path("/proc/self/mountinfo").read_text()
    return ""


def _size(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB" if size >= 1024**3 else f"{size / MIB:.0f} MiB"
