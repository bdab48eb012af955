"""The cores and the memory of this machine, or of its container."""

import os
from functools import cache
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


@cache
def core_count() -> int:
    """Return the cores of this process: CPU affinity, or the container's quota if smaller."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return min(cores, core_quota(CGROUP) or cores)


@cache
def machine_memory_bytes() -> int:
    """Return the memory of this machine in bytes, or the container's limit if smaller."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(machine, memory_limit_bytes(CGROUP) or machine)


def core_quota(cgroup: Path) -> int | None:
    """Return the whole cores that a control group may use, at least 1; None: no limit.

    Args:
        cgroup: The folder of the group, of version 2, or of version 1, which machines with an
            older systemd have.
    """
    quota = _read(cgroup / "cpu.max").split() or [
        *_read(cgroup / "cpu/cpu.cfs_quota_us").split(),
        *_read(cgroup / "cpu/cpu.cfs_period_us").split(),
    ]
    if len(quota) == 2 and quota[0].isdigit():
        return max(1, int(quota[0]) // int(quota[1]))
    return None


def memory_limit_bytes(cgroup: Path) -> int | None:
    """Return the memory that a control group may use, in bytes; None: no limit.

    Args:
        cgroup: The folder of the group, of version 2 or 1. Version 1 writes a number above all
            memory where there is no limit.
    """
    limit = _read(cgroup / "memory.max") or _read(cgroup / "memory/memory.limit_in_bytes")
    return int(limit) if limit.strip().isdigit() else None


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
