"""Check of this machine: Python, memory for the slots, and the disk of the data folder."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from quantumtask.cli.doctor.check_result import CheckResult, ok, problem, warning
from quantumtask.shared.machine import core_count, machine_memory_bytes
from quantumtask.shared.settings import MIB, PREFIX, Settings
from quantumtask.version import __version__

MIN_SLOT_BYTES = 512 * MIB
"""Smallest sensible slot: the simulators alone fill half of it."""
LOW_DISK_BYTES, MIN_DISK_BYTES = 1024 * MIB, 64 * MIB
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs"}
    | {"glusterfs", "vboxsf", "prl_fs", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone"}
)
"""File systems on which SQLite files get damaged: locks or memory maps are not shared."""
TEMPORARY_FILE_SYSTEMS = {
    "tmpfs": "memory, which a restart empties",
    "overlay": "a layer of the container, which ends with the container",
}


def check(settings: Settings) -> Iterator[CheckResult]:
    """Check versions, slots and the data folder."""
    system = f"{platform.system()} {platform.machine()}"
    yield ok("version", f"QuantumTask {__version__}, Python {platform.python_version()}, {system}")
    yield from _slots(settings)
    yield from _data(settings)


def _slots(settings: Settings) -> Iterator[CheckResult]:
    count, each, memory = settings.slot_count, settings.slot_memory_bytes, machine_memory_bytes()
    finding = f"{count} of {_size(each)} each; {core_count()} cores and {_size(memory)} of memory"
    if count * each > memory:
        advice = f"Lower {PREFIX}SLOTS or {PREFIX}SLOT_MEMORY_MB: the kernel kills slots beyond it."
        yield warning("slots", f"{finding}: more memory than the machine has", advice)
    elif each < MIN_SLOT_BYTES:
        yield warning(
            "slots", finding, f"Lower {PREFIX}SLOTS: the simulators alone fill half of a slot."
        )
    elif count > core_count():
        yield warning(
            "slots", finding, f"Lower {PREFIX}SLOTS: more slots than cores wait for each other."
        )
    else:
        yield ok("slots", finding)


def _data(settings: Settings) -> Iterator[CheckResult]:
    """Check the data folder, or the folder that it will be created in."""
    folder = settings.data_dir.absolute()
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    files = [f for f in (existing, *_files(settings)) if not os.access(f, os.R_OK | os.W_OK)]
    if not existing.is_dir():
        yield problem("disk", f"{existing} is not a folder", f"Set {PREFIX}DATA_DIR to a folder.")
        return
    for file in files:
        advice = f"Change its owner to the user of the services, or set {PREFIX}DATA_DIR."
        yield problem("disk", f"{file} cannot be read and written by this user", advice)
    yield from _free_space(existing)
    if not settings.database:
        yield from _file_system(existing)


def _files(settings: Settings) -> Iterator[Path]:
    file = settings.database_file
    for each in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
        with suppress(OSError):
            if each.exists():
                yield each


def _free_space(folder: Path) -> Iterator[CheckResult]:
    free = shutil.disk_usage(folder).free
    finding, advice = (
        f"{_size(free)} free at {folder}",
        "Free some space: with a full disk, submissions get 503.",
    )
    if free < MIN_DISK_BYTES:
        yield problem("disk", finding, advice)
    elif free < LOW_DISK_BYTES:
        yield warning("disk", finding, advice)
    else:
        yield ok("disk", finding)


def _file_system(folder: Path) -> Iterator[CheckResult]:
    kind = file_system(folder, _mounts())
    move = f"Set {PREFIX}DATA_DIR to a folder on a disk of this machine"
    if kind in NETWORK_FILE_SYSTEMS:
        finding = f"{folder} is on {kind}, which damages SQLite files"
        yield problem("disk", finding, f"{move}, or use PostgreSQL: docs/how-to/cluster.md")
    elif kind in TEMPORARY_FILE_SYSTEMS:
        yield warning("disk", f"{folder} is on {kind}: {TEMPORARY_FILE_SYSTEMS[kind]}", f"{move}.")
    elif kind:
        yield ok("disk", f"{folder} is on {kind}")


def file_system(folder: Path, mounts: str) -> str:
    """Return the type of the file system of a folder; an empty text if unknown.

    Args:
        folder: Existing folder.
        mounts: Content of /proc/self/mountinfo.
    """
    kind, deepest = "", -1
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after:
            continue
        mount_point = Path(fields[4].encode().decode("unicode_escape"))
        if folder.resolve().is_relative_to(mount_point) and len(mount_point.parts) >= deepest:
            kind, deepest = after.split()[0], len(mount_point.parts)
    return kind


def _mounts() -> str:
    """Return the kernel's list of mounts; an empty text on other systems than Linux."""
    if sys.platform != "linux":
        return ""
    with suppress(OSError):
        return Path("/proc/self/mountinfo").read_text()
    return ""


def _size(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB" if size >= 1024**3 else f"{size / MIB:.0f} MiB"
