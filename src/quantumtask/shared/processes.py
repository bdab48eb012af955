"""What a service asks of its own process: to end with its parent, to answer evenly."""

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

PR_SET_PDEATHSIG = 1


def kill_on_parent_death(death: signal.Signals, parent: int | None = None) -> None:
    """Has the kernel send this process `death` when the thread that started it ends; Linux only.

    `parent` is the process id that the parent had when it started us. If that one is gone already,
    the signal comes now, because the kernel only watches from here on.
    """
    if sys.platform != "linux":
        return
    expected = os.getppid() if parent is None else parent
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, int(death), 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    if os.getppid() != expected:
        os.kill(os.getpid(), death)


@contextmanager
def cpu_time_limit(seconds: float) -> Iterator[None]:
    """Ends this process by SIGPROF if what is inside takes more processor time than that.

    No loop in C can ignore the signal, and time in which the machine was busy elsewhere or asleep
    does not count. One inside another takes its place, and ends it as well.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def freeze_gc() -> None:
    """Has the garbage collector leave alone what is loaded by now; call it when all is ready.

    Walking through it all, again and again, would stop every thread for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def gc_paused() -> Iterator[None]:
    """No collection in here: each one would look at all the objects made so far, again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
