"""The cores and the memory of this machine, or of its container."""

import os
from functools import cache
from pathlib import Path


@cache
def core_count() -> int:
    """Return the cores of this process: CPU affinity, or the container's quota if smaller."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    quota = _read("/sys/fs/cgroup/cpu.max").split()
    if len(quota) == 2 and quota[0].isdigit():
        cores = min(cores, max(1, int(quota[0]) // int(quota[1])))
    return cores


@cache
def machine_memory_bytes() -> int:
    """Return the memory of this machine in bytes, or the container's limit if smaller."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _read("/sys/fs/cgroup/memory.max").strip()
    return min(machine, int(limit)) if limit.isdigit() else machine


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
