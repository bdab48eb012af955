"""Control of the own process: death with the parent, processor time, files, garbage collector."""

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

PR_SET_PDEATHSIG = 1


def limit_library_threads(threads: int) -> None:
    """Set the variables that BLAS and OpenMP read in processes that start from now on.

    BLAS gets one thread: a simulator has the threads of its plan. The threads of OpenMP sleep while
    they wait, because busy waiting on cores with other processes makes a run several times as long.

    Args:
        threads: The largest number of threads of a simulator.
    """
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"


def kill_on_parent_death(death_signal: signal.Signals, parent: int | None = None) -> None:
    """Have the kernel send a signal to this process when its parent's thread ends; Linux only.

    The signal is sent at once if the parent has ended already, because the kernel watches only
    from this call on.

    Args:
        death_signal: The signal to send.
        parent: The process id of the parent at the start of this process; None: the current one.
    """
    if sys.platform != "linux":
        return
    expected = os.getppid() if parent is None else parent
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    if os.getppid() != expected:
        os.kill(os.getpid(), death_signal)


@contextmanager
def cpu_time_limit(seconds: float) -> Iterator[None]:
    """End this process by SIGPROF if the block takes more processor time than this.

    A signal also ends loops in C, and the time in which the machine runs other processes or sleeps
    does not count. An inner limit replaces the outer one, and ends the outer one too.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def keep_files_private() -> None:
    """Have this process create files that only its user can read: tasks may be confidential."""
    os.umask(0o077)


def freeze_gc() -> None:
    """Exclude all objects that exist now from garbage collection; call this after start-up.

    A full collection of them would stop every thread for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause the garbage collector: collections would visit all new objects again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
