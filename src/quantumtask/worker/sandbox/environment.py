"""The environment variables of the processes that read circuits: those of a list, and no other."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

VARIABLES: Mapping[str, str] = {
    "PATH": "the interpreter finds its own folder with it",
    "HOME": "libraries that look for a file of the user fail without it",
    "TMPDIR": "the folder of the socket of the fork server",
    "LANG": "the encoding of texts",
    "LC_ALL": "the encoding of texts",
    "LC_CTYPE": "the encoding of texts; the interpreter may set it by itself",
    "TZ": "the times in messages",
    "VIRTUAL_ENV": "the folder of the packages",
    "PYTHONPATH": "folders of packages",
    "PYTHONHOME": "the folder of the standard library",
    "PYTHONDONTWRITEBYTECODE": "images have no place for compiled modules",
    "PYTHONPYCACHEPREFIX": "the folder of compiled modules",
    "PYTHONNOUSERSITE": "the folders of packages",
    "PYTHONUTF8": "the encoding of texts",
    "PYTHONFAULTHANDLER": "the search for the reason of a crash",
    "LD_LIBRARY_PATH": "folders of shared libraries, on machines with modules of software",
    "LD_PRELOAD": "another allocator",
    "MALLOC_ARENA_MAX": "the memory of the allocator",
    "OMP_NUM_THREADS": "the threads of a simulator",
    "OMP_WAIT_POLICY": "threads that wait do not spin",
    "OPENBLAS_NUM_THREADS": "one thread: a simulator has the threads of its plan",
    "RAYON_NUM_THREADS": "the threads of Qiskit",
    "NUMBA_CACHE_DIR": "the folder of compiled functions",
    "QISKIT_PARALLEL": "Qiskit starts no processes",
}
"""Variables that a simulator, the interpreter or the loader reads, with the purpose of each."""


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that reads circuits, from that of its parent."""
    return {name: value for name, value in environment.items() if name in VARIABLES}


def start_program(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:
    """Start a program for multiprocessing and return its process id.

    It is `multiprocessing.util.spawnv_passfds`, except that the program gets a reduced environment.
    Deleting variables later would leave their values in the memory of the process and in /proc.

    Args:
        path: The program.
        args: Its arguments, the first of which is its name.
        passfds: The open files that the program gets, besides standard input and output.
    """
    environment = child_environment(os.environ)
    process = subprocess.Popen(args, executable=path, pass_fds=passfds, env=environment)
    # multiprocessing waits for it. Python would warn when the object is deleted, at the latest at
    # the exit.
    process.returncode = 0
    return process.pid
